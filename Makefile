# Every target installs what it needs and can be run twice. `make` alone lists them.

# The Python that the environment is made from: 3.11 or newer. Another one: make setup PYTHON=/path/to/python3.12
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Progress bars on a terminal, none in logs.
QUIET := $(shell [ -t 2 ] || echo --quiet --quiet)
PIP := $(BIN)/python -m pip $(QUIET) --disable-pip-version-check --no-input
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

UNFETCHED := "The packages could not be installed (pip says why above). With the network or pip's settings mended, run it again."

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup dev demo up test test-serving test-spark check docs bench bench-scale bench-peers peers airflow test-airflow bench-airflow lock \
  api ui duckdb spark env stack-up stack-demo stack-drop stack-down stack-backup stack-restore test-stack audit licences

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-13s %s\n", $$1, $$2 }'

setup: $(VENV)/.semana ## make .venv and install semana with its locked dependencies; the command is .venv/bin/semana
	@echo "Ready: $(BIN)/semana --help"

dev: $(VENV)/.dev ## the same, with the tools that test and check

api: $(VENV)/.api ## what `semana serve api` needs besides

ui: $(VENV)/.ui ## what the pages (`semana serve ui`) need besides

duckdb: $(VENV)/.duckdb ## what SEMANA_ENGINE=duckdb needs besides

spark: $(VENV)/.spark ## what SEMANA_ENGINE=spark needs besides; and a Java of 17 or newer

demo: $(VENV)/.semana ## real grocery data, several weekly runs, then one customer's list and how the lists did
	$(BIN)/semana demo

up: $(VENV)/.ui ## the pages for people and the API beside the demo's home, until Ctrl-C; after `make demo`
	@test -f "$${SEMANA_HOME:-.semana}/published/current.json" || { echo "No list is there yet: make demo" >&2; exit 64; }
	@exec $(BIN)/semana serve up

test: $(VENV)/.dev ## all tests, but those of servers: test-serving, test-airflow
	$(BIN)/python -m pytest -n 2 --dist worksteal --ignore tests/serving

test-spark: $(VENV)/.dev ## whole weekly runs on Spark beside Polars' and DuckDB's, on three real sets; needs a Java
	$(BIN)/python -m pytest tests/pipeline/test_engines.py tests/pipeline/test_cluster.py tests/stores/test_engine.py --spark

test-serving: $(VENV)/.dev ## what is served: every route, keys, hot swap under load, parity of live scores
	$(BIN)/python -m pytest -n 2 --dist loadfile tests/serving

