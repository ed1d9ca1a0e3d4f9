# make test   style, types and tests                make demo    a whole run against the sandbox
# make thorough  the tests that `make test` leaves out: the same at more places
# make bench  seconds and memory, see bench/        make stale   which version bounds could be lifted (asks the registry)
#
# Both make .venv themselves; all that is needed is Python 3.11 or newer. PYTHON=… chooses one.

PYTHON ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

.PHONY: test lint types pytest thorough demo docs bench stale clean

test: lint types pytest

lint: .venv/.dev
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .

types: .venv/.dev
	$(BIN)/mypy

pytest: .venv/.dev
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

thorough: .venv/.dev
	$(BIN)/pytest -n 2 --dist loadfile -m thorough

demo: .venv/.installed
	$(BIN)/segsync demo

docs: .venv/.dev
	$(BIN)/python docs/generate.py
	SEGSYNC_WRITE_DOCS=1 $(BIN)/pytest tests/docs/test_operations.py

bench: .venv/.dev
	$(BIN)/python -m bench

stale: .venv/.dev
	$(BIN)/python .ci/stale.py

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(BIN)/python:
	@PYTHON="$(PYTHON)" .ci/make-venv

.venv/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing segsync into .venv; the first time takes a minute or two."
	@$(PIP) -e .
	@touch $@

.venv/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing segsync and its tools into .venv; the first time takes a minute or two."
	@$(PIP) -e '.[dev]'
	@touch $@ .venv/.installed
