"""The libraries of functions that an expression may call, one file each."""
