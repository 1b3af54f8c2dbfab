package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	resourceapi "k8s.io/api/resource/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/dynamic-resource-allocation/cel"
	"k8s.io/dynamic-resource-allocation/structured"
	"k8s.io/utils/ptr"
)

const defaultTimeout = 10 * time.Second

type allocationCase struct {
	Features        features                     `json:"features"`
	Allocator       string                       `json:"allocator"`
	Classes         classes                      `json:"classes"`
	Slices          []*resourceapi.ResourceSlice `json:"slices"`
	Nodes           []*v1.Node                   `json:"nodes"`
	Node            *string                      `json:"node"`
	Claims          []*resourceapi.ResourceClaim `json:"claims"`
	Allocated       allocatedState               `json:"allocated"`
	AllocatedClaims []*resourceapi.ResourceClaim `json:"allocatedClaims"`
	Defaults        bool                         `json:"defaults"`
	TimeoutMS       float64                      `json:"timeout_ms"`
	Repeat          int                          `json:"repeat"`
}

// verdict is one call of Allocate. Results are nil when the claims do not fit.
type verdict struct {
	Results      []resourceapi.AllocationResult `json:"results"`
	Error        *string                        `json:"error"`
	FailedOnNode bool                           `json:"failed_on_node"`
	Panic        string                         `json:"panic,omitempty"`
	Timeout      bool                           `json:"timeout,omitempty"`
}

type nodeVerdict struct {
	Node string `json:"node"`
	verdict
}

// outcome is what the case asked for: one verdict, or one for each node.
type outcome struct {
	*verdict
	Nodes []nodeVerdict `json:"nodes,omitempty"`
}

type allocationAnswer struct {
	Allocator string `json:"allocator,omitempty"`
	outcome
	Invocations      *int64    `json:"invocations,omitempty"`
	Nondeterministic []outcome `json:"nondeterministic,omitempty"`
}

// answer runs the case, as often as it says: Go walks maps in random order, and in some implementations the
// answer depends on it. All distinct ones are given then.
func (c *allocationCase) answer() any {
	if c.Defaults {
		for _, claim := range c.Claims {
			setDefaults(claim)
		}
	}
	first := c.run()
	distinct := []outcome{first.outcome}
	for range c.Repeat {
		if again := c.run().outcome; !contains(distinct, again) {
			distinct = append(distinct, again)
		}
	}
	if len(distinct) > 1 {
		first.Nondeterministic = distinct
	}
	return first
}

func (c *allocationCase) run() allocationAnswer {
	allocator, err := c.newAllocator()
	if err != nil {
		return allocationAnswer{outcome: outcome{verdict: &verdict{Error: ptr.To(err.Error())}}}
	}
	answer := allocationAnswer{Allocator: implementation(allocator)}
	if c.Node != nil && *c.Node == "*" {
		for _, node := range c.Nodes {
			answer.Nodes = append(answer.Nodes, nodeVerdict{node.Name, c.allocate(allocator, node)})
		}
		return answer
	}
	answer.verdict = ptr.To(c.allocate(allocator, c.node()))
	answer.Invocations = invocations(allocator)
	return answer
}

// node is the one to allocate on, nil when the case names none.
func (c *allocationCase) node() *v1.Node {
	for _, node := range c.Nodes {
		if c.Node != nil && node.Name == *c.Node {
			return node
		}
	}
	return nil
}

func (c *allocationCase) newAllocator() (structured.Allocator, error) {
	restrictTo(c.Allocator)
	set := c.Features.allocator()
	state := emptyState()
	if err := c.Allocated.addTo(state); err != nil {
		return nil, err
	}
	for _, claim := range c.AllocatedClaims {
		addClaim(state, claim.Status.Allocation, set.ConsumableCapacity)
	}
	return structured.NewAllocator(context.Background(), set, state, c.Classes, c.Slices, selectorCache(c.Features.cel()))
}

