#!/usr/bin/env bash
# Validate all entries and build all pages, build/leaderboards/site, with the plugins whose models and tasks they hold:
# in an environment of its own, build/leaderboards/venv, laid over that of the wheel (tests/wheel.sh).
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$root/build/leaderboards
rm -rf "$work"
bash "$root/tests/overlay.sh" "$(realpath -s "$1")" "$work/venv" "$root/plugins/mann-bench-baselines" "$root/plugins/mann-bench-recall" "$root/plugins/mann-bench-formal"
cd "$root"
mann_bench() { "$work/venv/bin/python" -c "from mann_bench.cli.main import main; main()" "$@"; }
mann_bench leaderboard validate
mann_bench leaderboard build --out "$work/site"
