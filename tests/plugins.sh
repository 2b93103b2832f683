#!/usr/bin/env bash
# Test each plugin of plugins/ in an environment of its own, build/plugins/NAME, with the wheel that tests/wheel.sh built.
set -euo pipefail
python=$(realpath -s "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
shift
for name in "$@"; do
  work=$root/build/plugins/$name
  rm -rf "$work"
  "$python" -m venv "$work"
  "$work/bin/pip" install --quiet --disable-pip-version-check -c "$root/constraints.txt" \
    "$root"/build/wheel/dist/*.whl "$root/plugins/$name[test]"
  (cd "$root/plugins/$name" && "$work/bin/python" -m pytest -q -p no:cacheprovider)
done
