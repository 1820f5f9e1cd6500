# The commands that contributors and CI use; README.md says what each is for.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
BIN := .venv/bin
GO_MODULES := $(patsubst %/go.mod,%,$(wildcard implementations/*/go.mod infra/programs/*/go.mod compiler/benches/*/go.mod compiler/tests/aws/stand-in/go.mod))
PYTHON_IMPLEMENTATIONS := $(patsubst %/requirements.txt,%,$(wildcard implementations/*/requirements.txt))
TOOLS := .venv/checkov .venv/ansible-lint $(PYTHON_IMPLEMENTATIONS:%=%/.venv)
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# As many targets at once as there are CPUs, unless another make runs this one and counts them.
AT_ONCE = $(MAKE) --no-print-directory $(if $(findstring --jobserver,$(MAKEFLAGS)),,--jobs=$(shell nproc) --output-sync=target)

# Where no bytecode is kept, as in many an image, each start of Python compiles what it imports: 10 s for pytest.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## Show these commands
	@{ \
	  grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/'; \
	  for bench in $(BENCHES); do \
	    printf 'bench-%s\t%s\n' "$${bench//_/-}" "$$(sed -nE '1s/^"+([^."]*).*/\1/p' compiler/benches/$$bench.py)"; \
	  done; \
	} | expand -t 24

# --- set-up --------------------------------------------------------------------------------------------------------

$(BIN)/uv: requirements/uv.txt
	python3 -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/lab.installed: $(BIN)/uv requirements/lab.txt pyproject.toml
	$(BIN)/uv pip install --quiet --require-hashes -r requirements/lab.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.installed: .venv/lab.installed requirements/dev.txt
	$(BIN)/uv pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

node_modules/.installed: package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

implementations/%/.venv/installed: implementations/%/requirements-dev.txt $(BIN)/uv
	$(BIN)/uv venv --quiet --allow-existing implementations/$*/.venv
	$(BIN)/uv pip install --quiet --python implementations/$*/.venv --require-hashes -r $<
	@touch $@

# Linters whose dependencies contradict lab's have an environment of their own.
.venv/%/installed: requirements/%.txt $(BIN)/uv
	$(BIN)/uv venv --quiet --allow-existing .venv/$*
	$(BIN)/uv pip install --quiet --python .venv/$* --require-hashes -r $<
	@touch $@

.PHONY: tools
tools: $(TOOLS:%=%/installed) .venv/dev.installed node_modules/.installed ## Install what the checks and tests use

.PHONY: setup
setup: .venv/lab.installed ## Leave the command at .venv/bin/lab

.PHONY: lock
lock: $(BIN)/uv ## Pin the Python dependencies anew, with hashes
	$(BIN)/uv pip compile $(LOCK_FLAGS) pyproject.toml --group build -o requirements/lab.txt
	$(BIN)/uv pip compile $(LOCK_FLAGS) pyproject.toml --group build --group dev -o requirements/dev.txt
	echo uv | $(BIN)/uv pip compile $(LOCK_FLAGS) - -o requirements/uv.txt
	echo checkov | $(BIN)/uv pip compile $(LOCK_FLAGS) - -o requirements/checkov.txt
	echo ansible-lint | $(BIN)/uv pip compile $(LOCK_FLAGS) - --constraint requirements/lab.txt -o requirements/ansible-lint.txt
LOCK_FLAGS := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header

# --- use -----------------------------------------------------------------------------------------------------------

.PHONY: quickstart
quickstart: setup ## Compare two frameworks on this machine, in a few minutes
	$(BIN)/lab apply experiments/quickstart.yaml || [ $$? -eq 4 ]

# --- checks --------------------------------------------------------------------------------------------------------

# The longest first.
CHECKS := check-tests check-typescript check-types check-python check-go

.PHONY: check $(CHECKS)
check: ## Format, lint, types, contracts and unit tests: 2 min on 2 cores
	+@$(AT_ONCE) $(CHECKS)

