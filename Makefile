# Everything a new machine needs is made by these targets: Python 3.11 and make are enough.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
export UV_LINK_MODE ?= copy
# LightGBM wants the compiler's OpenMP runtime; where the machine has none, `setup` links the one in scikit-learn's wheel here.
export LD_LIBRARY_PATH := $(CURDIR)/.venv/openmp$(if $(LD_LIBRARY_PATH),:$(LD_LIBRARY_PATH))

.PHONY: demo test test-console up check setup lock format \
	bench-onboarding bench-documents bench-screening bench-typologies bench-typologies-peer bench-console bench-decisions bench-filings

demo: setup ## run the main job once and print what happened
	@$(BIN)/clearance demo

test: setup ## run every test
	@$(BIN)/python -m pytest

test-console: setup ## the browser tests alone, in Debian's Chromium (apt-get install chromium)
	@$(BIN)/python -m pytest tests/console

up: setup ## leave the service running; Ctrl-C stops it
	@$(BIN)/clearance up

check: setup ## what CI runs before the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

setup: .venv/installed

.venv/installed: requirements/dev.txt requirements/bootstrap.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Clearance needs Python 3.11; found $$($(PYTHON) --version). Say which: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq python3-venv; } || \
		{ echo "this Python has no venv module: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements/dev.txt requirements/bootstrap.txt
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@mkdir -p .venv/openmp && { $(BIN)/python -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null || \
		ln -sf ../lib/python3.11/site-packages/scikit_learn.libs/libgomp-*.so.* .venv/openmp/libgomp.so.1; }
	@touch $@

lock: ## resolve pyproject.toml into the requirements files
	$(BIN)/uv pip compile -q pyproject.toml --generate-hashes --python-version 3.11 --no-header -o requirements/runtime.txt
	printf 'setuptools\nuv\n' | $(BIN)/uv pip compile -q --generate-hashes --python-version 3.11 --no-header --no-annotate - -o requirements/bootstrap.txt
	$(BIN)/uv pip compile -q --group dev pyproject.toml --generate-hashes --python-version 3.11 --no-header -o requirements/dev.txt

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench-onboarding bench-documents bench-screening bench-console: bench-%: setup
	@$(BIN)/python -m benchmarks.$*

bench-typologies: setup
	@$(BIN)/python -m benchmarks.typologies
	@$(BIN)/python -m benchmarks.typologies_split

bench-typologies-peer: setup ## beside snapml in a venv of its own: make bench-typologies-peer PEER=/path/to/venv/bin/python
	@$(BIN)/python -m benchmarks.typologies --peer $(PEER) --beside
	@$(BIN)/python -m benchmarks.typologies --peer $(PEER) --graphs dense --beside --warm 500000 --measured 1000
	@$(BIN)/python -m benchmarks.typologies_counts --peer $(PEER)

bench-filings: setup
	@$(BIN)/python -m benchmarks.filings
	@$(BIN)/python -m benchmarks.filing_secrecy

bench-decisions: setup
	@$(BIN)/python -m benchmarks.decisions_shap
	@$(BIN)/python -m benchmarks.decisions_store
	@$(BIN)/python -m benchmarks.decisions_engine
