# Only make and Python 3.11+ are assumed; everything else comes from the lock files.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast check format lint types arrows lab bench lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP) ## install everything from the lock files into .venv

$(STAMP): requirements-dev.lock requirements-uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Watchbill needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make setup PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@echo "Installing the locked packages into $(VENV) ..."
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --require-hashes -r requirements-dev.lock
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib src || true  # once now, instead of in every process that starts
	@touch $(STAMP)

demo: $(STAMP) ## the whole product on embedded PostgreSQL, with a story that plays by itself
	@$(BIN)/watchbill demo

test: $(STAMP) ## everything the tests need, then the tests
	@$(BIN)/pytest -n auto --dist loadfile

test-fast: $(STAMP) ## rules, stories and sources only, a minute
	@$(BIN)/pytest -n auto --dist loadfile tests/rules tests/stories tests/sources

check: format lint types arrows test ## what CI runs

format: $(STAMP)
	@$(BIN)/ruff format --check src tests benchmarks tools/*.py

lint: $(STAMP)
	@$(BIN)/ruff check src tests benchmarks tools/*.py

types: $(STAMP)
	@$(BIN)/mypy

arrows: $(STAMP)
	@$(BIN)/lint-imports

lab: ## what the full suite needs (Debian): Chromium, Alertmanager, PostgreSQL, PgBouncer, Synapse
	@PYTHON=$(PYTHON) ./tools/lab

bench: $(STAMP) ## measure speed and memory, print one table, write benchmarks/results/
	@$(BIN)/python -m benchmarks

lock: ## make the lock files anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate requirements-uv.in -o requirements-uv.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate requirements-lab.in -o requirements-lab.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --group dev -o requirements-dev.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -c requirements-dev.lock pyproject.toml -o requirements.lock

clean: ## remove what was installed and made here, except data
	@rm -rf $(VENV) .lab .mypy_cache .ruff_cache .import_linter_cache
