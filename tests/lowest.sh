#!/usr/bin/env bash
# The lowest versions that pyproject.toml claims, in an environment of their own, build/lowest: they install together, and
# what plans, trains, measures, keeps and shows works with them. Not a part of CI: it takes a gigabyte and a quarter of an
# hour. Where pip finds no torch of the lowest version for the CPU alone, INDEX may name an index that has one; TORCH=2.13.0
# takes that version instead, and then nothing is said of older ones.
set -euo pipefail
python=$(realpath -s "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/build/lowest
rm -rf "$work"
mkdir -p "$work"

"$python" - "$root/pyproject.toml" "${TORCH:-}" > "$work/lowest.txt" <<'END'
import re, sys, tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text())["project"]
for claim in project["dependencies"]:
    name, lowest = re.match(r"([\w-]+)>=([\d.]+)", claim).groups()
    print(f"{name}=={sys.argv[2] if name == 'torch' and sys.argv[2] else lowest}")
END
cat "$work/lowest.txt"
"$python" -m venv "$work/venv"
PIP_CONSTRAINT=$work/lowest.txt "$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  ${INDEX:+--extra-index-url "$INDEX"} "$root" pytest beartype hypothesis pandas
cd "$root"
# Shapes are not checked, for pytest plugins of old versions come too late for that; one test relies on it. The published
# schema is written with the pinned pydantic, and older ones word it otherwise.
"$work/venv/bin/python" -m pytest -q -o "addopts=-p no:mann_bench --import-mode=importlib" \
  -W "ignore::DeprecationWarning" -W "ignore::FutureWarning" \
  --deselect tests/evaluation/test_trace.py::test_a_model_that_raises_gets_its_mode_back \
  --deselect tests/results/test_schema.py::test_the_published_schema_is_that_of_the_code \
  tests/core tests/execution tests/training/test_trainer.py tests/training/test_checkpoint.py tests/evaluation \
  tests/results tests/reporting tests/cli/test_run_command.py tests/cli/test_other_commands.py
