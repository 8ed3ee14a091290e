# make demo   forecasts real weather and writes gatelet-demo/
# make test   style, types and tests
# make sanitize   the C++ kernels under the address, undefined-behaviour and thread sanitizers
# make fuzz SECONDS=600   damaged folders, states and files, under sanitizers; needs clang 14 and atheris
# make toolchains   compilers and emulators for other cores, from apt, for the tests of the C runtime; never fails
# The first two need only Python 3.11, 3.12 or 3.13 and make their own .venv; choose another with PYTHON=... or VENV=...

VENV ?= .venv
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' >/dev/null 2>&1 && { echo $$p; break; }; done)
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PROJECT := pyproject.toml constraints.txt CMakeLists.txt $(shell find native runtime -name '*.cpp' -o -name '*.[ch]' -o -name CMakeLists.txt)

SECONDS ?= 600

.PHONY: help demo test lint types tests sanitize fuzz toolchains format clean

help:
	@sed -n 's/^# //p' $(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.for-demo
	$(BIN)/gatelet demo --overwrite

test: lint types tests

lint: $(VENV)/.for-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.for-test
	$(BIN)/mypy --strict

tests: $(VENV)/.for-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

sanitize:
	for kind in address,undefined thread; do \
		cmake -S . -B build/sanitize-$$kind -DGATELET_NATIVE_TESTS=ON -DGATELET_SANITIZE=$$kind && \
		cmake --build build/sanitize-$$kind -j 2 && build/sanitize-$$kind/native/tests/test_kernels && \
		build/sanitize-$$kind/native/tests/test_scan && \
		build/sanitize-$$kind/native/tests/test_extras && \
		build/sanitize-$$kind/native/tests/test_program || exit 1; \
	done

	cmake -S fuzz -B build/sanitize-fuzz && cmake --build build/sanitize-fuzz -j 2 && \
		build/sanitize-fuzz/native_program fuzz/corpus/native_program/* && \
		build/sanitize-fuzz/runtime_steps fuzz/corpus/runtime_steps/*

fuzz: $(VENV)/.for-test
	$(INSTALL) -e ".[fuzz]"
	$(BIN)/python fuzz/run.py --seconds $(SECONDS)

toolchains:
	@scripts/toolchains.sh

format: $(VENV)/.for-test
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean:
	rm -rf build gatelet-demo .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "gatelet needs Python 3.11, 3.12 or 3.13; none was found, so name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.for-demo: $(PROJECT) | $(BIN)/python
	@echo "Installing gatelet and what the demo needs into $(VENV) (a few minutes the first time) ..."
	$(INSTALL) -e ".[train,report]"
	@touch $@

$(VENV)/.for-test: $(PROJECT) | $(BIN)/python
	@echo "Installing gatelet and its test tools into $(VENV) (a few minutes the first time) ..."
	$(INSTALL) -e ".[all,dev]"
	@touch $@ $(VENV)/.for-demo
