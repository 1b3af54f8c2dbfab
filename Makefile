# `make demo` and `make test` set up what they need in .venv and run on a fresh machine.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: integration demo test lint type layers docstrings unit docs pyright bench release-check audit oracle live launchers \
	pictures links vectors fuzz clean
.DEFAULT_GOAL := test

$(VENV)/bin/python:
	@echo "Setting up $(VENV), once ..."
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --upgrade pip

# Two set-ups: the demo needs the library and its command line only, the checks need everything.
$(VENV)/.cli: pyproject.toml | $(VENV)/bin/python
	@$(INSTALL) --editable '.[cli]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the checks need into $(VENV) ..."
	@$(INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.cli

demo: $(VENV)/.cli
	@echo "\$$ dra allocate -f examples/dgx-h100"; echo; \
	 $(BIN)/dra allocate -f examples/dgx-h100; status=$$?; \
	 if [ $$status -ne 1 ]; then exit $$status; fi; \
	 echo "(exit status 1, since one claim does not fit: that is the demo's point)"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

docstrings: $(VENV)/.dev
	$(BIN)/interrogate --quiet dra

unit: $(VENV)/.dev
	$(BIN)/pytest --numprocesses auto --dist loadfile --cov --cov-report=term:skip-covered

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

test: lint type layers docstrings unit docs

# The second type checker over the library, two minutes. Its npm package is fetched when it first runs.
pyright: $(VENV)/.dev
	$(BIN)/pyright --pythonpath $(BIN)/python

# All benchmarks one after another into docs/benchmarks.md: `make bench`, small sizes with `make bench QUICK=1`, some
# with `make bench ONLY="quantity cel_eval"`, the replays of a trace with DRA_OPENB=folder. On a machine with nothing
# else to do.
bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(ONLY)

# The sdist and the wheel in clean environments of every Python here; `KEEP=folder` keeps them.
release-check: $(VENV)/.dev
	$(BIN)/python -m tests.release.check $(if $(KEEP),--keep $(KEEP))

# Known vulnerabilities of what is installed; a package that cannot be looked up fails it, too.
audit: $(VENV)/.dev
	$(BIN)/pip-audit --strict --skip-editable --progress-spinner off

# The pictures of the documentation, and what a browser makes of pictures (needs Debian's chromium).
pictures: $(VENV)/.dev
	$(BIN)/python examples/pictures/make.py docs/images
	$(BIN)/pytest -m browser

# Whether the addresses in the documentation answer; this needs the network.
links: $(VENV)/.dev
	$(BIN)/python -m tests.links

# Kubernetes' own allocator and CEL compiler beside ours; these need Go.
oracle: $(VENV)/.dev
	$(BIN)/python -m tests.conformance.oracle

live: $(VENV)/.dev
	DRA_LIVE=1 $(BIN)/pytest -m go

# A real control plane, built once from Kubernetes' Go modules (minutes) and started on loopback. Another minor:
# DRA_TEST_KUBERNETES=1.36; binaries at hand: DRA_TEST_BINARIES=folder.
integration: $(VENV)/.dev
	$(BIN)/pytest -m integration tests/integration

# The launchers' own packages, one environment each (gigabytes): `make launchers`, or some: `make launchers ONLY=hera`.
launchers: $(VENV)/.dev
	$(BIN)/python -m tests.launchers.run $(ONLY)

# Ten minutes of random expressions against the CEL engine.
fuzz: $(VENV)/.dev
	$(BIN)/python -m tests.property.fuzz_cel --seconds 600

vectors: $(VENV)/.dev
	$(BIN)/python -m tests.conformance.record

clean:
	rm -rf $(VENV) .venv-launchers .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage site build dist
