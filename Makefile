# Each target sets up .venv by itself when needed. PYTHON chooses the interpreter (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo test lint bench bot format clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: .venv/ready  ## show the bot painting a picture, with no Discord and no download
	$(BIN)/python -m bot demo

test: .venv/ready  ## run the tests
	$(BIN)/python -m pytest

lint: .venv/ready  ## ruff, mypy --strict, and the order of the imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: .venv/ready  ## steps a second beside the field's way of painting
	$(BIN)/python -m engine.lab.bench

bot: .venv/ready  ## run the bot on Discord, with the settings in .env
	$(BIN)/python -m bot

format: .venv/ready  ## format the code, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove everything that can be made again
	rm -rf .venv out build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# The mark is touched last, so that an interrupted installation is begun again.
.venv/ready: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Atelier needs Python 3.11 or newer: call make with PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@
