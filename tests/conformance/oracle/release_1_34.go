//go:build v1.34

package main

// restrictTo does nothing: 1.34 always picks the implementation by the features.
func restrictTo(string) {}

// failedOnNode is always false: every error of 1.34 ends the whole attempt.
func failedOnNode(error) bool { return false }
