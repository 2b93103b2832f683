# The two commands of the README are `make run` and `make test`; each builds .venv first where it is missing.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/.ready
PLUGINS := $(notdir $(wildcard plugins/mann-bench-*))

.PHONY: run test smoke leaderboards lint types wheel afternoon plugins $(PLUGINS) results pictures
.PHONY: slurm-packages test-slurm lowest docs schema rest check clean

run: $(READY)  ## The main job: NTM on copy, default protocol, two seeds
	$(BIN)/mann-bench run --model ntm --task copy --seeds 0-1

test: $(READY)  ## All tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

smoke: $(READY)  ## A small study from nothing, and its claims
	rm -rf build/smoke
	$(BIN)/mann-bench study run smoke --out build/smoke --wandb disabled
	$(BIN)/mann-bench study check smoke --out build/smoke

leaderboards: wheel  ## Every entry of every leaderboard is sound, and the pages are those of the entries
	bash tests/leaderboards.sh $(BIN)/python
	diff --recursive build/leaderboards/site leaderboards/site

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(READY)
	$(BIN)/mypy

wheel: $(READY)  ## The built wheel runs in a fresh environment
	bash tests/wheel.sh $(BIN)/python

afternoon: wheel  ## docs/plugins.md, command by command, in a fresh environment; WRITE=--write keeps the transcript
	bash tests/overlay.sh $(BIN)/python build/afternoon/venv --ignore-installed --no-deps build/wheel/dist/*.whl
	$(BIN)/python tests/afternoon.py build/afternoon/venv $(WRITE)

plugins: $(PLUGINS)  ## Each plugin of this repository passes its tests in an environment of its own

$(PLUGINS): wheel
	bash tests/plugin.sh $(BIN)/python $@

pictures: $(READY)  ## Take the pictures of pages in docs/leaderboard.md anew; it needs Chromium
	$(BIN)/python docs/pictures.py

slurm-packages:  ## What test-slurm needs, as root on Debian
	apt-get install --yes --no-install-recommends slurmctld slurmd slurm-client munge

test-slurm: mann-bench-slurm  ## mann-bench-slurm on a SLURM of two virtual nodes that die, are drained and fall silent
	cd plugins/mann-bench-slurm && $(CURDIR)/build/plugins/mann-bench-slurm/bin/python -m pytest -m cluster --durations=0

lowest: $(READY)  ## The lowest versions that pyproject.toml claims; see tests/lowest.sh
	bash tests/lowest.sh $(BIN)/python

docs: $(READY)  ## The documentation with its API reference: build/docs/index.html
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

results: $(READY)  ## Write anew what README, docs/reproduction.md and docs/notebook.ipynb show of the committed records
	$(BIN)/python docs/results.py
	$(BIN)/python docs/verdicts.py
	$(BIN)/python docs/settings.py
	$(BIN)/python docs/published.py
	$(BIN)/python docs/notebook.py

schema: $(READY)  ## Write docs/record.schema.json anew
	$(BIN)/python -c "import json; from mann_bench import Record; \
	print(json.dumps(Record.model_json_schema(), indent=2))" > docs/record.schema.json

# In this order, what others wait for or takes longest first, so that at the end no core waits long for the other.
rest: wheel afternoon types smoke leaderboards plugins lint  ## All that CI does after the README's two commands

check: run test rest  ## All that CI does

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	PIP_CONSTRAINT=constraints.txt $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -e '.[dev]'
	-$(BIN)/python -m compileall -qq -j 0 -x '/tests/|/testing/_internal/' .venv/lib  # what pip would do on one core
	touch $@

clean:
	rm -rf .venv build dist