check: $(VENV)/.dev ## lint, format, types, rooms, dead code, dependencies, fresh docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture
	$(BIN)/deptry src
	$(BIN)/cog --check -P README.md docs/*.md

docs: $(VENV)/.dev ## print the generated blocks of README and docs again
	$(BIN)/cog -r -P README.md docs/*.md

peers: $(VENV)-peers/.peers ## make .venv-peers with what benchmarks compare with

bench: $(VENV)/.dev ## quality and speed on real data, printed into docs/benchmarks.md
	$(BIN)/python -m benchmarks.quality
	$(BIN)/python -m benchmarks.rollback
	$(BIN)/python -m benchmarks.drift
	$(BIN)/python -m benchmarks.speed
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.telemetry

bench-scale: $(VENV)/.dev ## a distributor of 1 to 100 times SodAI on every engine, printed there too; goes on from benchmarks/scale.jsonl
	$(BIN)/python -m benchmarks.scale --kept benchmarks/scale.jsonl

bench-peers: $(VENV)/.dev $(VENV)-peers/.peers ## lists beside other recommenders', drift and serving beside others', printed there too
	$(BIN)/python -m benchmarks.peers
	$(BIN)/python -m benchmarks.drift
	$(BIN)/python -m benchmarks.serving

airflow: $(VENV)/.semana $(VENV)-airflow/.airflow ## Airflow beside the home (SEMANA_HOME), on 127.0.0.1 alone, until Ctrl-C
	@exec $(VENV)-airflow/bin/python deploy/airflow/standalone.py

test-airflow: $(VENV)/.dev $(VENV)-airflow/.airflow ## the DAGs on a real scheduler, with kills of everything that can be killed
	$(BIN)/python -m pytest tests/airflow --airflow

bench-airflow: $(VENV)/.dev $(VENV)-airflow/.airflow ## what the DAG takes over `semana run`, printed into docs/benchmarks.md
	$(BIN)/python -m benchmarks.orchestration

env: ## write .env with strong secrets for the containers (0600); never over one that is there
	@$(PYTHON) -m deploy.stack env

stack-up: ## build the images and start everything in containers, on 127.0.0.1 alone; after `make env`
	@$(PYTHON) -m deploy.stack up

stack-demo: ## deliver real groceries to the containers, twice, and let Airflow make the lists
	@$(PYTHON) -m deploy.stack demo

stack-drop: ## deliver files to the containers: make stack-drop SOURCE=canonical FILES="a.parquet b.csv"
	@$(PYTHON) -m deploy.stack drop $(SOURCE) $(FILES)

stack-down: ## end the containers; what their volumes hold stays
	@$(PYTHON) -m deploy.stack down

stack-backup: ## write everything that the containers hold into a new folder: make stack-backup TO=FOLDER
	@$(PYTHON) -m deploy.stack backup $(TO)

stack-restore: ## fill new volumes from a backup: make stack-restore FROM=FOLDER
	@$(PYTHON) -m deploy.stack restore $(FROM)

licences: ## print docs/licences.md from the images
	@$(PYTHON) -m deploy.stack licences >docs/.licences && mv docs/.licences docs/licences.md

audit: $(VENV)-audit/.audit ## look for known holes in everything that is locked; asks PyPI
	@for each in requirements/*.txt; do \
	  echo "$$each:"; \
	  $(VENV)-audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off -r $$each || exit 1; \
	done

test-stack: $(VENV)/.dev $(VENV)-stack/.stack ## the containers on a real engine, with kills, a restore, and two worker hosts
	@sh tests/stack/install.sh
	nice $(BIN)/python -m pytest tests/stack --stack

lock: $(VENV)/.dev ## choose the newest versions again and write requirements/
	$(LOCK) --upgrade pyproject.toml --group build --output-file requirements/semana.txt
	$(LOCK) --upgrade pyproject.toml --extra api --extra ui --extra duckdb --extra spark --group build --group dev \
	  -c requirements/semana.txt \
	  --output-file requirements/dev.txt
	$(LOCK) --upgrade requirements/build.in -c requirements/dev.txt --output-file requirements/build.txt
	$(LOCK) --upgrade requirements/api.in -c requirements/dev.txt --output-file requirements/api.txt
	for each in ui duckdb spark; do \
	  $(LOCK) --upgrade requirements/$$each.in -c requirements/dev.txt --output-file requirements/$$each.txt || exit 1; \
	done
	$(LOCK) --upgrade requirements/peers.in --output-file requirements/peers.txt
	$(LOCK) --upgrade requirements/airflow.in --output-file requirements/airflow.txt
	$(LOCK) --upgrade requirements/airflow-stack.in -c requirements/airflow.txt --output-file requirements/airflow-stack.txt
	$(LOCK) --upgrade requirements/mlflow.in --output-file requirements/mlflow.txt
	$(LOCK) --upgrade requirements/stack.in --output-file requirements/stack.txt
	$(LOCK) --upgrade requirements/audit.in --output-file requirements/audit.txt

$(VENV)/bin/python:
	@sh requirements/environment.sh "$(PYTHON)" "$(VENV)"

$(VENV)/.semana: requirements/semana.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what requirements/semana.txt lists ..."
	@$(PIP) install --require-hashes --no-deps -r requirements/semana.txt || { echo $(UNFETCHED) >&2; exit 1; }
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.api: requirements/api.txt $(VENV)/.semana
	@echo "Installing what requirements/api.txt adds ..."
	@$(PIP) install --require-hashes --no-deps -r requirements/api.txt || { echo $(UNFETCHED) >&2; exit 1; }
	@touch $@

$(VENV)/.ui: requirements/ui.txt $(VENV)/.api
	@echo "Installing what requirements/ui.txt adds ..."
	@$(PIP) install --require-hashes --no-deps -r requirements/ui.txt || { echo $(UNFETCHED) >&2; exit 1; }
	@touch $@

$(VENV)/.duckdb $(VENV)/.spark: $(VENV)/.%: requirements/%.txt $(VENV)/.semana
	@echo "Installing what $< adds ..."
	@$(PIP) install --require-hashes --no-deps -r $< || { echo $(UNFETCHED) >&2; exit 1; }
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.semana
	@echo "Installing what requirements/dev.txt adds ..."
	@$(PIP) install --require-hashes --no-deps -r requirements/dev.txt || { echo $(UNFETCHED) >&2; exit 1; }
	@touch $@

$(VENV)-peers/.peers: requirements/peers.txt
	@sh requirements/environment.sh "$(PYTHON)" "$(VENV)-peers"
	@$(VENV)-peers/bin/python -m pip $(QUIET) --disable-pip-version-check --no-input install --require-hashes --no-deps -r $<
	@touch $@

$(VENV)-airflow/.airflow: requirements/airflow.txt
	@sh requirements/environment.sh "$(PYTHON)" "$(VENV)-airflow"
	@$(VENV)-airflow/bin/python -m pip $(QUIET) --disable-pip-version-check --no-input install --require-hashes --no-deps -r $<
	@touch $@

$(VENV)-stack/.stack: requirements/stack.txt
	@sh requirements/environment.sh "$(PYTHON)" "$(VENV)-stack"
	@$(VENV)-stack/bin/python -m pip $(QUIET) --disable-pip-version-check --no-input install --require-hashes --no-deps -r $<
	@touch $@

$(VENV)-audit/.audit: requirements/audit.txt
	@sh requirements/environment.sh "$(PYTHON)" "$(VENV)-audit"
	@$(VENV)-audit/bin/python -m pip $(QUIET) --disable-pip-version-check --no-input install --require-hashes --no-deps -r $<
	@touch $@
