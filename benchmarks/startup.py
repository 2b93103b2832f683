"""How long the command line takes to answer: median of ten interleaved calls, warm file cache.

.venv/bin/python benchmarks/startup.py
"""

import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

CALLS = 10
TARGET_SECONDS = 0.3
COMMANDS = {"mann-bench --help": ["--help"], "mann-bench list models": ["list", "models"], "python -c pass": []}


def main() -> None:
    script = str(Path(sys.executable).with_name("mann-bench"))
    if not shutil.which(script):
        sys.exit(f"{script} is not there: install the project into this environment first")
    commands = {name: [script, *rest] if rest else [sys.executable, "-c", "pass"] for name, rest in COMMANDS.items()}
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for call in range(CALLS + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            if call:  # the first round warms the file cache
                seconds[name].append(time.perf_counter() - started)
    print(f"{'command':<26}{'median':>10}{'least':>10}{'greatest':>10}   target {TARGET_SECONDS} s")
    for name, taken in seconds.items():
        print(f"{name:<26}{statistics.median(taken):>8.3f} s{min(taken):>8.3f} s{max(taken):>8.3f} s")


if __name__ == "__main__":
    main()
