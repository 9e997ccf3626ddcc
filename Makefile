# Everything runs in .venv, which is made and kept up to date as needed.
PYTHON ?= python3
BIN := .venv/bin
SINCE ?=
DIST ?= dist
# A test that hangs is broken off, with the stacks of its threads.
PYTEST := $(BIN)/python -m pytest --timeout 180
PRISM := @stoplight/prism-cli@5.16.0
PIP_COMPILE = $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options --upgrade

# Makes the virtual environment $(1), unless it is there.
NEEDED = import sys; sys.exit(sys.version_info < (3, 11) and "settled needs Python 3.11 or later, and $(PYTHON) is \
	%d.%d: name another one, as in make PYTHON=python3.13 $(MAKECMDGOALS)" % sys.version_info[:2])
make_venv = test -x $(1)/bin/python || { $(PYTHON) -c '$(NEEDED)' && { $(PYTHON) -m venv $(1) || { rm -rf $(1); exit 1; }; }; }

# Python keeps what it compiles, whatever the environment says: the tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-all generate regenerate changes new-api adopt pages check-generated readme check-readme test-contract test-airflow faults bench fuzz mutants soak lint types docs dist constraints clean

##@ Use

help: ## Show what can be made
	@awk -F ':.*## ' '/^##@ /{printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' Makefile

.venv/ready: scripts/requirements/constraints.txt pyproject.toml
	@$(call make_venv,.venv)
	@echo "Installing what the tests need into .venv: $$(grep -c "^[a-z].*==" $<) packages, 280 MB, one to two minutes."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r scripts/requirements/constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/ready ## Submit a few jobs to the embedded simulator, and wait for them
	@$(BIN)/python -m settled.demo

##@ Develop

test: .venv/ready ## Run the tests but the slow ones
	@echo "The quick tests, in parallel: some four minutes of processor time, so about two on two idle cores. \`make test-all\` adds the slow ones."
	HYPOTHESIS_PROFILE=quick $(PYTEST) --numprocesses auto -m "not slow"

test-all: .venv/ready ## Run all tests, as a change needs them before it lands
	@echo "All tests, in parallel: some eleven minutes of processor time, so about six on two idle cores. For a first result see \`make test\`."
	$(PYTEST) --numprocesses auto

.venv/contract: .venv/ready scripts/requirements/contract.txt
	test -x .venv/schemathesis/bin/python || $(BIN)/python -m venv .venv/schemathesis
	.venv/schemathesis/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r scripts/requirements/contract.txt
	if command -v npm >/dev/null; then \
		npm install --silent --ignore-scripts --no-audit --no-fund --no-package-lock --prefix .venv/prism $(PRISM); \
	else \
		echo "npm is missing: the tests against prism will be skipped"; \
	fi
	touch $@

test-contract: .venv/contract ## Hold clients and simulator against the specs with prism and schemathesis
	$(BIN)/python -m pytest tests/contract --override-ini addopts=

.venv/airflow/ready: scripts/requirements/airflow.txt pyproject.toml
	@$(call make_venv,.venv/airflow)
	.venv/airflow/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r scripts/requirements/airflow.txt
	.venv/airflow/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

test-airflow: .venv/airflow/ready ## Kill the triggerer of a real Airflow with 200 waits in it
	.venv/airflow/bin/python -m pytest tests/airflow --confcutdir tests/airflow \
		--override-ini addopts=--strict-markers --override-ini "pythonpath=scripts scripts/regenerate tests"

lint: .venv/ready ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/ready ## Check types with mypy and pyright
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

.venv/docs/ready: scripts/requirements/docs.txt
	@$(call make_venv,.venv/docs)
	@echo "Installing what the site is built with into .venv/docs: $$(grep -c '^[a-z].*==' $<) packages, half a minute."
	.venv/docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r scripts/requirements/docs.txt
	touch $@

docs: .venv/docs/ready ## Build the site into site/
	.venv/docs/bin/python scripts/docs/build.py

clean: ## Remove the environment and the caches
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis dist site

##@ Regenerate

generate: .venv/ready ## Generate the clients from the specs
	$(BIN)/python scripts/regenerate/generate.py

check-generated: .venv/ready ## Say what differs between the clients and the specs they come from
	$(BIN)/python scripts/regenerate/generate.py --check

regenerate: generate ## Generate the clients, and say what that means for those who import them (SINCE=revision)
	-@$(BIN)/python scripts/regenerate/changes.py $(SINCE)

