# Everything runs in .venv, made on first use. `make PYTHON=python3.12 test` picks another interpreter.

PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/ready
ENGINES := .venv/engines
# What is never imported need not be compiled.
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --editable

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test slow conformance check format bench bench-full clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    judge the KPIs of examples/atelier"
	@echo "make test    run the tests"
	@echo "make slow    run the tests that take their time: a PostgreSQL server, signals, crashes, large random tests"
	@echo "make conformance  ask every engine the same questions: PostgreSQL, Spark (needs Java), ClickHouse"
	@echo "make check   check style, types and layers"
	@echo "make format  format the code"
	@echo "make bench   run small benchmarks, in some minutes; make bench-full runs all, in about an hour"
	@echo "make clean   remove .venv and the caches"

demo: $(READY)
	@echo "Judging the KPIs of examples/atelier, as of the date in its kpi.toml: kpi eval examples/atelier"
	@$(BIN)/kpi eval examples/atelier

test: $(READY)
	@$(BIN)/python -m pytest -n auto

slow: $(READY)
	@$(BIN)/python -m pytest -n auto -m slow

# Apart, for a process can hold one ClickHouse only.
conformance: $(ENGINES)
	@$(BIN)/python -m pytest -m engines tests/conformance
	@$(BIN)/python -m pytest -m engines tests/evaluate

check: $(ENGINES)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(READY)
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

bench: $(READY)
	@$(BIN)/python -m benchmarks small

bench-full: $(READY)
	@$(INSTALL) '.[bench]'
	@$(BIN)/python -m benchmarks report

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# The stamp is touched last: an installation that was interrupted is done again.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "kpidsl needs Python 3.11 or newer, and $(PYTHON) is not: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "Installing kpidsl and its tools into .venv (once)"
	@$(PYTHON) -m venv .venv
	@$(INSTALL) '.[dev]'
	@touch $@

$(ENGINES): $(READY)
	@echo "Installing Spark and ClickHouse into .venv (once)"
	@$(INSTALL) '.[spark,clickhouse]'
	@touch $@
