.DEFAULT_GOAL := help
.PHONY: setup setup-docs setup-dev serve test mutants lint format types acceptance bench bench-page bench-serve bench-abuse bench-fleet soak fuzz lock release docs site screenshots clean help
BIN := .venv/bin

setup: ## Make .venv with the command pfnscope and the front-end assets
	@tools/setup runtime
setup-docs:
	@tools/setup docs
setup-dev: ## The same with all that the checks need: linters, Chromium, PostgreSQL, Redis, nginx, Caddy
	@tools/setup dev
serve: setup ## Serve on http://127.0.0.1:8000
	$(BIN)/pfnscope serve
test: setup-dev ## Run all checks
	$(BIN)/pytest -n auto
lint: setup-dev ## Check style and import directions
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/lint-imports
format: setup-dev ## Rewrite the sources in the one style
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .
types: setup-dev ## Check types, of the scripts of the pages too
	$(BIN)/mypy
	PATH=$(BIN):$$PATH node_modules/.bin/tsc
mutants: setup-dev ## Move each release in kernel/ by one: the examples of tests/kernel have to notice
	$(BIN)/python -m tools.mutants
acceptance: setup ## Hold the command against ../shared/acceptance
	$(BIN)/python tools/acceptance.py ../shared tests/acceptance-floor.toml
bench: setup ## Measure speed
	$(BIN)/python benchmarks/run.py
bench-fleet: setup-dev ## Measure scanning 20,000 logs, and kill it
	$(BIN)/python benchmarks/fleet.py
bench-serve: setup ## Measure the server
	$(BIN)/python benchmarks/serve.py
bench-abuse: setup ## Measure what others get while one client does its worst, in five minutes
	$(BIN)/python benchmarks/abuse.py
soak: setup-dev ## 32 writers, who delete too, and 32 readers for 30 seconds, 20 kills, and a PostgreSQL that stands still
	SOAK='30 20' $(BIN)/pytest -q tests/web/test_soak.py
bench-page: setup-dev ## Measure the pages in Chromium: bytes, first bars, zooms
	$(BIN)/python benchmarks/page.py
fuzz: setup ## Feed the reader mutated logs for a minute
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/pip install -q --require-hashes -r requirements/fuzz.txt
	@mkdir -p build
	$(BIN)/python tests/fuzz/reading.py -max_total_time=60 -artifact_prefix=build/
lock: setup ## Write requirements/: what pyproject.toml needs, with hashes; make lock UPGRADE=--upgrade takes newer versions
	@$(BIN)/python -c 'import uv, packaging' 2>/dev/null || $(BIN)/pip install -q uv packaging
	$(BIN)/python tools/lock.py $(UPGRADE)
	npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund
release: setup ## Build sdist and wheel of what is committed, check and try them: dist/; publishes nothing
	$(BIN)/python -m tools.release
docs: setup ## Write what is made from code: reference pages and pictures of docs/, static/palette.css
	$(BIN)/python -m tools.docs
site: setup-docs ## Build the documentation: build/site/index.html
	rm -rf build/site build/doctrees
	$(BIN)/python -m sphinx -q -W --keep-going -c docs -d build/doctrees . build/site
screenshots: setup-dev ## Photograph the pages: build/screenshots and docs/screenshot.png
	$(BIN)/python tools/screenshots.py
clean: ## Remove everything that can be made again (not var/)
	rm -rf .venv node_modules static/vendor build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
help: ## Show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 14
