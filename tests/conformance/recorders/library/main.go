// Records what the base CEL environment of a kube-apiserver 1.37 makes of expressions: type, value or error,
// estimated cost, cost. The input has one case a line as well, of which only the expression is read, so a
// recording can be made anew from itself.
//
//	go run . old.jsonl new.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/cel/library"
)

type record struct {
	Expression   string   `json:"expression"`
	CompileError string   `json:"compile_error,omitempty"`
	Type         string   `json:"type,omitempty"`
	Value        *string  `json:"value,omitempty"`
	Error        string   `json:"error,omitempty"`
	Estimate     []uint64 `json:"estimate,omitempty"`
	Cost         *uint64  `json:"cost,omitempty"`
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	in, err := os.Open(os.Args[1])
	check(err)
	out, err := os.Create(os.Args[2])
	check(err)
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	env := environment.MustBaseEnvSet(version.MajorMinor(1, 37)).StoredExpressionsEnv()
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var old record
		check(json.Unmarshal(scanner.Bytes(), &old))
		check(lines.Encode(observe(env, old.Expression)))
	}
	check(scanner.Err())
	check(out.Close())
}

func observe(env *cel.Env, expression string) record {
	r := record{Expression: expression}
	ast, issues := env.Compile(expression)
	if issues != nil && issues.Err() != nil {
		r.CompileError = issues.Err().Error()
		return r
	}
	r.Type = ast.OutputType().String()
	estimate, err := env.EstimateCost(ast, &library.CostEstimator{})
	check(err)
	r.Estimate = []uint64{estimate.Min, estimate.Max}
	program, err := env.Program(ast, cel.CostLimit(1000000))
	if err != nil {
		r.Error = "program: " + err.Error()
		return r
	}
	value, details, err := program.Eval(map[string]any{})
	if details != nil {
		r.Cost = details.ActualCost()
	}
	if err != nil {
		r.Error = err.Error()
		return r
	}
	text := show(value)
	r.Value = &text
	return r
}

// show writes a value in a form that needs no types: as CEL literals, maps in order of keys.
func show(value ref.Val) string {
	switch v := value.(type) {
	case types.String:
		text, err := json.Marshal(string(v))
		check(err)
		return string(text)
	case *types.Optional:
		if !v.HasValue() {
			return "optional.none()"
		}
		return "optional.of(" + show(v.GetValue()) + ")"
	case traits.Mapper:
		var entries []string
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			entries = append(entries, show(key)+": "+show(v.Get(key)))
		}
		sort.Strings(entries)
		return "{" + join(entries) + "}"
	case traits.Lister:
		var elements []string
		for it := v.Iterator(); it.HasNext() == types.True; {
			elements = append(elements, show(it.Next()))
		}
		return "[" + join(elements) + "]"
	case types.Bytes:
		return fmt.Sprintf("b%x", []byte(v))
	}
	if text, ok := value.ConvertToType(types.StringType).(types.String); ok {
		return string(text)
	}
	return value.Type().TypeName()
}

func join(parts []string) string {
	text := ""
	for i, part := range parts {
		if i > 0 {
			text += ", "
		}
		text += part
	}
	return text
}
