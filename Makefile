.DEFAULT_GOAL := help
SHELL := /bin/bash
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export UV_PYTHON_DOWNLOADS := never

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
UV := .uv/bin/uv
SIZES ?= 1,10
ROWS ?= 1000000
TOUCHPOINTS ?= 1,10
SUPERSET := var/superset/venv

# List the commands.
help:
	@awk '/^# /{about=substr($$0,3)} /^[a-z-]+:/{sub(":.*","",$$1); if (about) printf "  make %-14s %s\n",$$1,about; about=""}' $(MAKEFILE_LIST)

# Make the locked environment in .venv (uv, hashes); does nothing when it is up to date.
setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@echo "The locked environment goes into .venv (a minute or two the first time)."
	@test -x $(UV) || ($(PYTHON) -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r .ci/uv.txt)
	@test -x .venv/bin/python || $(UV) venv --quiet --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
	@$(UV) pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation -e .
	@touch $@

# Resolve the lock again after a change of dependencies in pyproject.toml.
lock:
	$(UV) pip compile --quiet pyproject.toml --group dev --extra splink --universal --python-version 3.11 --generate-hashes --no-header -o requirements.lock
	$(UV) pip compile --quiet superset/requirements.in --universal --python-version 3.11 --generate-hashes --no-header -o superset/requirements.lock

# Run one night for a fixed business date against the sandbox platforms; prints the report, leaves report.html.
demo: setup
	python -m tests.sandbox.demo

# Lint, then pass every test: three files at a time, since nights mostly wait for Postgres.
test: setup lint oracle
	@.ci/mariadb.sh
	python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --ignore=tests/bi

# Build what attribution is compared with in tests (.ci/oracle.txt).
oracle: setup
	@.venv/bin/python -c "import ChannelAttribution" 2>/dev/null || $(UV) pip install --quiet --python .venv/bin/python --no-deps --require-hashes -r .ci/oracle.txt

# Check style, layers, types, SQL and YAML.
lint: setup
	ruff check .
	ruff format --check .
	mypy
	sqlfluff lint --processes 0 dbt_project
	yamllint --strict .

# Write the first files of a new source, NAME=crm (docs/adding-a-source.md).
source: setup
	@quanyu source scaffold $(NAME)

# Measure identity beside what others would use; SIZES=1,10,50 in millions of edges (docs/benchmarks.md).
bench-identity: setup
	python -m benchmarks.identity --sizes $(SIZES)

# Measure landing beside COPY, dlt, Airflow and pandas; ROWS=1000000 (docs/benchmarks.md).
bench-landing: setup
	python -m benchmarks.landing --rows $(ROWS)

# Measure the marts, full and by night, beside plain tables and DuckDB; TOUCHPOINTS=1,10 in millions (docs/benchmarks.md).
bench-marts: setup
	python -m benchmarks.marts --sizes $(TOUCHPOINTS)

# Measure sending and planning beside a bare loop (docs/benchmarks.md).
bench-activation: setup
	python -m benchmarks.activation

# Kill the sender wherever it can die and count who got what, beside designs that lose (docs/kill-test.md).
kill-test: setup
	python -m tests.faults.kill

# The same as demo, and it stays up with the Airflow UI; with a .env or QUANYU_WAREHOUSE_URL, a brand's own stack.
up: setup
	@if test -f .env; then set -a; . ./.env; set +a; quanyu up; \
	elif test -n "$$QUANYU_WAREHOUSE_URL"; then quanyu up; \
	else python -m tests.sandbox.demo --keep; fi

# Show the marts of what `make up` started in Superset, an environment of its own (docs/bi.md).
bi: setup $(SUPERSET)/.ready
	@if test -f .env; then set -a; . ./.env; set +a; quanyu bi up; \
	elif test -n "$$QUANYU_WAREHOUSE_URL"; then quanyu bi up; \
	else quanyu bi up --home var/demo; fi

$(SUPERSET)/.ready: superset/requirements.lock | .venv/.ready
	@echo "Superset goes into $(SUPERSET) (650 MB, a minute)."
	@test -x $(SUPERSET)/bin/python || $(UV) venv --quiet --python $(PYTHON) $(SUPERSET)
	@$(UV) pip sync --quiet --python $(SUPERSET)/bin/python --require-hashes superset/requirements.lock
	@touch $@

# Open every dashboard in a headless browser and refuse an error (docs/bi.md).
bi-test: setup $(SUPERSET)/.ready
	@command -v chromium >/dev/null && command -v chromedriver >/dev/null || \
	{ echo "Debian's packages chromium, chromium-driver and fonts-noto-cjk are needed."; exit 1; }
	python -m pytest tests/bi

# Stop what `make up` and `make bi` started.
down: setup
	@quanyu down
	@test ! -d var/demo || quanyu down --home var/demo

# Stop it and delete its data, its logs and the vault key in var/.
reset: down
	rm -rf var

.PHONY: bi bi-test up down reset help setup lock demo test kill-test lint oracle source bench-identity bench-landing bench-marts bench-activation
