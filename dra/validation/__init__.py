"""The API server's rules and defaults as plain functions, and lint on top of them."""
