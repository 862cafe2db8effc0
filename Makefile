# `make run` starts the hub, `make test` proves it. Needs make and Python 3.11 or newer, nothing else;
# GraphiQL is built where Node is there too.

VENV := .venv
BIN := $(VENV)/bin
NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	$$name $(NEW_ENOUGH) 2>/dev/null && echo $$name && break; done)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url

PAGE := web/dist/index.html
PAGE_PARTS := web/graphiql/node_modules/.package-lock.json
PAGE_SOURCES := $(wildcard web/graphiql/*.html web/graphiql/*.js web/graphiql/package.json web/graphiql/src/*)
NODE_NEW_ENOUGH := node -e 'const [major, minor] = process.versions.node.split(".").map(Number); \
	process.exit(major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null
# Asked first, since `npm ci` takes a minute to give up without a network, and `make run` would wait for it.
NPM_ANSWERS := npm view vite name --fetch-retries=1 --fetch-retry-mintimeout=1000 >&2

.PHONY: run test check format noun dialect sdl docs web lock clean

run: $(VENV)/run.stamp  ## start the hub at http://127.0.0.1:8000
	@if $(NODE_NEW_ENOUGH) && ! $(MAKE) --silent --question web; then echo "Building GraphiQL …"; fi
	@why=$$($(MAKE) --silent web 2>$(VENV)/web.log) || echo "GraphiQL was not built, the hub starts all the same: $$why"
	@PATCHBAY_DEMO=$${PATCHBAY_DEMO:-true} $(BIN)/python server.py

# Tests that kill, starve or race processes run last, one at a time, on an idle machine.
test: $(VENV)/test.stamp  ## run every test, on SQLite and on PostgreSQL
	@$(BIN)/python -m pytest -n auto --ignore tests/processes; crowd=$$?; \
		$(BIN)/python -m pytest tests/processes && exit $$crowd

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

noun: $(VENV)/test.stamp  ## write the skeleton of a noun: make noun NAME=gadget
	@$(BIN)/python -m scaffold noun '$(NAME)'

dialect: $(VENV)/test.stamp  ## write the skeleton of a dialect: make dialect NAME=gadget
	@$(BIN)/python -m scaffold dialect '$(NAME)'

sdl: $(VENV)/run.stamp  ## write the schema that clients are built against
	@$(BIN)/python cli.py sdl > $(VENV)/schema.graphql
	@cp $(VENV)/schema.graphql schema/schema.graphql

docs: $(VENV)/run.stamp  ## write the pages of the manual that come from the code
	@$(BIN)/python -m commands.manual > $(VENV)/settings.md
	@cp $(VENV)/settings.md docs/settings.md

web: $(PAGE)  ## build GraphiQL, which the hub then serves to browsers; needs Node and the npm registry

lock: $(VENV)/test.stamp  ## pin the dependencies of pyproject.toml; UPGRADE=1 takes newer versions
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml --output-file requirements.lock
	@$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml --group dev --constraint requirements.lock \
		--output-file requirements-dev.lock

clean:  ## remove what was built; the hub's data in .patchbay stays
	@rm -rf $(VENV) web/dist web/graphiql/node_modules tests/node/node_modules \
		.mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/run.stamp: requirements.lock | $(BIN)/python
	$(INSTALL) requirements.lock
	@touch $@

$(VENV)/test.stamp: requirements-dev.lock $(VENV)/run.stamp
	$(INSTALL) requirements-dev.lock
	@touch $@

# What npm and Vite say goes to stderr, so that stdout holds one sentence: why there is no page.
$(PAGE): $(PAGE_PARTS) $(PAGE_SOURCES)
	@cd web/graphiql && npx --no-install vite build --logLevel warn >&2 || \
		{ echo "Vite could not build it from its sources."; exit 1; }
	@touch $@

$(PAGE_PARTS): web/graphiql/package-lock.json
	@$(NODE_NEW_ENOUGH) || { echo "building it needs Node 20.19, 22.12 or newer."; exit 1; }
	@cd web/graphiql && $(NPM_ANSWERS) || { echo "the npm registry cannot be reached."; exit 1; }
	@cd web/graphiql && npm ci --ignore-scripts --no-audit --no-fund >&2 || \
		{ echo "npm could not install what it is built from."; exit 1; }
	@touch $@

$(BIN)/python:
	@$(if $(PYTHON),$(PYTHON),false) $(NEW_ENOUGH) || \
		{ echo "Python 3.11 or newer is needed; name it as: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
