# One word for each task; `make` alone lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export NEXT_TELEMETRY_DISABLED := 1

bin := .venv/bin
python := $(bin)/python
# A file of tests at a time to each of two processes: much of what tests do is wait.
in_parallel := --numprocesses 2 --dist loadfile
# Not `npm ci`: it refuses a lock file that lacks another platform's binaries, which npm leaves out
# where the registry does not have them. This too installs just what is locked, and writes no lock.
npm_install := npm install --no-save --loglevel=error --no-audit --no-fund --prefix
sdk_packages := $(patsubst %/package-lock.json,%,$(wildcard tests/sdk/*/package-lock.json tests/sdk/*/*/package-lock.json))
web_sources := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/.next/*' \
	-not -path 'web/out/*' -not -path 'web/tests/*' -not -name '*.tsbuildinfo' 2>/dev/null)

.PHONY: help
help: ## List the targets
	@echo "Hark: real-time notifications for Django"; echo
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-18s%s\n", $$1, $$2 }'

.PHONY: run
run: setup web/out/index.html ## Run the social application (PORT, GATEWAY_PORT, DATABASE_URL, HARK_BACKEND)
	@exec $(python) -m social.run

.PHONY: test
test: setup-tests web/out/index.html ## Run every test: TypeScript, Python on SQLite and PostgreSQL, the browser
	@echo "── TypeScript"; npm --prefix web run --silent test
	@echo "── Python, on SQLite"; HARK_TEST_DATABASE=sqlite $(python) -m pytest tests/hark -q -m 'not own_databases'
	@echo "── Python, on PostgreSQL, with the browser"; $(python) -m pytest -q $(in_parallel)

.PHONY: test-fast
test-fast: setup ## Run the tests that start no browser, no SDK and no other process (four minutes)
	@echo "── TypeScript"; npm --prefix web run --silent test
	@echo "── Python"; $(python) -m pytest -q $(in_parallel) -m 'not own_databases' \
		tests/boundaries tests/gateway tests/hark

.PHONY: coverage
coverage: setup-tests web/out/index.html ## Say which lines and branches of src/ no test has run (half an hour)
	@rm -f .coverage .coverage.*
	$(bin)/coverage run -m pytest -q $(in_parallel)
	@$(bin)/coverage combine --quiet
	$(bin)/coverage report

.PHONY: check
check: setup ## Lint, format and type-check all parts
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	DJANGO_DEBUG=1 $(python) manage.py makemigrations --check --dry-run
	npm --prefix web run check

.PHONY: format
format: setup ## Format the Python code and sort its imports
	$(bin)/ruff check --fix
	$(bin)/ruff format

.PHONY: chaos
chaos: setup-tests ## Kill processes and cut networks under load, and count what was lost (ten minutes)
	$(python) -m tests.chaos

.PHONY: bench
bench: setup ## Measure, each figure beside its yardstick; results go to bench/results/
	$(python) -m bench

.PHONY: setup
setup: .venv/.installed web/node_modules/.installed ## Install what is pinned, into .venv and web/node_modules

.PHONY: setup-tests
setup-tests: setup $(sdk_packages:%=%/node_modules/.installed)

.PHONY: autobahn
autobahn: .data/autobahn/.installed ## Install Autobahn's fuzzing client for the tests (needs Python 2.7)

.PHONY: lock
lock: ## Pin the newest versions that pyproject.toml allows (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url --extra dev --upgrade --quiet pyproject.toml -o requirements.txt

.PHONY: clean
clean: ## Remove what was built and installed; the data in .data stays
	rm -rf .venv web/node_modules web/out web/.next

.venv/.installed: requirements.txt pyproject.toml
	@python=$$(./.ci/find-python) && echo "── Python packages" && \
	{ [ -x $(python) ] || $$python -m venv .venv || { rm -rf .venv; \
		echo "hark: Python cannot make a virtual environment; on Debian: apt install python3-venv" >&2; exit 1; }; } && \
	$(bin)/pip install --quiet --use-pep517 --require-hashes -r requirements.txt && \
	$(bin)/pip install --quiet --no-deps --no-build-isolation -e . && touch $@

.data/autobahn/.installed: tests/gateway/net/autobahn.txt
	@python=$$(./.ci/find-python2) && echo "── Autobahn" && $$python -m virtualenv --quiet .data/autobahn && \
	.data/autobahn/bin/pip install --quiet --no-deps --require-hashes -r $< && touch $@

$(sdk_packages:%=%/node_modules/.installed): %/node_modules/.installed: %/package-lock.json
	@echo "── The official SDKs in $*"
	@$(npm_install) $* && touch $@

web/node_modules/.installed: web/package-lock.json
	@node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major == 20 && minor >= 9) ? 0 : 1)' 2>/dev/null || \
	{ echo "hark: Node.js 20.9 or newer is needed (found: $$(node --version 2>/dev/null || echo none))" >&2; exit 1; }
	@echo "── Front-end packages"
	@$(npm_install) web && touch $@

web/out/index.html: web/node_modules/.installed $(web_sources)
	@echo "── Front end"
	@npm --prefix web run --silent build > web/.build.log 2>&1 || { cat web/.build.log >&2; exit 1; }
	@touch $@
