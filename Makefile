# Everything on a machine that has Python 3.11 or newer and make: `make demo`, `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Not older than what it was made from: nothing to do.
READY := $(VENV)/ready
LOCK := requirements.lock
# Feast pins older libraries than Weir has.
FEAST := .venv-feast
FEAST_LOCK := deploy/feast/requirements.lock
PYTEST := $(BIN)/python -m pytest
TESTS ?= tests
# Two workers a core: half of the time tests wait for brokers and processes. One broker serves them all.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(2 * (os.cpu_count() or 1))")

.DEFAULT_GOAL := help
.PHONY: help setup compiled shell demo test test-fast controls model chaos recovery soak rolling console bench instructions evaluate feast notebook lint rooms format lock feast-lock clean

help: ## This list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: $(READY) ## The environment in .venv, with `weir` in its bin
	@echo "Ready: $(BIN)/weir --help"

compiled: $(READY) ## The fold's hot modules, compiled again after an edit; until then they run as plain Python
	@$(BIN)/python -m streams.compiled build

shell: $(READY) ## A shell in which `weir` and the tools of development are found
	@PATH="$(CURDIR)/$(BIN):$$PATH" $${SHELL:-/bin/sh}

demo: $(READY) ## Broker, workers, live traffic with abuse in it; SECONDS=60 ends it after a minute, TABLE=tables writes Delta tables there
	@$(BIN)/weir demo $(if $(SECONDS),--seconds $(SECONDS)) $(if $(TABLE),--table $(TABLE))

test: $(READY) ## All tests, on a real broker that they start themselves
	@echo "Running all tests; those that need Kafka share one broker."
	@$(PYTEST) -n $(WORKERS) --maxprocesses 8 --dist worksteal -q -m "not controls" $(TESTS)

test-fast: $(READY) ## The inner loop: tests that need no Kafka and are quick; they wait for nothing, so one worker a core
	@$(PYTEST) -n auto --maxprocesses 8 --dist worksteal -q -m "not kafka and not controls and not slow" $(TESTS)

controls: $(READY) ## Each guard of the exactly-once promise taken out in turn: its tests must go red; the model; a short run of chaos
	@$(PYTEST) -n $(WORKERS) --maxprocesses 4 -q -m controls tests

model: $(READY) ## The protocol's model, checked by TLC; RECORDS=3 FAULTS=3 OWNERS=2, WITHOUT="own marker" to see it fail
	@$(BIN)/python -m tests.protocol $(if $(RECORDS),--records $(RECORDS)) $(if $(FAULTS),--faults $(FAULTS)) \
		$(if $(OWNERS),--owners $(OWNERS)) $(if $(WITHOUT),--without "$(WITHOUT)") \
		$(if $(ASKS_TWICE),--asks-twice)

chaos: $(READY) ## Faults under load, judged by an oracle; SECONDS=120 SEED=1 PART=1 RATE=2000 NODES=1 ONLY=kill, report in build/chaos
	@$(BIN)/python -m tests.chaos $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) \
		$(if $(PART),--part $(PART)) $(if $(RATE),--rate $(RATE)) $(if $(NODES),--nodes $(NODES)) $(if $(EVERY),--every $(EVERY)) \
		$(if $(ONLY),--only $(ONLY))

recovery: $(READY) ## A killed worker comes back to SESSIONS=1000000 open sessions: seconds, memory, nothing served meanwhile
	@$(BIN)/python -m bench.measures.recovery $(if $(SESSIONS),--sessions $(SESSIONS)) $(if $(JSON),--json)

soak: $(READY) ## Steady load for SECONDS=1800 at RATE=1000: does memory, handles, threads, latency or lag grow? In build/soak
	@$(BIN)/python -m bench.measures.soak $(if $(SECONDS),--seconds $(SECONDS)) $(if $(RATE),--rate $(RATE)) \
		$(if $(JSON),--json)

rolling: $(READY) ## Three workers restarted in turn under load, RATE=1500: throughput and the longest gap, in build/rolling
	@$(BIN)/python -m bench.measures.rolling $(if $(RATE),--rate $(RATE)) $(if $(JSON),--json)

console: $(READY) ## The console under load with ten readers, its store deleted on the way: SECONDS=300 RATE=1000, in build/console
	@$(BIN)/python -m bench.measures.console $(if $(SECONDS),--seconds $(SECONDS)) $(if $(RATE),--rate $(RATE)) \
		$(if $(JSON),--json)

bench: $(READY) ## Weir beside Kafka Streams, half an hour; ALL=1 every part, ONLY=latency, ONLY=throughput CONTESTANTS=weir,flink PAIRS=5 EVENTS=500000, LIST=1 says how long; in bench/results and docs/benchmarks.md
	@$(BIN)/python -m bench --carry-on $(if $(ALL),--all) $(if $(LIST),--list) $(if $(ONLY),--only $(ONLY)) \
		$(if $(CONTESTANTS),--contestants $(CONTESTANTS)) \
		$(if $(or $(PAIRS),$(RUNS)),--runs $(or $(PAIRS),$(RUNS))) $(if $(EVENTS),--events $(EVENTS)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(SMALL),--small) $(if $(REPORT),--report $(REPORT))

