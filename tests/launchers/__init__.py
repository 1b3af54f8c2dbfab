"""Examples of examples/launchers/ against the launchers' own types: `make launchers`."""
