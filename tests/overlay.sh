#!/usr/bin/env bash
# Make an environment laid over that of the wheel (tests/wheel.sh), with its pip: overlay.sh PYTHON FOLDER WHAT_TO_INSTALL...
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
python=$1 work=$2
shift 2
packages='import sysconfig; print(sysconfig.get_path("purelib"))'
rm -rf "$work"
"$python" -m venv --without-pip "$work"
"$root/build/wheel/venv/bin/python" -c "$packages" > "$("$work/bin/python" -c "$packages")/wheel.pth"
"$work/bin/python" -m pip install --quiet --disable-pip-version-check -c "$root/constraints.txt" "$@"
