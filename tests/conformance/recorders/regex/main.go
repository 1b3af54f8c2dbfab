// Records what Go's regexp package makes of many patterns and texts.
//
//	go run . cases.jsonl unicode.json
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
)

type result struct {
	Text  string   `json:"text"`
	Match bool     `json:"match"`
	Find  string   `json:"find"`
	All   []string `json:"all"`
}

type record struct {
	Pattern string   `json:"pattern"`
	Error   string   `json:"error,omitempty"`
	Results []result `json:"results,omitempty"`
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: recorder CASES.jsonl UNICODE.json")
		os.Exit(2)
	}
	writeTables(os.Args[2])
	file, err := os.Create(os.Args[1])
	check(err)
	out := bufio.NewWriter(file)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	seen := map[string]bool{}
	for _, c := range cases() {
		if !seen[c.pattern] {
			seen[c.pattern] = true
			check(lines.Encode(observe(c.pattern, c.texts)))
		}
	}
	check(out.Flush())
	check(file.Close())
}

func observe(pattern string, texts []string) record {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return record{Pattern: pattern, Error: err.Error()}
	}
	r := record{Pattern: pattern}
	for _, text := range texts {
		all := re.FindAllString(text, -1)
		if all == nil {
			all = []string{}
		}
		r.Results = append(r.Results, result{text, re.MatchString(text), re.FindString(text), all})
	}
	return r
}
