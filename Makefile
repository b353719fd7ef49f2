# One line per target here; the work itself is in tools/.
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo slurm slurm-down test check docs bench lock reference clean

PYTHON = $(shell tools/find_python.sh)
RUN := .venv/bin/python

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: ## Prepare .venv with .venv/bin/fabrica from the locked packages
	@tools/find_python.sh >/dev/null && $(PYTHON) tools/setup_environment.py run

setup-dev: ## The same, and everything the tests need
	@tools/find_python.sh >/dev/null && $(PYTHON) tools/setup_environment.py dev

demo: setup ## Train a real model on the embedded network, from allocation to record
	@$(RUN) tools/demo.py

slurm: setup ## Start two real Slurm sites on this machine, joined to the embedded network
	@$(RUN) tools/slurm.py up

slurm-down: setup ## End both Slurm sites and leave nothing of them
	@$(RUN) tools/slurm.py down

test: setup-dev ## Run every check and every test, with real services
	@$(RUN) tools/test.py

check: setup-dev ## Only the checks that take seconds: style, types, contracts
	@$(RUN) tools/test.py --only checks

docs: setup-dev ## Build the documentation into docs/_build/html; a warning is an error
	@$(RUN) -m sphinx -W --keep-going -q -b html docs docs/_build/html && echo "Read docs/_build/html/index.html"

reference: setup-dev ## Write the reference pages that are made from the code
	@$(RUN) tools/write_reference.py

bench: setup-dev ## Print the figures of benchmarks/
	@$(RUN) tools/benchmarks.py

lock: setup-dev ## Choose and lock the versions of every package anew
	@$(RUN) tools/lock.py

clean: ## Remove what the targets above made, but not ~/.fabrica
	rm -rf .venv docs/_build build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache tests/services/node_modules .slurm-releases .apptainer