check-tests: .venv/dev.installed
	$(BIN)/pytest --quiet --numprocesses=auto --dist=worksteal

check-python: .venv/dev.installed
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/lint-imports --no-logo
	$(BIN)/yamllint --strict .

check-types: .venv/dev.installed node_modules/.installed $(PYTHON_IMPLEMENTATIONS:%=%/.venv/installed)
	$(BIN)/mypy
	for folder in $(PYTHON_IMPLEMENTATIONS); do (cd $$folder && .venv/bin/mypy) || exit 1; done
	npm run --silent type-check

check-typescript: node_modules/.installed
	npm run --silent format:check
	npm run --silent lint
	npm run --silent lint:spec
	npm run --silent test

# Go keeps the compiled staticcheck in its own cache.
check-go:
	for module in $(GO_MODULES); do ( \
	  cd $$module && test -z "$$(gofmt -l . | tee /dev/stderr)" && go vet ./... && go test ./... && go run $(STATICCHECK) ./... \
	) || exit 1; done

.PHONY: check-terraform
check-terraform: .venv/checkov/installed ## Format and security rules of infra/, without network
	terraform fmt -check -diff -recursive infra
	.venv/checkov/bin/checkov --directory infra --framework terraform --skip-download --quiet --compact

.PHONY: check-playbooks
check-playbooks: .venv/ansible-lint/installed ## ansible-lint's strictest profile
	PATH=$$PWD/.venv/ansible-lint/bin:$$PATH ANSIBLE_CONFIG=playbooks/ansible.cfg ansible-lint --nocolor -q playbooks/roles/*

SLOWEST := --durations=15 --durations-min=5

# What starts servers, but loads nothing: it may run beside the checks and each other.
UNLOADED := test-aws test-typescript test-conformance test-new test-python

.PHONY: test $(UNLOADED)
test: ## All that needs no root: real k6, PostgreSQL, Ansible and Terraform: 15 to 18 min on 2 cores, 23 the first time
	+@$(AT_ONCE) $(UNLOADED) $(CHECKS) check-terraform check-playbooks
# The first of these build k6, which the others use.
	$(BIN)/pytest --quiet -m tools $(SLOWEST) compiler/tests/e2e compiler/tests/playbooks

test-conformance test-aws: test-%: .venv/dev.installed
	$(BIN)/pytest --quiet -m tools $(SLOWEST) compiler/tests/$*

test-new: .venv/dev.installed node_modules/.installed
	$(BIN)/pytest --quiet -m tools $(SLOWEST) compiler/tests/test_new.py

test-python: $(PYTHON_IMPLEMENTATIONS:%=%/.venv/installed)
	for folder in $(PYTHON_IMPLEMENTATIONS); do (cd $$folder && .venv/bin/pytest --quiet -m 'tools or not tools') || exit 1; done

# After check-types, since both compile into the same folders.
test-typescript: .venv/dev.installed node_modules/.installed check-types
	$(BIN)/python compiler/tests/conformance/postgres.py npm run --silent test:implementations

.PHONY: test-hosts
test-hosts: .venv/dev.installed ## What needs root: hosts in namespaces of this machine, made, broken and removed: 13 min
	$(BIN)/pytest --quiet -m hosts $(SLOWEST)

.PHONY: format
format: .venv/dev.installed node_modules/.installed ## Format and mend what can be mended
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	npm run --silent format
	gofmt -w $(GO_MODULES)

.PHONY: golden
golden: .venv/dev.installed ## Write the compiler's golden files anew; read their diff
	$(BIN)/pytest --quiet --update-golden || $(BIN)/pytest --quiet

# --- benches --------------------------------------------------------------------------------------------------------

BENCHES := $(patsubst compiler/benches/%.py,%,$(shell grep -l __main__ compiler/benches/*.py))

# What each measures stands in the first line of its module; ARGUMENTS goes to it.
bench-%: .venv/dev.installed
	$(BIN)/python compiler/benches/$(subst -,_,$*).py $(ARGUMENTS)
