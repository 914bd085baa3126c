# Copyright (c) 2026, harvester_ops.remediation contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

BIN := .venv/bin
# mypy knows a file of the collection by the name Ansible imports it by only when it is reached this way.
IMPORT_TREE := .venv/src/ansible_collections/harvester_ops/remediation
# Tests side by side. Those with a control plane (about 800 MiB each) wait as much as they compute.
JOBS ?= 2
CLUSTERS ?= 3
PYTEST_ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup lock lint unit sanity controlplane integration scenarios transcripts kill-matrix benchmark test demo docs build clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv with everything pinned and the checkout as the installed collection
	@tests/tools/setup.sh

lock: setup ## Pin requirements-dev.txt anew from requirements-dev.in and requirements.txt
	@$(BIN)/pip-compile --quiet --upgrade --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host \
		--no-emit-find-links --output-file requirements-dev.txt requirements-dev.in

demo: setup ## Make a cluster ill, repair it, show before and after
	@tests/demo/demo

test: setup ## Everything below, the control plane built meanwhile; a summary at the end
	@$(BIN)/python tests/tools/run_stages.py

lint: setup ## Style, types, licence headers, import directions, changelog fragments, import by Galaxy
	@PATH="$(CURDIR)/$(BIN):$$PATH" tests/tools/lint.sh $(IMPORT_TREE)

unit: setup ## Tests without a cluster
	@$(BIN)/python -m pytest tests/unit -n $(JOBS) -q $(PYTEST_ARGS)

sanity: setup ## ansible-test sanity, nothing ignored
	@$(BIN)/python tests/tools/sanity.py

controlplane: setup ## Build the control plane for tests (once, about 12 minutes)
	@tests/controlplane/controlplane build

integration: setup controlplane ## Tests against real control planes, and the main job from end to end
	@$(BIN)/python -m pytest tests/integration tests/scenarios -m "not slow" -n $(CLUSTERS) -q $(PYTEST_ARGS)

scenarios: setup controlplane ## Every failure mode, Rancher line and interruption, from end to end (about an hour)
	@$(BIN)/python -m pytest tests/scenarios tests/integration/test_half_applied.py -n $(CLUSTERS) -q $(PYTEST_ARGS)

kill-matrix: setup controlplane ## Kill a run at every moment, with both Helms; writes docs/kill-matrix.md (about 20 minutes)
	@$(BIN)/python -m pytest tests/scenarios/test_kill_matrix.py -n $(CLUSTERS) -q $(PYTEST_ARGS)
	@$(BIN)/python tests/tools/write_kill_matrix.py

benchmark: setup controlplane ## Time the diagnosis, weigh a repair, the fetching of charts and the loading of documents
	@PYTHONPATH=tests $(BIN)/python tests/benchmarks/diagnosis.py
	@PYTHONPATH=tests $(BIN)/python tests/benchmarks/remediation.py
	@PYTHONPATH=tests $(BIN)/python tests/benchmarks/chart_fetch.py
	@PYTHONPATH=tests $(BIN)/python tests/benchmarks/document_loading.py
	@PYTHONPATH=tests $(BIN)/python tests/benchmarks/bundle_reading.py

transcripts: setup controlplane ## Write docs/transcripts anew from the runs of the tests
	@REMEDIATION_WRITE_TRANSCRIPTS=1 $(BIN)/python -m pytest tests/scenarios -m "not slow" -n $(JOBS) -q $(PYTEST_ARGS)

docs: setup ## Generate the reference pages
	@set -e; for generator in $(sort $(wildcard tests/tools/generate_*.py)); do $(BIN)/python "$$generator"; done

build: setup ## Build the collection's tarball
	@$(BIN)/ansible-galaxy collection build --force

clean: ## Remove what make made here (the control plane's build cache stays)
	@rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis harvester_ops-remediation-*.tar.gz
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
