# Every command does its own set-up: `make app` is all a new machine needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help app test check fix sample pictures bench weights clean

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

app: $(VENV)/installed  ## start the app and print its address
	$(BIN)/python -m streamlit run app.py

test: $(VENV)/installed-dev  ## run the tests
	$(BIN)/python -m pytest

check: $(VENV)/installed-dev  ## the gate: format, lint, types, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

fix: $(VENV)/installed-dev  ## format and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

sample: $(VENV)/installed  ## rebuild the bundled sample's map and groups
	$(BIN)/python -m sbert_core sample

pictures: $(VENV)/installed-dev  ## make the README's pictures from the running app
	$(BIN)/python -m docs.pictures

bench: $(VENV)/installed-dev  ## measure against the references, as ratios from one run
	$(BIN)/python -m benchmarks $(FILES)

weights: $(VENV)/installed  ## train the shipped models again: make weights DATA=folder MINUTES=60
	$(BIN)/python -m training_recipes bert-mini --data $(DATA) --minutes $(or $(MINUTES),60)
	$(BIN)/python -m training_recipes sbert-mini-nli --data $(DATA)
	$(BIN)/python -m training_recipes sbert-mini --data $(DATA)
	$(BIN)/python -m training_recipes cross-mini --data $(DATA)

clean:  ## remove the virtual environment and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache

# torch first and pinned: whatever else asks for it then takes the version that is there.
$(VENV)/installed: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "SBERT Lab needs Python 3.11 or newer.")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "$$(grep '^torch==' requirements.txt)"
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	touch $@
