# Cautery. A bare machine needs git, make and Python >= 3.11 with venv: nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SEED ?= 1
LIKE ?= taken-down
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
TOOLS := .venv-release
UV ?= $(TOOLS)/bin/uv
LOCK := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
COMMIT ?= HEAD
CORES ?= 2
# Tests and what they start are compiled once, and not by each worker and child each time.
COMPILED := $(BIN)/python -m compileall -q src && PYTHONDONTWRITEBYTECODE=
# Folders of tests in which nothing takes long.
QUICK := $(addprefix tests/,act catalogue cli/test_board.py docs drawing estimate evidence model payments plan/guard projections)

# What knows an object store from a folder.
STORES := $(addprefix tests/,adapters/test_reference_shelf.py cli/test_server.py contract/test_case_store.py contract/test_vault.py)

.PHONY: help demo replay test stores quick fuzz check bench docs site lock behind audit dist release format clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

$(VENV)/.run: requirements/run.txt requirements/build.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Cautery needs Python >= 3.11; try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@echo "installing Cautery into $(VENV) (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements/build.txt -r requirements/run.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
	@echo "compiling the kernels (once)"
	@$(BIN)/cautery warm
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "installing the developers' tools into $(VENV) (once)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

demo: $(VENV)/.run ## a match night in the lab: watch, prove, map, refuse, block, verify, score
	@$(BIN)/cautery demo --seed $(SEED)

replay: $(VENV)/.run ## a coordinated operation in the lab, from the first statement to what grew back
	@$(BIN)/cautery operation replay $(LIKE) --seed $(SEED)

test: $(VENV)/.dev ## all tests, on two cores; browser and data tests skip with a reason where these are absent
	@$(COMPILED) $(BIN)/python -m pytest -n $(CORES) --dist loadfile

stores: $(VENV)/.dev ## the contracts of vault, shelf, server and queue over S3 on a disk: Debian's radosgw, ceph-mon, ceph-osd
	@CAUTERY_TEST_S3=ceph $(BIN)/python -m pytest -q -k "not [folder" $(STORES)

quick: $(VENV)/.dev ## the tests of a developer's loop, under a minute: no journeys, no slow folders
	@$(COMPILED) $(BIN)/python -m pytest -q -n $(CORES) --dist loadfile -m "not browser and not data and not journey" $(QUICK)

$(VENV)/.fuzz: $(VENV)/.dev requirements/fuzz.txt
	@$(PIP) install --require-hashes -r requirements/fuzz.txt
	@touch $@

fuzz: $(VENV)/.fuzz ## every way in under atheris: FUZZ="m3u note", FUZZ_N=20000 inputs each (Linux)
	@$(BIN)/python fuzz/table.py $(FUZZ) $(if $(FUZZ_N),--inputs $(FUZZ_N))

check: $(VENV)/.dev ## format, lint, types, import contract, docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python tools/docs.py --check
	@$(BIN)/python tools/messages.py --check
	@$(BIN)/python tools/names.py --most 0.02

$(VENV)/.docs: $(VENV)/.dev requirements/docs.txt
	@$(PIP) install --require-hashes -r requirements/docs.txt
	@touch $@

docs: $(VENV)/.dev ## write the generated pages of docs/ anew, then build the site
	@$(BIN)/python tools/docs.py
	@$(BIN)/python tools/messages.py
	@$(MAKE) --no-print-directory site

site: $(VENV)/.docs ## build the documentation site; a warning ends it: build/docs/index.html
	@$(BIN)/python -m sphinx -c docs -E -W --keep-going -q -d build/doctrees . build/docs

bench: $(VENV)/.dev ## every measurement in bench/; the tables go to bench/RESULTS.md by hand
	@for script in $$(grep -lr --include=*.py 'python bench/' bench | sort); do echo "== $$script"; $(BIN)/python $$script || exit 1; done

format: $(VENV)/.dev ## format and mend what can be mended
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

$(TOOLS)/.done: requirements/release.txt
	@test -x $(TOOLS)/bin/python || $(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/release.txt
	@touch $@

lock: $(TOOLS)/.done ## pin the requirements anew; what is pinned stays (UPGRADE=--upgrade takes the newest)
	$(LOCK) $(UPGRADE) requirements/build.in -o requirements/build.txt
	$(LOCK) $(UPGRADE) pyproject.toml -o requirements/run.txt
	$(LOCK) $(UPGRADE) pyproject.toml --group dev -o requirements/dev.txt
	$(LOCK) $(UPGRADE) --constraint requirements/dev.txt pyproject.toml --extra server --extra cluster --extra mail --extra dossier --extra exchange -o requirements/server.txt
	$(LOCK) $(UPGRADE) --constraint requirements/dev.txt --group pyproject.toml:docs -o requirements/docs.txt
	$(LOCK) $(UPGRADE) --group pyproject.toml:fuzz -o requirements/fuzz.txt
	$(LOCK) $(UPGRADE) --constraint requirements/dev.txt --group pyproject.toml:release requirements/build.in -o requirements/release.txt

behind: $(TOOLS)/.done ## compare each pin with the newest release; each that is behind needs a reason
	@$(TOOLS)/bin/python tools/behind.py

audit: $(TOOLS)/.done ## ask for advisories about each pin; says so when none can be reached
	@$(TOOLS)/bin/python tools/audit.py $(AUDIT)

dist: $(TOOLS)/.done ## wheel, sdist, SBOM and SHA256SUMS of COMMIT, the same bytes for everybody
	@$(TOOLS)/bin/python tools/release.py make $(COMMIT)

release: $(TOOLS)/.done ## make audit, make dist, then sign with KEY (Ed25519)
	@test -n "$(KEY)" || { echo "release: name the key: make release KEY=~/.ssh/cautery-release" >&2; exit 2; }
	@$(if $(WITHOUT_AUDIT),echo "NOT AUDITED: $(WITHOUT_AUDIT)",$(TOOLS)/bin/python tools/audit.py $(AUDIT))
	@$(TOOLS)/bin/python tools/release.py sign $(KEY) $(COMMIT)

clean: ## remove the virtual environment, the site and caches
	rm -rf $(VENV) $(TOOLS) build docs/reference/api/generated .mypy_cache .ruff_cache .import_linter_cache
