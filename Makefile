# Everything a developer does, each as one command. Needs Python 3.11 or newer, and make; nothing else.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

# Half of the time the tests wait, for servers and for what must not come: a core takes two workers.
# The tests of a file share what takes seconds to set up, a browser or a wheel, and stay together.
WORKERS ?= 4
BUILD ?= build
PARALLEL := --numprocesses=$(WORKERS) --dist=loadfile
PYTEST := $(BIN)/python -m pytest $(PARALLEL)

# pyright asks the package index for a newer version of itself unless told not to.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
# The theme prints a notice about its successor at every build.
export NO_MKDOCS_2_WARNING := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.demo ## Start the demo on 127.0.0.1 and print its address
	$(BIN)/python -m examples.demo

.PHONY: demo-check
demo-check: $(VENV)/.demo ## Run the demo's scenario with real clients and compare the outcome
	$(BIN)/python -m examples.demo --check

.PHONY: demo-cluster
demo-cluster: $(VENV)/.demo-cluster ## Start the demo as two processes with a Redis of their own
	$(BIN)/python -m examples.cluster_demo

.PHONY: demo-cluster-check
demo-cluster-check: $(VENV)/.demo-cluster ## Run the cluster's scenario, and stop Redis in it
	$(BIN)/python -m examples.cluster_demo --check

.PHONY: test
test: $(VENV)/.dev ## Run the tests in five minutes: each adapter behind one server
	$(PYTEST)

.PHONY: test-all
test-all: $(VENV)/.dev ## Run every test but the long ones; the core must be covered to its last branch
	$(PYTEST) -m 'not long' --cov --cov-report=
	@$(BIN)/python -m coverage report --include='core/*' --fail-under=100

.PHONY: test-long
test-long: $(VENV)/.dev ## Run the tests that take minutes
	$(BIN)/python -m pytest -m long --timeout=3600

.PHONY: test-pythons
test-pythons: $(VENV)/.dev ## Run the core's and the contract tests on every Python from 3.11 on
	$(BIN)/python -m tests.pythons --folder $(BUILD)/pythons $(PYTHONS) $(PARALLEL)

.PHONY: test-lowest
test-lowest: ## Run the packages' tests with the lowest versions that pyproject.toml allows
	$(PYTHON) -m venv --clear $(BUILD)/uv
	$(BUILD)/uv/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(BUILD)/uv/bin/uv venv --quiet --clear --python $(BUILD)/uv/bin/python $(BUILD)/lowest
	$(BUILD)/uv/bin/uv pip install --quiet --python $(BUILD)/lowest/bin/python \
	  --resolution lowest-direct --editable '.[all]' --group dev
	$(BUILD)/lowest/bin/python -m pytest $(PARALLEL) tests/core tests/contracts tests/adapters

.PHONY: coverage
coverage: test-all ## Run all tests and report the coverage of all three packages
	@$(BIN)/python -m coverage html --quiet
	@$(BIN)/python -m coverage report

.PHONY: check
check: $(VENV)/.dev ## Check format, style, types, architecture and documentation
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pyright --project pyproject.toml --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-logo
	$(BIN)/mkdocs --quiet build --strict

.PHONY: format
format: $(VENV)/.dev ## Format the code and mend what can be mended safely
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

.PHONY: docs
docs: $(VENV)/.dev ## Build the documentation into site/
	$(BIN)/mkdocs build --strict

.PHONY: bench
bench: $(VENV)/.dev ## Measure the short table against peers (under five minutes)
	$(BIN)/python -m benchmarks

.PHONY: bench-full
bench-full: $(VENV)/.dev ## Measure everything against peers
	$(BIN)/python -m benchmarks --full

.PHONY: clean
clean: ## Remove the virtual environment, caches and whatever was built
	rm -rf $(VENV) build benchmarks/build dist htmlcov site .benchmarks .coverage .coverage.* .hypothesis
	rm -rf .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One stamp per dependency group: set-up runs once, and again when pyproject.toml changes.
$(VENV)/.%: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo 'Gatecast needs Python 3.11 or newer; name one with PYTHON=...' >&2; exit 1; }
	@echo 'Setting up $(VENV) with the dependency group "$*"'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable . --group $*
	@touch $@