changes: .venv/ready ## Say what has changed since the last release (SINCE=revision)
	@$(BIN)/python scripts/regenerate/changes.py $(SINCE)

pages: .venv/ready ## Hold saved pages of a vendor against a spec (SPEC=specs/osapi.yaml PAGES=page.html)
	$(BIN)/python scripts/regenerate/pages.py $(SPEC) $(PAGES)

adopt: .venv/ready ## Draft a spec from a vendor's OpenAPI document (DOCUMENT=kiln.json OPERATIONS="getJob")
	$(BIN)/python scripts/regenerate/adopt.py $(DOCUMENT) --operations $(OPERATIONS)

new-api: .venv/ready ## Begin a new vendor's API (NAME=kiln OPTIONS="--auth basic --submit")
	$(BIN)/python scripts/regenerate/new_api.py $(NAME) $(OPTIONS)

readme: .venv/ready ## Write what README and site say of code and specs: systems, status words, commands
	$(BIN)/python scripts/docs/readme.py

check-readme: .venv/ready ## Say whether any of that is stale
	$(BIN)/python scripts/docs/readme.py --check

##@ Measure

.venv/bench/ready: scripts/requirements/bench.txt pyproject.toml
	@$(call make_venv,.venv/bench)
	.venv/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r scripts/requirements/bench.txt
	.venv/bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

bench: .venv/bench/ready ## Hold Settled against other libraries, and write the tables and pictures
	.venv/bench/bin/python scripts/bench.py --write

soak: .venv/ready ## Wait for ten thousand jobs amid faults for ten minutes (MINUTES=1 for a short run)
	$(BIN)/python scripts/soak.py --minutes $(or $(MINUTES),10)

faults: .venv/ready ## Meet every kind of job with every fault over real HTTP, and print what comes of it
	$(BIN)/python -m pytest --quiet --capture=no tests/run/test_faults.py

fuzz: .venv/ready ## Answer and ask at random, far more often than `make test` does (takes most of an hour)
	HYPOTHESIS_PROFILE=long nice $(BIN)/python -m pytest --quiet tests/core/test_fuzz.py tests/core/test_fuzz_arguments.py tests/core/test_wait_model.py

.venv/mutants/ready: scripts/requirements/mutants.txt pyproject.toml
	@$(call make_venv,.venv/mutants)
	.venv/mutants/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r scripts/requirements/mutants.txt
	.venv/mutants/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

mutants: .venv/mutants/ready ## Change the waiting machine and the readers bit by bit, and tell what no test notices (half an hour)
	.venv/mutants/bin/python scripts/mutants.py

##@ Release

dist: .venv/ready ## Build sdist and wheel into dist/, the same bytes from the same sources
	rm -f $(DIST)/settled-*
	$(BIN)/python -m build --no-isolation --outdir $(DIST)

constraints: .venv/ready ## Pin anew what is tested with
	$(PIP_COMPILE) --extra callbacks --extra cli --extra fast --extra simulator --extra testing --extra tracing \
		--output-file scripts/requirements/constraints.txt pyproject.toml scripts/requirements/constraints.in
	sed -i 's/ ; python_version < "3.13"//' scripts/requirements/constraints.txt # other packages need it on 3.13 as well
	$(PIP_COMPILE) --output-file scripts/requirements/contract.txt scripts/requirements/contract.in
	$(PIP_COMPILE) --extra airflow --extra simulator --output-file scripts/requirements/airflow.txt pyproject.toml scripts/requirements/airflow.in
	sed -i 's/ ; python_version < "3.13"//' scripts/requirements/airflow.txt
	$(PIP_COMPILE) --output-file scripts/requirements/docs.txt scripts/requirements/docs.in
	$(PIP_COMPILE) --constraint scripts/requirements/constraints.txt --extra fast --output-file scripts/requirements/bench.txt pyproject.toml scripts/requirements/bench.in
	sed -i 's/ ; python_version < "3.13"//' scripts/requirements/bench.txt
	$(PIP_COMPILE) --constraint scripts/requirements/constraints.txt --extra callbacks --extra cli --extra fast --extra simulator --extra testing \
		--extra tracing --output-file scripts/requirements/mutants.txt pyproject.toml scripts/requirements/constraints.in scripts/requirements/mutants.in
	sed -i 's/ ; python_version < "3.13"//' scripts/requirements/mutants.txt
