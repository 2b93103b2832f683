#!/usr/bin/env bash
# Make an environment with the wheel (tests/wheel.sh) and what it requires, and nothing else: fresh.sh PYTHON FOLDER
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=$1 work=$2
rm -rf "$work"
"$python" -m venv "$work"
"$work/bin/pip" install --quiet --disable-pip-version-check -c "$root/constraints.txt" "$root"/build/wheel/dist/*.whl
