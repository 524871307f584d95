# Everything from a machine with only Python (3.11 or later) and make:
#   make run         set up, then the demonstration: every line computed live (about two minutes)
#   make up          set up, then the hub on this machine: its address is printed
#   make test        set up, then every check and test but the long ones, with the seconds of each part
#   make test-fast   what is quick of them, a minute or two: while working on the library
#   make test-long   the long ones: servers killed, PostgreSQL, every page in every guise
#   make setup       only set up, into .venv
# Another Python: make run PYTHON=python3.12

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input
# The lock's hashes are the only authority: a package is the one that was tested, or it is refused.
LOCKED := $(PIP) install --quiet --require-hashes --only-binary=:all:

export OMP_NUM_THREADS ?= 1

.PHONY: help setup run up test test-fast test-long check format lock clean

help:
	@sed -n '1,/^$$/s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

setup: $(VENV)/.ready

run: $(VENV)/.ready
	$(BIN)/dure demo

up: $(VENV)/.ready
	$(BIN)/dure up

test: $(VENV)/.ready-to-test
	$(BIN)/python tools/parts.py

test-fast: $(VENV)/.ready-to-test
	$(BIN)/python tools/parts.py fast

test-long: $(VENV)/.ready-to-test
	$(BIN)/python tools/parts.py long

check: $(VENV)/.ready-to-test
	$(BIN)/python tools/parts.py check

format: $(VENV)/.ready-to-test
	$(BIN)/ruff check --fix --exit-zero --quiet .
	$(BIN)/ruff format .
	$(BIN)/ruff check .

# --- set-up: three stamps, each redone only when what it was made from has changed ------------------------------------

$(VENV)/.made:
	@$(PYTHON) tools/python_fits.py
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.ready: $(VENV)/.made requirements.lock pyproject.toml
	@echo "installing what running needs (requirements.lock, once: a minute or two)"
	@$(LOCKED) -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.ready-to-test: $(VENV)/.ready requirements-dev.lock
	@echo "installing what the tests need (requirements-dev.lock)"
	@$(LOCKED) -r requirements-dev.lock
	@touch $@

# --- for those who change the dependencies (needs uv): the locks name no index, so any index or mirror serves ---------

COMPILE := uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" pyproject.toml

lock:
	$(COMPILE) --extra all --group build -o requirements.lock
	$(COMPILE) -c requirements.lock -o requirements-core.lock
	$(COMPILE) --extra all --group build --group dev -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
