"""The API server's rules and defaults as plain functions."""
