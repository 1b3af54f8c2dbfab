package main

import (
	"context"
	"slices"
	"time"

	resourceapi "k8s.io/api/resource/v1"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/dynamic-resource-allocation/cel"
	"k8s.io/utils/ptr"
)

type selectorCase struct {
	Expression string         `json:"expression"`
	Device     selectorDevice `json:"device"`
	Features   features       `json:"features"`
	EnvType    string         `json:"envType"`
	Repeat     int            `json:"repeat"`
}

type selectorDevice struct {
	Driver                   string                                                    `json:"driver"`
	AllowMultipleAllocations *bool                                                     `json:"allowMultipleAllocations"`
	Attributes               map[resourceapi.QualifiedName]resourceapi.DeviceAttribute `json:"attributes"`
	Capacity                 map[resourceapi.QualifiedName]resourceapi.DeviceCapacity  `json:"capacity"`
}

type selectorAnswer struct {
	CompileError     *string  `json:"compile_error"`
	CompileErrorType string   `json:"compile_error_type,omitempty"`
	Match            *bool    `json:"match"`
	EvalError        *string  `json:"eval_error"`
	EvalErrorVaries  []string `json:"eval_error_varies,omitempty"`
	ActualCost       *uint64  `json:"actual_cost,omitempty"`
	ActualCostVaries []uint64 `json:"actual_cost_varies,omitempty"`
	OutputType       string   `json:"output_type,omitempty"`
	MaxCost          uint64   `json:"max_cost"`
	ExceedsMaxCost   bool     `json:"exceeds_max_cost"`
}

type compiler interface {
	CompileCELExpression(expression string, options cel.Options) cel.CompilationResult
}

var compilers = map[cel.Features]compiler{}

// compilerFor keeps one compiler per feature set; the package itself remembers only the last.
func compilerFor(set cel.Features) compiler {
	if compilers[set] == nil {
		compilers[set] = cel.GetCompiler(set)
	}
	return compilers[set]
}

func (c *selectorCase) answer() any {
	envType := environment.StoredExpressions
	if c.EnvType == "new" {
		envType = environment.NewExpressions
	}
	compiled := compilerFor(c.Features.cel()).CompileCELExpression(c.Expression, cel.Options{EnvType: &envType})
	answer := selectorAnswer{MaxCost: compiled.MaxCost}
	if compiled.Error != nil {
		answer.CompileError = ptr.To(compiled.Error.Detail)
		answer.CompileErrorType = string(compiled.Error.Type)
		return answer
	}
	answer.OutputType = compiled.OutputType.String()
	answer.ExceedsMaxCost = compiled.MaxCost > resourceapi.CELSelectorExpressionMaxCost
	c.evaluate(compiled, &answer)
	return answer
}

// enough is how long one expression is repeated: some run into the cost limit, a tenth of a second each time.
const enough = 5 * time.Millisecond

// evaluate runs the expression, as often as the case says: Go walks maps in random order, so what a macro over
// a map costs varies, and so does which of several unusable attributes an error names.
func (c *selectorCase) evaluate(compiled cel.CompilationResult, answer *selectorAnswer) {
	device := cel.Device{
		Driver:                   c.Device.Driver,
		AllowMultipleAllocations: c.Device.AllowMultipleAllocations,
		Attributes:               c.Device.Attributes,
		Capacity:                 c.Device.Capacity,
	}
	var costs []uint64
	var errors []string
	started := time.Now()
	for again := 0; again <= c.Repeat && (again == 0 || time.Since(started) < enough); again++ {
		matches, details, err := compiled.DeviceMatches(context.Background(), device)
		answer.Match, answer.EvalError = nil, nil
		if err != nil {
			answer.EvalError = ptr.To(err.Error())
			if !slices.Contains(errors, *answer.EvalError) {
				errors = append(errors, *answer.EvalError)
			}
		} else {
			answer.Match = &matches
		}
		if details == nil || details.ActualCost() == nil {
			continue
		}
		answer.ActualCost = details.ActualCost()
		if !slices.Contains(costs, *answer.ActualCost) {
			costs = append(costs, *answer.ActualCost)
		}
	}
	if len(errors) > 1 {
		slices.Sort(errors)
		answer.EvalErrorVaries = errors
	}
	if len(costs) > 1 {
		slices.Sort(costs)
		answer.ActualCost, answer.ActualCostVaries = nil, costs
	}
}
