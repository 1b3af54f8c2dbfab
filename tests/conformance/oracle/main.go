// Command oracle puts the Kubernetes scheduler's own allocator and CEL compiler behind JSON Lines.
//
// It reads one case a line from standard input and writes one answer a line, in the same order, to standard
// output. The formats are described in ../README.md. A case with an "expression" is a CEL case, any other an
// allocation case.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

func main() {
	bench := flag.String("bench", "", "place the pods of this cluster `file` (JSON) and print the speed as JSON")
	limit := flag.Duration("limit", 0, "with -bench: stop after this long (0: place every pod)")
	info := flag.Bool("info", false, "print the versions this program was built from as JSON")
	flag.Parse()

	var err error
	switch {
	case *info:
		err = writeJSON(os.Stdout, versions())
	case *bench != "":
		err = runBenchmark(os.Stdout, *bench, *limit)
	default:
		err = answerAll(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

// answerAll answers every case, flushing after each so that a caller can converse line by line.
func answerAll(in io.Reader, out io.Writer) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	answers := bufio.NewWriter(out)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 1 {
			if err := writeJSON(answers, answer(line)); err != nil {
				return err
			}
			if err := answers.Flush(); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// unreadable is the answer to a case that does not decode into the API's types.
type unreadable struct {
	InvalidCase string `json:"invalid_case"`
}

func answer(line []byte) any {
	var kind struct {
		Expression *string `json:"expression"`
	}
	if err := json.Unmarshal(line, &kind); err != nil {
		return unreadable{err.Error()}
	}
	if kind.Expression != nil {
		var c selectorCase
		if err := json.Unmarshal(line, &c); err != nil {
			return unreadable{err.Error()}
		}
		return c.answer()
	}
	var c allocationCase
	if err := json.Unmarshal(line, &c); err != nil {
		return unreadable{err.Error()}
	}
	return c.answer()
}

// versions maps each Kubernetes and CEL module in this binary to its version.
func versions() map[string]string {
	found := map[string]string{}
	if build, ok := debug.ReadBuildInfo(); ok {
		found["go"] = build.GoVersion
		for _, module := range build.Deps {
			switch module.Path {
			case "k8s.io/dynamic-resource-allocation", "k8s.io/api", "k8s.io/apimachinery", "k8s.io/apiserver", "github.com/google/cel-go":
				found[module.Path] = module.Version
			}
		}
	}
	return found
}

func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
