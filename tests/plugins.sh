#!/usr/bin/env bash
# Test each plugin in an environment of its own, build/plugins/NAME, laid over that of the wheel (tests/wheel.sh).
set -euo pipefail
python=$(realpath -s "$1")
root=$(cd "$(dirname "$0")/.." && pwd)
shift
packages='import sysconfig; print(sysconfig.get_path("purelib"))'
for name in "$@"; do
  work=$root/build/plugins/$name
  rm -rf "$work"
  "$python" -m venv "$work"
  "$root/build/wheel/venv/bin/python" -c "$packages" > "$("$work/bin/python" -c "$packages")/wheel.pth"
  "$work/bin/pip" install --quiet --disable-pip-version-check -c "$root/constraints.txt" "$root/plugins/$name[test]"
  (cd "$root/plugins/$name" && "$work/bin/python" -m pytest -q -p no:cacheprovider)
done