func (c *allocationCase) allocate(allocator structured.Allocator, node *v1.Node) (v verdict) {
	timeout := defaultTimeout
	if c.TimeoutMS > 0 {
		timeout = time.Duration(c.TimeoutMS * float64(time.Millisecond))
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	defer func() {
		if reason := recover(); reason != nil {
			v = verdict{Panic: fmt.Sprint(reason)}
		}
	}()
	results, err := allocator.Allocate(ctx, node, c.Claims)
	if err != nil {
		return verdict{Error: ptr.To(err.Error()), FailedOnNode: failedOnNode(err), Timeout: errors.Is(err, context.DeadlineExceeded)}
	}
	renameShares(results)
	return verdict{Results: results}
}

// renameShares replaces the random share IDs by share-0, share-1, ... in order of appearance.
func renameShares(results []resourceapi.AllocationResult) {
	names := map[types.UID]*types.UID{}
	for i := range results {
		for j := range results[i].Devices.Results {
			result := &results[i].Devices.Results[j]
			if result.ShareID == nil {
				continue
			}
			if names[*result.ShareID] == nil {
				names[*result.ShareID] = ptr.To(types.UID(fmt.Sprintf("share-%d", len(names))))
			}
			result.ShareID = names[*result.ShareID]
		}
	}
}

func contains(known []outcome, o outcome) bool {
	text, _ := json.Marshal(o)
	return slices.ContainsFunc(known, func(other outcome) bool {
		otherText, _ := json.Marshal(other)
		return bytes.Equal(text, otherText)
	})
}

// classes looks device classes up as an informer's lister does, errors included.
type classes []*resourceapi.DeviceClass

func (c classes) List() ([]*resourceapi.DeviceClass, error) { return c, nil }

func (c classes) Get(name string) (*resourceapi.DeviceClass, error) {
	for _, class := range c {
		if class.Name == name {
			return class, nil
		}
	}
	return nil, apierrors.NewNotFound(resourceapi.Resource("deviceclass"), name)
}

// setDefaults does to a claim what the API server does when it is created.
func setDefaults(claim *resourceapi.ResourceClaim) {
	complete := func(mode *resourceapi.DeviceAllocationMode, count *int64) {
		if *mode == "" {
			*mode = resourceapi.DeviceAllocationModeExactCount
		}
		if *mode == resourceapi.DeviceAllocationModeExactCount && *count == 0 {
			*count = 1
		}
	}
	for i := range claim.Spec.Devices.Requests {
		request := &claim.Spec.Devices.Requests[i]
		if request.Exactly != nil {
			complete(&request.Exactly.AllocationMode, &request.Exactly.Count)
		}
		for j := range request.FirstAvailable {
			complete(&request.FirstAvailable[j].AllocationMode, &request.FirstAvailable[j].Count)
		}
	}
}

var caches = map[cel.Features]*cel.Cache{}

// selectorCache keeps compiled selectors across cases, as the scheduler does across pods.
func selectorCache(set cel.Features) *cel.Cache {
	if caches[set] == nil {
		caches[set] = cel.NewCache(1000, set)
	}
	return caches[set]
}

// implementation is stable, incubating or experimental: the package that the allocator's type is from.
func implementation(allocator structured.Allocator) string {
	name := fmt.Sprintf("%T", allocator)
	return strings.TrimPrefix(name[:strings.Index(name, ".")], "*")
}

// invocations counts how often the search went one step deeper, where the implementation counts that.
// The method's result is a type of an internal package, so it is looked up by name.
func invocations(allocator structured.Allocator) *int64 {
	method := reflect.ValueOf(allocator).MethodByName("GetStats")
	if !method.IsValid() {
		return nil
	}
	stats := reflect.Indirect(method.Call(nil)[0])
	if !stats.IsValid() {
		return nil
	}
	count := stats.FieldByName("NumAllocateOneInvocations")
	if !count.IsValid() {
		return nil
	}
	return ptr.To(count.Int())
}
