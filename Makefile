# Everything that is done here, by name: `make help`.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
RUN := $(VENV)/bin/python
DENO := DENO_NO_UPDATE_CHECK=1 $(VENV)/bin/deno
FORWARDERS := --quiet --config supabase/functions/deno.json supabase/functions tests/support/edge_runtime.ts
CLIENT := --quiet --config supabase/functions/deno.json supabase/types tests/types examples/web/src examples/web/vite.config.ts
TSC := $(shell $(RUN) -c 'from local.database import node_program; print(node_program())' 2>/dev/null) local/node_modules/typescript/bin/tsc
REST := --quiet --config local/gateway/rest/deno.json local/gateway/rest local/gateway/tokens
# The first that is new enough, or the one that is named: make PYTHON=/path/to/python3 up
ifndef PYTHON
PYTHON := $(shell for python in $(RUN) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
endif

.PHONY: help up stop reset status resume test test-slow lint types format client-types openapi blocks mail-preview demo-billing deploy secrets-check lock setup test-upgrade audit backup restore

help: ## Show what can be made
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: setup ## Run the whole backend on this machine; Ctrl-C stops it
	@$(RUN) -m local up

stop: setup ## Stop it from another terminal
	@$(RUN) -m local stop

reset: setup ## Stop it and forget what it stored
	@$(RUN) -m local reset

backup: setup ## Put all that the project holds into one encrypted archive, e.g. TO=/mnt/backup.tar.age
	@$(RUN) -m local.backup create $(if $(TO),"$(TO)")

restore: setup ## Fill an empty stack from an archive: FROM=/mnt/backup.tar.age; REPLACE=yes removes what is there
	@$(if $(FROM),,echo "showcase: say which archive: make restore FROM=<file>" >&2; exit 1;) \
		$(RUN) -m local.backup restore $(if $(REPLACE),--replace) "$(FROM)"

test: lint types ## Run every check: lint, types, tests
	@$(RUN) -m pytest -n auto

test-slow: setup ## Run the tests that take minutes: many more random runs
	@$(RUN) -m pytest -n auto -m slow

test-upgrade: setup ## Apply the new migrations to the data of the version before
	@$(RUN) -m pytest tests/sql/test_upgrade.py

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

format: setup ## Format the code, and mend what can be mended
	@$(RUN) -m ruff check --fix
	@$(RUN) -m ruff format
	@$(DENO) fmt $(FORWARDERS)
	@$(DENO) fmt $(CLIENT)
	@$(DENO) fmt $(REST)

client-types: setup ## Make supabase/types from the database of a running `make up`, docs/openapi.json and docs/blocks.schema.json
	@$(RUN) -m local.client_types

openapi: setup ## Make docs/openapi.json from the functions' models and route table
	@PYTHONPATH=functions $(RUN) -m showcase.openapi > docs/openapi.json

blocks: setup ## Make docs/blocks.schema.json and sql/design_schema.sql from the block catalogue
	@PYTHONPATH=functions $(RUN) -m local.generate_blocks

status: setup ## Show how the whole system is; ends with 1 where something needs somebody now
	@$(RUN) -m local.status

resume: setup ## Have a platform asked again at once, its token mended: make resume PLATFORM=linkedin
	@$(RUN) -m local.status --resume $(PLATFORM)

mail-preview: setup ## Render every e-mail to .local/mail, to look at
	@$(RUN) -m local.mail_preview

demo-billing: setup ## Take a person through checkout, renewal, a failed payment and cancellation, beside a running `make up`
	@$(RUN) -m local.demo_billing

deploy: setup ## Say what it takes to deploy to ENV=staging or production; with APPLY=yes, do it
	@PYTHONPATH=functions $(RUN) -m local.deploy $(or $(ENV),staging) $(if $(filter yes,$(APPLY)),--apply)

secrets-check: setup ## List every variable of ENV=local, staging or production: who reads it, and whether it is set
	@PYTHONPATH=functions $(RUN) -m local.secrets_check $(or $(ENV),local)

audit: setup ## Report on the database, dependencies, secrets and workflows; ONLY=some of these, OUT=a file
	@$(RUN) -m local.audit $(if $(ONLY),--only $(ONLY)) $(if $(OUT),--out $(OUT))

lock: setup ## Lock the newest versions that pyproject.toml and local/package.json allow
	@$(RUN) -m local.lock

setup: # Install the locked packages, when they changed
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "showcase: $(or $(PYTHON),no python3 here) is not Python 3.11 or newer:" \
			"install it, or say where it is: make PYTHON=/path/to/python3 up" >&2; exit 1; }
	@$(PYTHON) -m local.bootstrap
