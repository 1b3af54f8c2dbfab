"""Lint: what the API server accepts and its author will regret.

A check is a function over everything that was given (`Given`), in a file with those of its theme. It yields
hints; the registry adds code and severity. `docs/lint.md` is the list of all checks.
"""
