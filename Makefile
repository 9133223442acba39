# Two commands: `make demo` and `make test`. Everything they need is set up in .venv by infra/setup.sh.
.DEFAULT_GOAL := help
VENV := .venv
BENCH := ingest
# Processes of the tests; a file's tests stay together, since they share what is slow to make.
# One more than cores: some tests wait for servers, and meanwhile another computes.
JOBS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
BIN := $(VENV)/bin
LABEL_HOME := .serloop/label-proofs
# Two intra-op threads under contention can be several times slower than one.
export OMP_NUM_THREADS ?= 1

DEMO_ARGS := $(if $(CORPUS),--corpus $(CORPUS)) $(if $(DATA),--data "$(DATA)") $(if $(LABEL_STUDIO),--label-studio) $(ARGS)

.PHONY: help setup demo test proofs labelproofs lint types audit wheel bench up down clean

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /\1\t/' | expand -t 13

setup: ## Create .venv with the pinned dependencies (reused while they are unchanged)
	@sh infra/setup.sh $(VENV)

demo: setup ## Run the whole loop on synthetic speech, or CORPUS=ravdess DATA=path; LABEL_STUDIO=1: with a queue to label
	@$(BIN)/serloop demo $(DEMO_ARGS)

test: setup ## Run the tests
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile $(ARGS)

proofs: setup ## Run the slow proofs too: kill -9, full RAVDESS, training to its target
	@$(BIN)/python -m pytest -m slow $(ARGS)

labelproofs: setup ## Run the slow proofs against a real Label Studio (installed once, 1 GB; PostgreSQL and Chromium where there are)
	@test -n "$$SERLOOP_LABEL_STUDIO__ENVIRONMENT" || test -d $(LABEL_HOME)/label-studio/environment \
		|| { SERLOOP_LABEL_STUDIO__PORT=18998 $(BIN)/serloop label-studio up --home $(LABEL_HOME) \
		&& $(BIN)/serloop label-studio down --home $(LABEL_HOME); }
	@SERLOOP_LABEL_STUDIO__ENVIRONMENT=$${SERLOOP_LABEL_STUDIO__ENVIRONMENT:-$(CURDIR)/$(LABEL_HOME)/label-studio/environment} \
		$(BIN)/python -m pytest -m label_studio $(ARGS)

bench: setup ## Measure against named peers, as ratios; BENCH=trimming, fingerprint, memory, scaling, …
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[bench]'
	@$(BIN)/python -m tests.benchmarks.$(BENCH) $(ARGS)

lint: setup ## Check lint and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup ## Check types
	@$(BIN)/mypy

audit: setup ## Look up known vulnerabilities of all pinned packages; exit code 3: could not look
	@$(BIN)/python infra/audit.py constraints.txt pipelines/label_studio/constraints.txt

wheel: setup ## Build the wheel, install it elsewhere and import it
	@sh infra/check_wheel.sh $(VENV)

up: setup ## Run everything on this machine, supervised: Prefect, a worker, Label Studio, the gateway
	@$(BIN)/serloop up $(ARGS)

down: ## End all that `make up` runs
	@$(BIN)/serloop down $(ARGS)

clean: ## Remove the environment and everything the demo wrote
	rm -rf $(VENV) .serloop build dist
