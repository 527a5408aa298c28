# Everything that is done here, by name: `make help`.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
RUN := $(VENV)/bin/python
# Tests keep their bytecode, whatever the machine's setting: else each worker compiles all of them, twice as long.
PYTEST := PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest
DENO := DENO_NO_UPDATE_CHECK=1 $(VENV)/bin/deno
FORWARDERS := --quiet --config supabase/functions/deno.json supabase/functions tests/support/edge_runtime.ts
CLIENT := --quiet --config supabase/functions/deno.json supabase/types tests/types examples/web/src examples/web/vite.config.ts
TSC := $(shell $(RUN) -c 'from local.postgres.migrations import node_program; print(node_program())' 2>/dev/null) local/node_modules/typescript/bin/tsc
REST := --quiet --config local/gateway/rest/deno.json local/gateway/rest local/gateway/tokens
# The first that is new enough, or the one that is named: make PYTHON=/path/to/python3 up
ifndef PYTHON
PYTHON := $(shell for python in $(RUN) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
endif

# Colours for a terminal alone.
PLAIN := $(if $(MAKE_TERMOUT),,| sed 's/\x1b\[[0-9]*m//g')

.PHONY: help up stop reset status resume test test-slow test-small bytecode check lint types format client-types openapi blocks mail-preview demo-billing deploy secrets-check lock setup test-upgrade audit backup restore

help:
	@awk 'BEGIN { FS = ":.*## "; print "Start here: \033[1mmake up\033[0m installs what is missing, runs everything and prints where it is." } \
		/^##@ / { printf "\n\033[1m%s\033[0m\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST) $(PLAIN)

##@ Run

up: setup ## Run it all on this machine, a site included; Ctrl-C stops it
	@$(RUN) -m local up

stop: setup ## Stop it from another terminal
	@$(RUN) -m local stop

status: setup ## Show how everything is; ends with 1 where something needs you now
	@$(RUN) -m ops.status

reset: setup ## Stop it and forget what it stored
	@$(RUN) -m local reset

##@ Look

mail-preview: setup ## Render every e-mail to .local/mail, to look at
	@$(RUN) -m local.tools.mail_preview

demo-billing: setup ## Take a user through checkout, renewal, a failed payment and cancellation
	@$(RUN) -m local.tools.demo_billing

##@ Check

test: setup ## Run every check: lint, types, tests; ends with the ten slowest
	@$(RUN) -m local.tools.fetch_descriptions
	@$(MAKE) -j 3 lint types bytecode
	@$(PYTEST) -n auto --durations=10

check: setup ## Run what answers in about a minute: lint, types, tests of units and SQL
	@$(MAKE) -j 3 lint types test-small

test-small: setup
	@$(PYTEST) -n auto --durations=10 tests/unit tests/sql

bytecode: setup # Compile the tests once, while types are checked on another core
	@$(PYTEST) --collect-only --quiet > /dev/null

lint: setup ## Check style and formatting
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(DENO) lint $(FORWARDERS)
	@$(DENO) fmt --check $(FORWARDERS)
	@$(DENO) lint $(CLIENT)
	@$(DENO) fmt --check $(CLIENT)
	@$(DENO) lint $(REST)
	@$(DENO) fmt --check $(REST)

types: setup ## Check types
	@$(RUN) -m mypy
	@$(TSC) --project examples/web
	@$(DENO) check --no-remote --no-npm --no-lock $(FORWARDERS)
	@$(DENO) check --no-remote --no-npm --no-lock $(REST)
	@$(TSC) --project tests/types

format: setup ## Format the code, and fix what can be fixed
	@$(RUN) -m ruff check --fix
	@$(RUN) -m ruff format
	@$(DENO) fmt $(FORWARDERS)
	@$(DENO) fmt $(CLIENT)
	@$(DENO) fmt $(REST)

test-slow: setup ## Run the tests that take minutes: many more random runs
	@$(PYTEST) -n auto -m slow

test-upgrade: setup ## Apply the new migrations to the data of the version before
	@$(RUN) -m pytest tests/sql/test_upgrade.py

##@ Generate

client-types: setup ## Write supabase/types, beside a running `make up`
	@$(RUN) -m local.tools.client_types

openapi: setup ## Write docs/openapi.json from the functions' models and routes
	@PYTHONPATH=functions $(RUN) -m showcase.openapi > docs/openapi.json

blocks: setup ## Write docs/blocks.schema.json and sql/design/design_schema.sql
	@PYTHONPATH=functions $(RUN) -m local.tools.generate_blocks

lock: setup ## Lock the newest versions that pyproject.toml and local/package.json allow
	@$(RUN) -m local.tools.lock_dependencies

##@ Operate

deploy: setup ## Say what a deployment to ENV=staging or production takes; APPLY=yes does it
	@PYTHONPATH=functions $(RUN) -m ops.deploy $(or $(ENV),staging) $(if $(filter yes,$(APPLY)),--apply)

secrets-check: setup ## List each variable of ENV=local, staging or production, and whether it is set
	@PYTHONPATH=functions $(RUN) -m ops.secrets_check $(or $(ENV),local)

audit: setup ## Report on the database, dependencies, secrets and workflows; ONLY=, OUT=
	@$(RUN) -m ops.audit $(if $(ONLY),--only $(ONLY)) $(if $(OUT),--out $(OUT))

backup: setup ## Write everything into one encrypted archive: TO=/mnt/backup.tar.age
	@$(RUN) -m ops.backup create $(if $(TO),"$(TO)")

restore: setup ## Fill an empty stack: FROM=/mnt/backup.tar.age; REPLACE=yes empties it first
	@$(if $(FROM),,echo "showcase: say which archive: make restore FROM=<file>" >&2; exit 1;) \
		$(RUN) -m ops.backup restore $(if $(REPLACE),--replace) "$(FROM)"

resume: setup ## Ask a platform again whose token was renewed: PLATFORM=linkedin
	@$(RUN) -m ops.status --resume $(PLATFORM)

setup: # Install the locked packages, when they changed
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "showcase: $(or $(PYTHON),no python3 here) is not Python 3.11 or newer:" \
			"install it, or say where it is: make PYTHON=/path/to/python3 up" >&2; exit 1; }
	@$(PYTHON) -m local.stack.bootstrap
