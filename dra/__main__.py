"""`python -m dra` is the `dra` command."""

from dra.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
