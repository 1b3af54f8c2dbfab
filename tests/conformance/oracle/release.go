//go:build !v1.34

package main

import (
	"errors"

	"k8s.io/dynamic-resource-allocation/structured"
)

// restrictTo lets only the named implementation be picked; "auto" or nothing leaves the choice to the features.
func restrictTo(implementation string) {
	if implementation == "" || implementation == "auto" {
		structured.EnableAllocators()
		return
	}
	structured.EnableAllocators(implementation)
}

// failedOnNode tells an error that rules out one node from one that ends the whole attempt.
func failedOnNode(err error) bool {
	return errors.Is(err, structured.ErrFailedAllocationOnNode)
}
