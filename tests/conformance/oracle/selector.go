package main

import (
	"context"
	"slices"

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

// evaluate runs the expression, as often as the case says: a macro over a map walks it in random order, and
// what it costs then varies.
func (c *selectorCase) evaluate(compiled cel.CompilationResult, answer *selectorAnswer) {
	device := cel.Device{
		Driver:                   c.Device.Driver,
		AllowMultipleAllocations: c.Device.AllowMultipleAllocations,
		Attributes:               c.Device.Attributes,
		Capacity:                 c.Device.Capacity,
	}
	var costs []uint64
	for range c.Repeat + 1 {
		matches, details, err := compiled.DeviceMatches(context.Background(), device)
		answer.Match, answer.EvalError = nil, nil
		if err != nil {
			answer.EvalError = ptr.To(err.Error())
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
	if len(costs) > 1 {
		slices.Sort(costs)
		answer.ActualCost, answer.ActualCostVaries = nil, costs
	}
}
