#!/usr/bin/env bash
# Test each plugin in an environment of its own, build/plugins/NAME, laid over that of the wheel (tests/wheel.sh).
set -euo pipefail
python=$(realpath -s "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
shift
for name in "$@"; do
  work=$root/build/plugins/$name
  bash "$root/tests/overlay.sh" "$python" "$work" "$root/plugins/$name[test]"
  (cd "$root/plugins/$name" && "$work/bin/python" -m pytest -q -p no:cacheprovider)
done
