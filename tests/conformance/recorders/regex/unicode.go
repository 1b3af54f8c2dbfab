package main

import (
	"encoding/json"
	"os"
	"regexp"
	"regexp/syntax"
	"unicode"
)

// tables is what the matcher needs of Unicode: each class that \p{...} can name, and the orbits of
// simple case folding. Ranges are flat lists of differences: start minus the previous end, length.
type tables struct {
	Version string            `json:"version"`
	Classes map[string][]int  `json:"classes"`
	Aliases map[string]string `json:"aliases"`
	Folds   [][]rune          `json:"folds"`
}

func writeTables(path string) {
	out := tables{Version: unicode.Version, Classes: map[string][]int{}, Aliases: map[string]string{}}
	for name := range unicode.Categories {
		out.addClass(name, name)
	}
	for name := range unicode.Scripts {
		out.addClass(name, name)
	}
	for alias, name := range unicode.CategoryAliases {
		out.addClass(alias, name)
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		orbit := []rune{r}
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			orbit = append(orbit, f)
		}
		if len(orbit) > 1 && smallest(orbit) == r {
			out.Folds = append(out.Folds, orbit)
		}
	}
	data, err := json.Marshal(out)
	check(err)
	check(os.WriteFile(path, data, 0o644))
}

func smallest(runes []rune) rune {
	least := runes[0]
	for _, r := range runes {
		least = min(least, r)
	}
	return least
}

// addClass keeps what regexp itself makes of the name; names that it refuses are left out.
func (t *tables) addClass(name, same string) {
	if _, err := regexp.Compile(`\p{` + name + `}`); err != nil {
		return
	}
	if name != same {
		t.Aliases[name] = same
		return
	}
	parsed, err := syntax.Parse(`\p{`+name+`}`, syntax.Perl)
	check(err)
	runes := parsed.Rune
	if parsed.Op == syntax.OpLiteral {
		runes = []rune{runes[0], runes[0]}
	}
	flat, end := []int{}, 0
	for i := 0; i < len(runes); i += 2 {
		low, high := int(runes[i]), int(runes[i+1])
		flat = append(flat, low-end, high-low)
		end = high
	}
	t.Classes[name] = flat
}
