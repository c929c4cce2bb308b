# Everything a person needs: `make run` to try it, `make test` to check it.
# Needs git, make and Python 3.11 or newer with pip; all else is installed under .tools and .venv.

PORT ?= 8000
HOST ?= 127.0.0.1
# Members of the synthetic department that `make bench` builds.
MEMBERS ?= 100000
# Another interpreter: `make setup PYTHON=python3.13`
PYTHON ?= $(firstword $(foreach p,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))

UV := .tools/bin/uv
PY := .venv/bin/python
CATALOGUE := locale/zh_Hans/LC_MESSAGES/django
# The most that was ever installed here stays installed: run, dev (tests) or e2e (browser).
LEVEL_OF_RUN := $(if $(wildcard .venv/.e2e),e2e,$(if $(wildcard .venv/.dev),dev,run))
LEVEL_OF_DEV := $(if $(wildcard .venv/.e2e),e2e,dev)
# Compiled once here, not by every process that may not write there.
SYNC := $(UV) pip sync --quiet --compile-bytecode --python $(PY) --require-hashes

export UV_PYTHON_DOWNLOADS := never
export PIP_ROOT_USER_ACTION := ignore
export PORT HOST

.DEFAULT_GOAL := help
CHECKS := check-format check-lint check-templates check-floors check-types \
	check-migrations check-catalogue
TEMPLATES = $(shell find templates -name '*.html' 2>/dev/null)

.PHONY: help setup run test e2e check fix bench lock catalogue $(CHECKS)

help:
	@echo 'make run [PORT=8000]   set up, load the demo, start web, worker and beat'
	@echo 'make test              set up and run the tests'
	@echo 'make e2e               run the browser tests (needs chromium)'
	@echo 'make check             formatting, lint, floors, types, migrations, catalogue'
	@echo 'make fix               repair what can be repaired'
	@echo 'make bench             month-end and year-end beside bare SQL [MEMBERS=100000]'
	@echo 'make catalogue         bring the Chinese catalogue to the texts in the code'
	@echo 'make lock              renew the lock files under requirements/'

$(UV): requirements/tools.txt
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer is needed. 需要 Python 3.11 或更高版本。' >&2; exit 1; }
	@echo 'Setting up (once) … 首次运行，正在准备环境'
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-input --upgrade \
		--require-hashes --target .tools -r requirements/tools.txt
	@touch $@

$(PY): | $(UV)
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv

.venv/.run: requirements/run.txt | $(PY)
	@$(SYNC) requirements/$(LEVEL_OF_RUN).txt
	@touch $@

.venv/.dev: requirements/dev.txt | $(PY)
	@$(SYNC) requirements/$(LEVEL_OF_DEV).txt
	@touch .venv/.run $@

.venv/.e2e: requirements/e2e.txt | $(PY)
	@$(SYNC) requirements/e2e.txt
	@touch .venv/.run .venv/.dev $@

# Only a machine for trying things out gets this file; a server gets its variables from its host.
.env:
	@printf '%s\n' '# Made by make for this machine only. Every variable: .env.example' 'DEBUG=on' 'DEMO=on' > $@

$(CATALOGUE).mo: $(CATALOGUE).po lib/catalogue.py
	@$(PY) -m lib.catalogue --compile

setup: .venv/.run .env $(CATALOGUE).mo

run: .venv/.run .env $(CATALOGUE).mo
	@exec $(PY) -m config.serve

test: .venv/.dev .env $(CATALOGUE).mo
	$(PY) -m pytest -n auto --dist worksteal $(ARGS)

e2e: .venv/.e2e .env $(CATALOGUE).mo
	$(PY) -m pytest -m browser $(ARGS)

check: $(CHECKS)
$(CHECKS): .venv/.dev
check-format:
	.venv/bin/ruff format --check --quiet .
check-lint:
	.venv/bin/ruff check --quiet .
check-templates:
	@echo djade, djangofmt
	@.venv/bin/djade --target-version 5.2 --check $(TEMPLATES)
	@.venv/bin/djangofmt --quiet --check $(TEMPLATES)
check-floors:
	.venv/bin/lint-imports --no-cache
check-types:
	.venv/bin/mypy
check-migrations:
	$(PY) manage.py makemigrations --check --dry-run --settings tests.settings
check-catalogue:
	$(PY) -m lib.catalogue --check

fix: .venv/.dev
	.venv/bin/ruff check --fix --quiet . || true
	.venv/bin/ruff format --quiet .
	.venv/bin/djangofmt --quiet $(TEMPLATES)
	.venv/bin/djade --target-version 5.2 $(TEMPLATES) || true

bench: .venv/.dev .env $(CATALOGUE).mo
	$(PY) -m tests.bench --members $(MEMBERS) $(ARGS)

catalogue: .venv/.dev
	$(PY) -m lib.catalogue --update $(ARGS)

EXPORT := $(UV) export --quiet --no-header --no-annotate --no-default-groups
lock: | $(UV)
	$(UV) lock --quiet --upgrade --python $(PYTHON)
	$(EXPORT) -o requirements/run.txt > /dev/null
	$(EXPORT) --group dev -o requirements/dev.txt > /dev/null
	$(EXPORT) --group e2e -o requirements/e2e.txt > /dev/null
	echo uv | $(UV) pip compile --quiet --no-header --no-annotate --generate-hashes --universal \
		--python-version 3.11 --upgrade - -o requirements/tools.txt > /dev/null
