"""For tests: nodes and devices as real machines have them."""
