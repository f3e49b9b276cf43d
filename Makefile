# `make serve` runs the server, `make test` the tests; both set up what they need in .venv.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help serve test test-compat test-long bench lint format regenerate clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "error: authctl needs Python 3.11 or newer; say which: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

.venv/.served: .venv/.made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[mlflow]'
	@touch $@

.venv/.developed: .venv/.served
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[mlflow,postgres,mysql,aws,jwt]' --group dev
	@touch $@

serve: .venv/.served ## Serve MLflow with authentication on 127.0.0.1:5000, its data in run/
	@mkdir -p run
	cd run && ../$(BIN)/authctl serve $(ARGS)

test: lint ## Check and test everything on the installed MLflow
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-compat: .venv/.developed ## Test against older MLflow releases, each in an environment of its own
	$(BIN)/python -m pytest -m 'compat and not long' $(ARGS)

test-long: .venv/.developed ## Run the long tests: requests, databases at random, for many minutes
	$(BIN)/python -m pytest -m long $(ARGS)

bench: .venv/.developed ## Measure what things cost, and print it
	$(BIN)/python -m tests.bench

lint: .venv/.developed ## Check style, types and layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.developed ## Mend what the style checks can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

regenerate: .venv/.developed ## Write again what is generated from the code
	$(BIN)/python -m tests.regenerate

clean: ## Remove the environments and the data of `make serve`
	rm -rf .venv .venvs run
