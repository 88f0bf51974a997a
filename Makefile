# `make demo` and `make test` are the two commands to know; `make help` lists the rest.
# Everything that is installed or cached stays below this folder.

SHELL := /bin/sh
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL: # so that the closing line of pytest is the last one

# Programs that the npm lock installs. They fit x86-64 Linux; elsewhere the ones on PATH come first.
NATIVE := $(CURDIR)/contracts/node_modules/.bin
ifeq ($(shell uname -sm),Linux x86_64)
export PATH := $(CURDIR)/.venv/bin:$(NATIVE):$(PATH)
else
export PATH := $(CURDIR)/.venv/bin:$(PATH):$(NATIVE)
endif

# Anvil, forge and the tests write to a home of their own, never to the caller's.
PRIVATE_HOME := env HOME=$(CURDIR)/.cache/home XDG_CACHE_HOME= XDG_CONFIG_HOME= XDG_DATA_HOME=
# Towns of gateways wait more than they compute.
WORKERS ?= 3
ARGS ?=

.PHONY: help setup demo test pytest lint format types contracts-test contracts-coverage slither contracts \
        bench faults readme screenshots wheel clean distclean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup:  ## install everything that the lock files name, below this folder
	@scripts/setup.sh

demo: setup  ## seven companies, a private chain: goods on their way, votes, a recall, attacks (KEEP=1 stays up)
	@$(PRIVATE_HOME) .venv/bin/sealtrail demo $(if $(filter-out 0,$(KEEP)),--keep) $(ARGS)

test: lint types contracts-test pytest  ## everything that must pass before a change is merged

pytest: setup  ## the Python and JavaScript tests alone (ARGS="-k name", WORKERS=4)
	@chromium=$$(scripts/find_chromium.sh) && CHROMIUM=$$chromium WORKERS=$(WORKERS) $(PRIVATE_HOME) scripts/run_tests.sh $(ARGS)

lint: setup  ## ruff: rules and layout
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .

format: setup  ## ruff: repair what it can
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

types: setup  ## mypy --strict on both packages, tsc on what browsers run
	.venv/bin/mypy
	cd node_gateway/web && node_modules/.bin/tsc --noEmit

contracts-test: setup  ## forge: unit, fuzz and invariant tests, then gas against the snapshot
	cd contracts && FORGE_SNAPSHOT_CHECK=true $(PRIVATE_HOME) forge test
	cd contracts && $(PRIVATE_HOME) forge snapshot --match-test "^test_" --check

# Unit tests must reach it, not chance: without invariants, and with few runs of the fuzz tests.
contracts-coverage: setup  ## forge: what the contracts' tests reach, at least 95 % of lines and branches (minutes)
	@mkdir -p build
	cd contracts && FOUNDRY_FUZZ_RUNS=16 $(PRIVATE_HOME) forge coverage --ir-minimum --no-match-contract Invariants \
	    --report lcov --report-file ../build/contracts.lcov >../build/contracts-coverage.log || { cat ../build/contracts-coverage.log; exit 1; }
	.venv/bin/python scripts/check_contract_coverage.py build/contracts.lcov

# An environment of its own, as slither needs an older web3; an output of its own, as slither empties it.
SLITHER := contracts/tools/slither
slither: setup  ## static analysis of the contracts; a finding of medium or high weight is an error
	@UV_CACHE_DIR=$(CURDIR)/.cache/uv UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=$(CURDIR)/.cache/slither \
	    .cache/boot/bin/uv sync --quiet --locked --no-install-project --project $(SLITHER) --python .venv/bin/python
	cd contracts && FOUNDRY_OUT=.forge/slither/out FOUNDRY_CACHE_PATH=.forge/slither/cache $(PRIVATE_HOME) \
	    ../.cache/slither/bin/slither . --config-file tools/slither/config.json

contracts: setup  ## compile the contracts into anchoring/artifacts
	@$(PRIVATE_HOME) .venv/bin/python scripts/compile_contracts.py

bench: setup  ## measure, print a table, write build/bench.json
	@$(PRIVATE_HOME) .venv/bin/python scripts/bench.py $(ARGS)

faults: setup  ## the long form of the fault tests
	@$(PRIVATE_HOME) SEALTRAIL_FAULTS=long .venv/bin/python -m pytest -m faults -n $(WORKERS) --timeout 3600 $(ARGS)

readme: setup  ## run the demo and paste its output into README.md
	@$(PRIVATE_HOME) .venv/bin/python scripts/readme_output.py

screenshots: setup  ## take the pictures of pages that the documents show
	@$(PRIVATE_HOME) .venv/bin/python scripts/make_screenshots.py

wheel: setup  ## build the distribution into dist/
	@UV_CACHE_DIR=$(CURDIR)/.cache/uv .cache/boot/bin/uv build --quiet --wheel --out-dir dist

clean:  ## remove what tests, builds and demos left
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis contracts/.forge .cache/home

distclean: clean  ## remove every environment and cache too
	rm -rf .venv .cache contracts/node_modules node_gateway/web/node_modules node_gateway/web/static
