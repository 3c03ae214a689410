# `make` lists what there is. Nothing has to be installed by hand first, on Debian 12 and as root:
# every target begins with tools/bootstrap, which does nothing when there is nothing to do.

SHELL := /bin/bash
PYTHON := .venv/bin/python
PYTEST := $(PYTHON) -m pytest

# Ansible and Python find the checkout as the collection wcp360.hosting, and leave nothing in the home directory.
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.cache/collections
export ANSIBLE_HOME := $(CURDIR)/.cache/ansible
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.cache/hypothesis
export LC_ALL := C.UTF-8
export NO_COLOR := 1
export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/sbin:/sbin
export PYTHONPATH := $(CURDIR)/.cache/collections:$(CURDIR)/tools

.DEFAULT_GOAL := help
.PHONY: help venv demo demo-down test lint test-unit test-integration test-hosts bench build clean

help: ## Lists the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target text; do \
		printf 'make %-18s %s\n' "$$target" "$$text"; done

venv: ## Installs what the other targets need: Debian packages, .venv
	@tools/bootstrap

demo: venv ## Boots a manager and a node, loads the example records, and fetches every domain
	$(PYTHON) tools/demo up

demo-down: venv ## Removes the demo's hosts
	$(PYTHON) tools/demo down

test: venv ## Runs every check and every test
	@for part in lint test-unit test-integration test-hosts; do \
		TIMEFORMAT="make $$part: %0R s"; \
		echo "make $$part ..."; \
		time $(MAKE) --no-print-directory $$part || exit; \
	done

lint: venv ## Checks the sources; ONLY="mypy ruff" runs some of the checks
	$(PYTHON) tools/lint.py $(ONLY)

test-unit: venv ## Tests the pure core and the packaging; needs no service
	$(PYTEST) tests/unit tests/packaging tools/testhosts/tests $(ARGS)

test-integration: venv ## Tests against a PostgreSQL that the tests start
	$(PYTEST) tests/integration $(wildcard tests/security) $(ARGS)

test-hosts: venv ## Tests on booted hosts
	.venv/bin/molecule test
	$(PYTEST) tests/hosts $(ARGS)

bench: venv ## Measures what docs/benchmarks.md reports; ONLY="converge" runs some of it
	@for bench in $(or $(ONLY),nginx_reload inventory records audit converge); do \
		$(PYTHON) -m tests.bench.$$bench $(ARGS) || exit; \
	done

build: venv ## Builds the collection's artifact and the Python packages into dist/
	.venv/bin/ansible-galaxy collection build --force --output-path dist
	.venv/bin/hatchling build --directory dist

clean: ## Removes what make put into the checkout; hosts that run go on
	rm -rf .venv .cache dist
