# One word a task. Everything installs into .venv; a fresh checkout needs Python >= 3.11 and GNU make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FEEDS ?= ../shared/feeds
HISTORY ?= ../shared/history/price-changes.json

.PHONY: demo test unit test-data check bench serve build registry catalogue format clean

# Stamps: what a user needs, what a server needs, and what a developer needs. pip runs again only when pyproject.toml changed.
$(VENV)/.user: pyproject.toml hatch_build.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[build]'
	@touch $@

$(VENV)/.server: $(VENV)/.user
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[server]'
	@touch $@

$(VENV)/.dev: $(VENV)/.user
	@$(BIN)/python -m pip install -q --disable-pip-version-check 'pip>=25.1'
	@$(BIN)/python -m pip install -q --disable-pip-version-check --group dev
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --group litellm
	@touch $@

$(VENV)/.system: package.json scripts/system.sh $(VENV)/.dev
	@sh scripts/system.sh
	@touch $@

demo: $(VENV)/.user
	@$(BIN)/modelry build
	@sh scripts/demo.sh $(BIN)

build: $(VENV)/.user
	$(BIN)/modelry build

serve: $(VENV)/.server
	@$(BIN)/modelry build
	@$(BIN)/modelry serve

test: $(VENV)/.dev $(VENV)/.system
	$(BIN)/modelry build
	$(BIN)/python -m pytest; status=$$?; cat $(VENV)/.absent 2> /dev/null; exit $$status

# The rules alone, in a minute: what one runs between two edits.
unit: $(VENV)/.dev
	$(BIN)/modelry build
	$(BIN)/python -m pytest -m "not whole"

# What guards the data: after a refresh, before anybody reads it.
test-data: $(VENV)/.dev
	$(BIN)/python -m pytest tests/test_providers_data.py tests/test_names.py tests/test_fold.py tests/test_vectors.py tests/test_costs.py

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/modelry check

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev
	$(BIN)/modelry build
	$(BIN)/python bench/run.py

# The YAML from the feeds and the tables of scripts/registry; FEEDS names their folder, HISTORY the changes of prices seen.
registry: $(VENV)/.dev
	$(BIN)/python scripts/registry/providers.py --feeds $(FEEDS)
	$(BIN)/python scripts/registry/import_feeds.py --feeds $(FEEDS) --history $(HISTORY)
	$(BIN)/modelry build

# All claims of the four feeds, then the catalogue. The day is the feed's own: its file's date, or that of its newest fact.
catalogue: $(VENV)/.dev
	$(BIN)/modelry import litellm $(lastword $(sort $(wildcard $(FEEDS)/litellm-*.json))) --as-of 2026-11-20
	$(BIN)/modelry import models.dev $(FEEDS)/models.dev-2026-07-02.json --as-of 2026-07-02
	$(BIN)/modelry import openrouter $(FEEDS)/openrouter-2026-04-17.json --as-of 2026-04-17
	$(BIN)/modelry import genai-prices $(FEEDS)/genai-prices-2026-08-21.json --as-of 2026-08-21
	$(BIN)/modelry import genai-prices --installed --as-of 2026-11-09
	$(BIN)/modelry build

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache dist
