# make book    execute the chapters and build the site into _build/html
# make proof   the same, then follow every link and open every page in the computer's Chromium or Chrome
# make pdf     the book as one PDF, _build/pdf, printed by the computer's Chromium or Chrome
# make slides  slides of each chapter, _build/slides
# make test    lint, layers, types, tests, doctests, and every notebook from top to bottom
# make weather run every chapter as on other computers, for hours (UNDER=sse: under one condition);
#              weather-oldest and weather-newest do so with the oldest and the newest dependencies
# make lab     open the chapters in JupyterLab
# make format  format code and notebooks, and remove the outputs of notebooks
# make clean   remove everything that was built except .venv (make distclean removes it too)
#
# Each target first creates or updates .venv. Only Python 3.11 has to be installed.

SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
READY := .venv/.ready

# By default, stored clips and features stay inside the project.
export MGRLIB_HOME ?= $(CURDIR)/_build/store
# If this variable names a backend, all inline figures disappear without a warning.
unexport MPLBACKEND
unexport VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONHASHSEED := 0
# Threads that wait should sleep, because busy waiting slows down other processes.
export OMP_WAIT_POLICY ?= passive

.PHONY: help book proof pdf slides test lint types unit weather weather-oldest weather-newest lab format clean distclean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

$(READY): requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -r requirements.txt
	$(BIN)/python -m pip install --no-build-isolation --no-deps -e .
	touch $@

book: $(READY)
	$(BIN)/python -m docs_ext.build

# All tests of the site, with axe on every page; make test runs axe on fewer pages.
proof: book
	MGRLIB_EVERY_PAGE=1 $(BIN)/python -m pytest tests/test_book.py tests/test_site.py tests/test_site_in_browser.py

pdf: book
	$(BIN)/python -m docs_ext.printed

slides: book
	$(BIN)/python -m docs_ext.slides

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache --no-logo
	$(BIN)/deptry mgrlib

types: $(READY)
	$(BIN)/mypy

# The chapters, which nbval executes once each; `make test NOTEBOOKS=` leaves them out.
NOTEBOOKS ?= book --ignore=book/assignments

# One run, so that its last line counts all tests. Two processes of one thread each take one file at a
# time, so that a notebook's cells stay in order. The order of the files starts the slow ones early.
unit: export OMP_NUM_THREADS := 1
unit: $(READY)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --nbval-lax --nbval-current-env --nbval-cell-timeout=300 tests mgrlib $(NOTEBOOKS)

weather: $(READY)
	$(BIN)/python -m checks.weather $(if $(UNDER),--under "$(UNDER)")

weather-oldest weather-newest: weather-%:
	test -x _build/$*/bin/python || $(PYTHON) -m venv _build/$*
	$(PYTHON) -m checks.bounds $* > _build/$*/requirements.txt
	_build/$*/bin/python -m pip install --upgrade -r _build/$*/requirements.txt
	_build/$*/bin/python -m checks.weather --under "as it is"

lab: $(READY)
	$(BIN)/jupyter lab book

format: $(READY)
	$(BIN)/python -m checks.strip
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

clean:
	rm -rf _build build dist .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv *.egg-info
