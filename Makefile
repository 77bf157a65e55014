# Asbuilt needs Python 3.11+, git and make; everything else goes into .venv.
# `make run` to use it, `make test` to trust it, `make` to see the rest.

STORE     ?=
NEO4J_URL ?= bolt://127.0.0.1:7687
CONFIG    ?=
ARGS      ?=

UV      := uv==0.13.9
VENV    := .venv
BIN     := $(VENV)/bin
STAMP   := $(VENV)/.installed
PROFILE := dev
PLACE    = $(if $(filter neo4j,$(STORE)),$(NEO4J_URL),$(STORE))
PYTEST   = $(BIN)/python -m pytest --hypothesis-profile=$(PROFILE)

# The environment is .venv, with the Python that it was made with, whatever else is active.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
# Trust whom this machine trusts (a company's proxy, say), as pip does; where it says nothing, uv brings its own list.
ifneq ($(wildcard /etc/ssl/cert.pem /etc/ssl/certs/*.crt /etc/pki/tls/certs/*.crt),)
export UV_SYSTEM_CERTS ?= 1
endif

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install run test quick check format static bench record soak clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## Install everything into .venv, exactly as locked

run: $(STAMP) ## Start Asbuilt on http://127.0.0.1:8000 (STORE=file, neo4j or bolt://...; CONFIG=asbuilt.yaml)
	@$(BIN)/asbuilt run $(if $(CONFIG),--config "$(CONFIG)") $(if $(PLACE),--store "$(PLACE)") $(ARGS)

test: $(STAMP) ## Run every test, real servers included (ARGS= goes to pytest)
	@$(PYTEST) --durations=10 $(ARGS)

quick: static ## Check format, lint, types, imports, and run the tests that need no server and little time
	@$(PYTEST) -m "not server and not slow and not long" -n auto $(ARGS)

check: PROFILE := ci
check: static test ## Do exactly what CI does: every check and every test

format: $(STAMP) ## Rewrite the code as ruff formats it
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

static: $(STAMP) ## Check format, lint, types and import contracts
	@echo "== format" && $(BIN)/ruff format --check
	@echo "== lint" && $(BIN)/ruff check
	@echo "== types" && $(BIN)/mypy
	@echo "== import contracts" && $(BIN)/lint-imports

bench: $(STAMP) ## Measure what the memory costs, and write docs/performance.md (ARGS='--sizes 10k')
	@$(BIN)/python -m tests.bench $(ARGS)

record: $(STAMP) ## Make the bundled recording again, from the real control plane
	@$(BIN)/python -m tests.servers.record $(ARGS)

soak: PROFILE := soak
soak: $(STAMP) ## Run the long campaigns: many random histories, many killed commits
	@$(PYTEST) -m long --durations=10 $(ARGS)

clean: ## Remove .venv and caches; stores, recordings and ~/.cache/asbuilt stay
	rm -rf $(VENV) build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find api collectors discovery graph tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python on the path that is new enough and really starts (a pyenv shim may not).
$(BIN)/uv:
	@for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	    if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "Asbuilt needs Python 3.11 or newer; none was found on the path." >&2; exit 1; fi; \
	echo "== .venv with $$($$python --version)"; \
	$$python -m venv $(VENV) || { echo "This Python cannot make an environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(UV)

$(STAMP): $(BIN)/uv pyproject.toml uv.lock
	@echo "== dependencies, as locked"
	@$(BIN)/uv sync --frozen --python $(BIN)/python
	@touch $@
