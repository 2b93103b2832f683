#!/usr/bin/env bash
# Build the wheel, install it into a fresh environment, build/wheel/venv, and run the console script on a tiny protocol.
set -euo pipefail
python=$(realpath -s "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/build/wheel
rm -rf "$work"
mkdir -p "$work"

"$python" -m build --wheel --no-isolation --outdir "$work/dist" "$root"
"$python" -m venv "$work/venv"
# Few of the many modules are imported: each is compiled to byte code when it first is.
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile -c "$root/constraints.txt" "$work"/dist/*.whl
cd "$work"
venv/bin/mann-bench list models
venv/bin/mann-bench study show smoke
venv/bin/mann-bench run --model ntm --task copy --seeds 0 --jobs 1 \
  --protocol collier2018:max_steps=4,evaluate_every=2,validation_sequences=20,test_sequences=2
test -f runs/*/record.json
echo "the wheel runs"
