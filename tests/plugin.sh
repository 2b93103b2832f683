#!/usr/bin/env bash
# Test a plugin of this repository in an environment of its own, build/plugins/NAME, laid over that of the wheel
# (tests/wheel.sh): plugin.sh PYTHON NAME
set -euo pipefail
python=$(realpath -s "$1") name=$2
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/build/plugins/$name
bash "$root/tests/overlay.sh" "$python" "$work" "$root/plugins/$name[test]"
cd "$root/plugins/$name"
"$work/bin/python" -m pytest -q -p no:cacheprovider
