# From a fresh clone, with Python 3.11 or newer and make: `make demo`, `make test`.

PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-all test-wheel test-frameworks check fix docs packs bench bench-quick clean

## demo: a multi-agent run, written with the library, then tailed, filtered, traced and validated
demo: $(READY)
	@$(BIN)/python examples/demo.py

## test: lint, types, generated files, tests (what CI runs)
test: check
	$(BIN)/python -m pytest -q -n auto --dist loadfile -m "not slow and not root and not wheel"

## test-all: every test, the slow ones and those that need root too, and the built wheel
test-all: check
	HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -q

## test-wheel: build wheel and sdist, install each in an empty environment, run the tests there
test-wheel: $(READY)
	$(BIN)/python -m pytest -q -m wheel tests/wheel

## test-frameworks: each adapter with its real framework, in an environment of its own (FRAMEWORKS="langchain mcp" for some)
test-frameworks: $(READY)
	PYTHON=$(PYTHON) tests/adapters/frameworks.sh $(FRAMEWORKS)

## check: formatting, lint, types, generated files
check: $(READY)
	$(BIN)/ruff format --check --quiet src tests bench examples
	$(BIN)/ruff check --quiet src tests bench examples
	$(BIN)/mypy --no-error-summary
	$(BIN)/python -m auditlog_cli.cli.generate --check

## fix: what tools can mend
fix: $(READY)
	$(BIN)/ruff format --quiet src tests bench examples
	$(BIN)/ruff check --quiet --fix src tests bench examples

## docs: regenerate what comes from the code
docs: $(READY)
	$(BIN)/python -m auditlog_cli.cli.generate

## packs: the shipped rules, precompiled from their YAML
packs: $(READY)
	$(BIN)/python -m auditlog_cli.cli.generate

## bench: every table of docs/performance.md, beside named peers: long (ONLY="check redact" for some, QUICK=1 to look and not write)
bench: $(READY)
	$(BIN)/python bench/run.py $(if $(QUICK),--quick) $(ONLY)

## bench-quick: ratios to a reference loop, beside those in bench/quick.json: for information (RECORD=1 keeps the present ones)
bench-quick: $(READY)
	$(BIN)/python bench/quick.py $(if $(RECORD),--record)

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .frameworks demo

$(READY): pyproject.toml Makefile
	@test -n "$(PYTHON)" || { echo "auditlog: Python 3.11 or newer is needed (python3 --version)" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		echo "auditlog: Python cannot make a virtual environment here (on Debian: apt install python3-venv)" >&2; exit 1; }
	@echo "setting up $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@
