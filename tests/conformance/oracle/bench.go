package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	resourceapi "k8s.io/api/resource/v1"
	"k8s.io/dynamic-resource-allocation/structured"
)

type cluster struct {
	Features features                     `json:"features"`
	Nodes    []*v1.Node                   `json:"nodes"`
	Slices   []*resourceapi.ResourceSlice `json:"slices"`
	Classes  classes                      `json:"classes"`
	Pods     []struct {
		Name   string                       `json:"name"`
		Claims []*resourceapi.ResourceClaim `json:"claims"`
	} `json:"pods"`
	Expect []placement `json:"expect"`
}

type placement struct {
	Pod     string      `json:"pod"`
	Node    *string     `json:"node"`
	Devices [][4]string `json:"devices"`
}

type speed struct {
	Nodes         int     `json:"nodes"`
	Pods          int     `json:"pods"`
	Placed        int     `json:"placed"`
	AsExpected    bool    `json:"as_expected"`
	Seconds       float64 `json:"seconds"`
	PodsPerSecond float64 `json:"pods_per_second"`
	Checks        int     `json:"checks"`
	Micros        float64 `json:"micros_per_check"`
	MicrosNoFit   float64 `json:"micros_per_check_no_fit"`
	MicrosFit     float64 `json:"micros_per_check_fit"`
	Allocator     string  `json:"allocator"`
}

// runBenchmark places the pods one after another as kube-scheduler does: a new allocator for each, nodes in
// order, the first that fits. Keeping the allocated state is not counted, nor is compiling selectors: the
// first pod is placed once before the clock starts.
func runBenchmark(out io.Writer, path string, limit time.Duration) error {
	c, err := readCluster(path)
	if err != nil {
		return err
	}
	if len(c.Pods) == 0 || len(c.Nodes) == 0 {
		return fmt.Errorf("%s holds no pods or no nodes", path)
	}
	if _, err := c.place(limit, 1); err != nil {
		return err
	}
	measured, err := c.place(limit, len(c.Pods))
	if err != nil {
		return err
	}
	return writeJSON(out, measured)
}

// readCluster reads a cluster file, gzipped if it is named so.
func readCluster(path string) (*cluster, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			return nil, err
		}
	}
	var c cluster
	return &c, json.NewDecoder(in).Decode(&c)
}

func (c *cluster) place(limit time.Duration, pods int) (speed, error) {
	result := speed{Nodes: len(c.Nodes), AsExpected: len(c.Expect) > 0}
	set := c.Features.allocator()
	cache := selectorCache(c.Features.cel())
	state := emptyState()
	var total, fit, noFit time.Duration
	for i, pod := range c.Pods[:pods] {
		if limit > 0 && total > limit {
			break
		}
		start := time.Now()
		allocator, err := structured.NewAllocator(context.Background(), set, state, c.Classes, c.Slices, cache)
		if err != nil {
			return result, err
		}
		total += time.Since(start)
		result.Allocator = implementation(allocator)
		placed := placement{Pod: pod.Name}
		for _, node := range c.Nodes {
			start := time.Now()
			allocations, err := allocator.Allocate(context.Background(), node, pod.Claims)
			elapsed := time.Since(start)
			if err != nil {
				return result, fmt.Errorf("%s on %s: %w", pod.Name, node.Name, err)
			}
			total += elapsed
			result.Checks++
			if allocations == nil {
				noFit += elapsed
				continue
			}
			fit += elapsed
			result.Placed++
			placed.Node = &node.Name
			placed.Devices = reserve(state, allocations, set.ConsumableCapacity)
			break
		}
		result.Pods++
		result.AsExpected = result.AsExpected && i < len(c.Expect) && placed.equals(c.Expect[i])
	}
	result.Seconds = total.Seconds()
	result.PodsPerSecond = float64(result.Pods) / total.Seconds()
	result.Micros = micros(fit+noFit, result.Checks)
	result.MicrosNoFit = micros(noFit, result.Checks-result.Placed)
	result.MicrosFit = micros(fit, result.Placed)
	return result, nil
}

// reserve takes the devices and lists them as request, driver, pool, device.
func reserve(state structured.AllocatedState, allocations []resourceapi.AllocationResult, consumableCapacity bool) [][4]string {
	var devices [][4]string
	for i := range allocations {
		addClaim(state, &allocations[i], consumableCapacity)
		for _, result := range allocations[i].Devices.Results {
			devices = append(devices, [4]string{result.Request, result.Driver, result.Pool, result.Device})
		}
	}
	return devices
}

func (p placement) equals(other placement) bool {
	if p.Node == nil || other.Node == nil {
		return p.Pod == other.Pod && p.Node == nil && other.Node == nil
	}
	return p.Pod == other.Pod && *p.Node == *other.Node && slices.Equal(p.Devices, other.Devices)
}

func micros(total time.Duration, count int) float64 {
	if count == 0 {
		return 0
	}
	return float64(total.Microseconds()) / float64(count)
}
