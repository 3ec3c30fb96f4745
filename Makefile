# Commands for people. `make help` prints the words after ##.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BENCH_VENV := .venv-bench

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Else each process that a test starts compiles the package again, a third of its time.
unexport PYTHONDONTWRITEBYTECODE

# Run a command, and show its output only if it fails.
quietly = @log=$$($(1) 2>&1) || { printf '%s\n' "$$log"; exit 1; }

# The targets share one environment, and `make test` uses every core by itself.
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help notice test test-all windows lint format verify docs bench clean libraries

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

notice: $(VENV)/installed ## write San Francisco's notice of 2010 as two PDF letters into out/
	@$(BIN)/optout write examples/san-francisco-2010.yaml -o out/
	@echo 'Another county: $(BIN)/optout write marin-county-ca -o out/marin/'

test: $(VENV)/installed-dev ## check style, types, imports, behavior and the wheel
	@echo 'Running every check: about 7 minutes on two cores'
	$(call quietly,{ tools/check-wheel.sh $(BIN)/python & $(MAKE) --no-print-directory lint && wait $$!; })
	@$(BIN)/pytest --quiet --no-header -n auto --dist loadfile --no-loadscope-reorder --cov --cov-report= --cov-fail-under=0
	$(call quietly,$(BIN)/coverage report)

test-all: ## run the tests on each Python from 3.11 to 3.13 on this computer
	@tools/test-all.sh

windows: $(VENV)/installed-dev ## try the commands with Windows' own Python, under Wine
	@tools/windows/tools.sh
	@$(BIN)/python tools/windows/windows.py $(VENV)-windows

lint: $(VENV)/installed-dev ## check style, types and imports
	$(call quietly,$(BIN)/ruff check)
	$(call quietly,$(BIN)/ruff format --check)
	$(call quietly,$(BIN)/mypy --strict optout_cli tests)
	$(call quietly,$(BIN)/lint-imports --no-logo)

format: $(VENV)/installed-dev ## format the code, and fix what ruff can fix
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

verify: $(VENV)/installed-verify ## check the examples' letters against PDF/A-2a and PDF/UA-1, and with qpdf
	@$(BIN)/python tools/verify/verify.py

docs: $(VENV)/installed-dev ## make the pictures, the manual page and the lists of codes again
	@$(BIN)/python tools/pictures.py
	@$(BIN)/python tools/man.py
	@$(BIN)/python tools/codes.py

bench: $(BENCH_VENV)/installed ## measure how long the commands take, beside other programs
	@$(BENCH_VENV)/bin/python bench/bench.py
	@$(BENCH_VENV)/bin/python bench/formats.py
	@$(BENCH_VENV)/bin/python bench/batch.py
	@$(BENCH_VENV)/bin/python bench/register.py

clean: ## remove what the targets made, but not out/, which may hold a signed letter
	rm -rf $(VENV) $(VENV)-3.* $(VENV)-windows $(BENCH_VENV) build dist .coverage .coverage.* .hypothesis
	rm -rf .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# Checked each time: the check is quick, and somebody may have removed a library.
libraries:
	@tools/system-libraries.sh "$(PYTHON)"

# The stamp file is written last, so that make repeats an interrupted step.
$(VENV)/created: | libraries
	@echo 'Making the Python environment $(VENV)'
	$(call quietly,"$(PYTHON)" -m venv $(VENV))
	@touch $@

$(VENV)/installed: pyproject.toml $(VENV)/created | libraries
	@echo 'Installing optout into $(VENV), about a minute the first time'
	$(call quietly,$(BIN)/python -m pip install --quiet --editable .)
	@touch $@

$(VENV)/installed-dev: pyproject.toml $(VENV)/created | libraries
	@echo 'Installing optout and its tests into $(VENV), about a minute the first time'
	$(call quietly,$(BIN)/python -m pip install --quiet --editable '.[dev]')
	@touch $(VENV)/installed $@

$(VENV)/installed-verify: pyproject.toml tools/verify/tools.sh $(VENV)/installed-dev
	@tools/verify/tools.sh
	@echo 'Installing the tools that check the letters into $(VENV)'
	$(call quietly,$(BIN)/python -m pip install --quiet --editable '.[verify]')
	@touch $@

# optout and mailmerge share one environment, so that Python starts equally fast for both.
$(BENCH_VENV)/installed: pyproject.toml agencies.yaml jurisdictions.yaml $(shell find optout_cli templates -type f -not -name '*.pyc') | libraries
	@echo 'Installing optout and mailmerge into $(BENCH_VENV), to measure them'
	$(call quietly,"$(PYTHON)" -m venv --clear $(BENCH_VENV))
	$(call quietly,$(BENCH_VENV)/bin/python -m pip install --quiet . mailmerge==2.3.0 'weasymerge==0.1.0; python_version >= "3.12"')
	@touch $@
