# `make demo` and `make test` set up what they need in .venv and run on a fresh machine.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test lint type layers unit docs oracle live vectors clean
.DEFAULT_GOAL := test

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip

# Two set-ups: the demo needs the library and its command line only, the checks need everything.
$(VENV)/.cli: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cli]'
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.cli

demo: $(VENV)/.cli
	@$(BIN)/dra allocate -f examples/dgx-h100; status=$$?; \
	 if [ $$status -eq 1 ]; then echo; echo "(exit status 1: one claim was refused, as the demo intends)"; \
	 else exit $$status; fi

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

type: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

unit: $(VENV)/.dev
	$(BIN)/pytest --cov --cov-report=term:skip-covered

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

test: lint type layers unit docs

# Kubernetes' own allocator and CEL compiler beside ours; these need Go.
oracle: $(VENV)/.dev
	$(BIN)/python -m tests.conformance.oracle

live: $(VENV)/.dev
	DRA_LIVE=1 $(BIN)/pytest -m go

vectors: $(VENV)/.dev
	$(BIN)/python -m tests.conformance.record

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage site build dist
