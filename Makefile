# `make run` starts the hub, `make test` proves it. Needs make and Python 3.11 or newer, nothing else.

VENV := .venv
BIN := $(VENV)/bin
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$name $(NEW_ENOUGH) 2>/dev/null && echo $$name && break; done)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url

.PHONY: run test check format sdl docs lock clean

run: $(VENV)/run.stamp  ## start the hub at http://127.0.0.1:8000
	@PATCHBAY_DEMO=$${PATCHBAY_DEMO:-true} $(BIN)/python server.py

test: $(VENV)/test.stamp  ## run every test, on SQLite and on PostgreSQL
	@$(BIN)/python -m pytest

check: $(VENV)/test.stamp  ## what a machine can tell without running the hub
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest tests/test_architecture.py
	@$(BIN)/python cli.py sdl > $(VENV)/schema.graphql
	@diff -u schema/schema.graphql $(VENV)/schema.graphql || { echo "Run make sdl."; exit 1; }

format: $(VENV)/test.stamp  ## put the code into the house's form
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

sdl: $(VENV)/run.stamp  ## write the schema that clients are built against
	@$(BIN)/python cli.py sdl > $(VENV)/schema.graphql
	@cp $(VENV)/schema.graphql schema/schema.graphql

docs: $(VENV)/run.stamp  ## write the pages of the manual that come from the code
	@$(BIN)/python settings.py > $(VENV)/settings.md
	@cp $(VENV)/settings.md docs/settings.md

lock: $(VENV)/test.stamp  ## pin what requirements*.in ask for; UPGRADE=1 takes newer versions
	@$(COMPILE) $(if $(UPGRADE),--upgrade) requirements.in --output-file requirements.lock
	@$(COMPILE) $(if $(UPGRADE),--upgrade) requirements-dev.in --constraint requirements.lock \
		--output-file requirements-dev.lock

clean:  ## remove what was built; the hub's data in .patchbay stays
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/run.stamp: requirements.lock | $(BIN)/python
	$(INSTALL) requirements.lock
	@touch $@

$(VENV)/test.stamp: requirements-dev.lock $(VENV)/run.stamp
	$(INSTALL) requirements-dev.lock
	@touch $@

$(BIN)/python:
	@$(if $(PYTHON),$(PYTHON),false) $(NEW_ENOUGH) || \
		{ echo "Python 3.11 or newer is needed; name it as: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