instructions: $(READY) ## Instructions that an event takes, against the baseline; UPDATE=1 renews that, STRICT=1 fails without one (needs valgrind)
	@$(BIN)/python -m bench.instructions $(if $(UPDATE),--update) $(if $(STRICT),--strict)

evaluate: $(READY) ## How well rules and models do, on data of others and the demo's traffic; ONLY=texts,arrivals of the models, RULES=payloads,cost of the rules, in docs/evaluation-*.md
	@$(if $(or $(RULES),$(if $(ONLY),,all)),$(BIN)/python -m evaluation.rules $(if $(RULES),--only $(RULES)),true)
	@$(if $(or $(ONLY),$(if $(RULES),,all)),$(BIN)/python -m evaluation.models $(if $(ONLY),--only $(ONLY)),true)

feast: $(READY) $(FEAST)/ready ## The features by Feast: its environment in .venv-feast, `feast apply`, and the checks of deploy/feast
	@mkdir -p deploy/feast/data
	@cd deploy/feast && $(CURDIR)/$(FEAST)/bin/feast apply
	@$(PYTEST) -q tests/deploy/test_feast.py tests/deploy/test_feast_push.py tests/weir/cli/test_feast_command.py

notebook: $(READY) ## From tables to a plot and a first model: TABLE=tables, its page in build/notebook/sessions.html
	@mkdir -p build/notebook
	@$(BIN)/marimo -q export html docs/examples/notebook/sessions.py -f -o build/notebook/sessions.html \
		-- $(if $(TABLE),--table $(TABLE))
	@echo "Written: build/notebook/sessions.html"

lint: $(READY) ## ruff, its formatter, the layers, mypy, the workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/ci.yml
	$(BIN)/zizmor --offline --quiet .github/workflows/ci.yml

rooms: $(READY) ## The import graph by rooms; fails where an edge goes against the layers
	@$(BIN)/python -m tests.architecture

format: $(READY) ## Puts the code into the one format, and repairs what ruff can repair
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(READY) ## Renews requirements.lock after a change of dependencies; UPGRADE=1 takes newer versions
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --all-extras --group dev --group notebook \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet $(if $(UPGRADE),--upgrade) -o $(LOCK)

feast-lock: $(READY) ## Renews deploy/feast/requirements.lock; UPGRADE=1 takes newer versions
	$(BIN)/uv pip compile deploy/feast/requirements.in --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet $(if $(UPGRADE),--upgrade) -o $(FEAST_LOCK)

$(FEAST)/ready: $(FEAST_LOCK) $(READY)
	@echo "Making Feast's environment in $(FEAST)"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(FEAST)
	@$(BIN)/uv pip install -q --system-certs --python $(FEAST)/bin/python --require-hashes -r $(FEAST_LOCK)
	@touch $@

clean: ## Removes the environment, caches and the development broker's data
	@if [ -x $(BIN)/weir ]; then $(BIN)/weir broker stop; fi
	rm -rf $(VENV) $(FEAST) deploy/feast/data .weir .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info streams/compiled/built

$(READY): $(LOCK) pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
		echo "There is no $(PYTHON): install Python 3.11 or newer, or say where it is: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$$($(PYTHON) --version) is too old: Weir needs 3.11 or newer; for another one: make PYTHON=python3.12" >&2; \
		exit 1; }
	@echo "Making the environment in $(VENV) with $$($(PYTHON) --version)"
	@# An environment that another tool made may lack pip; it is kept, and gets one.
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null 2>&1 \
		|| $(PYTHON) -m venv --clear $(VENV) || { \
		rm -rf $(VENV); \
		echo "Python can't make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing $$(grep -c '^[a-z]' $(LOCK)) packages, each with the hash that $(LOCK) names (a minute or two, once)"
	@# uv takes seconds where pip takes a minute, but knows nothing of pip's own settings (mirrors, certificates).
	@sed -n '/^uv==/,/[^\\]$$/p' $(LOCK) > $(VENV)/uv.lock
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-input --require-hashes -r $(VENV)/uv.lock
	@$(BIN)/uv pip install -q --system-certs --python $(BIN)/python --require-hashes -r $(LOCK) || { \
		echo "uv could not install them; trying pip"; \
		$(BIN)/python -m pip install -q --disable-pip-version-check --no-input --require-hashes -r $(LOCK); }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-input --no-deps --no-build-isolation -e .
	@# Compiled where that can be done: plain Python does the same, and nothing here fails by it.
	@$(BIN)/python -m streams.compiled setup || echo "Weir runs as plain Python"
	@touch $@
