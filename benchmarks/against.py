"""The table of speed of this checkout against another one, such as the last release.

.venv/bin/python benchmarks/against.py CHECKOUT [--only ROW] [--rounds 7] [--threads 1] [--cpu] [--markdown FILE]

Each side is measured by its own Python in its own process, and the two take turns, round by round. Given are median
[quartiles], and the ratio of the medians, below 1 where this checkout is faster. CHECKOUT needs a virtual environment:
`git worktree add --detach CHECKOUT COMMIT`, then `make .venv/.ready` in it.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from against_rows import ROWS, Row
from measuring import markdown_table, quartiles

from mann_bench.results.provenance import cpu_name

HERE = Path(__file__).parents[1]
BEGIN, END = "<!-- against.py -->", "<!-- /against.py -->"
SCRIPT = Path(__file__).with_name("against_rows.py")


class Side(NamedTuple):
    """A checkout and the Python of its virtual environment."""

    root: Path
    python: Path

    @classmethod
    def of(cls, root: Path) -> "Side":
        """Return the side of a checkout; leaves with a message where it has no virtual environment."""
        python = root / ".venv" / "bin" / "python"
        if not python.exists():
            sys.exit(f"{root}: expected a checkout with a virtual environment, .venv. Run there: make .venv/.ready")
        return cls(root, python)

    @property
    def commit(self) -> str:
        """The commit that is checked out, and whether something was changed since."""
        words = ["git", "-C", str(self.root), "describe", "--always", "--dirty", "--exclude", "*"]
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip() or self.root.name

    def start(self, row: str, folder: Path, threads: int) -> subprocess.Popen[str]:
        """Start a process that measures a row."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        words = [str(self.python), str(SCRIPT), row, str(self.root), str(folder), str(threads)]
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=folder,
            env=environment | {"OMP_NUM_THREADS": str(threads)},
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--only", action="append", choices=list(ROWS), metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cpu", action="store_true", help="processor time instead of wall time, on a busy machine")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table between its marks in this file")
    given = parser.parse_args()
    this, other = Side.of(HERE), Side.of(given.checkout.resolve())
    names = given.only or list(ROWS)
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if any(name.startswith("report") for name in names):
            other.start("write_records", folder, given.threads).communicate()  # in the form that both can read
        for name in names:
            rows.append(table_row(ROWS[name], measured(name, (this, other), folder, given), given.cpu))
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    columns = ["what", "unit", this.commit, other.commit, "ratio"]
    kind = "processor time" if given.cpu else "wall time"
    title = f"{cpu_name()}, {given.threads} thread(s), {kind}, rounds: {given.rounds}, median [quartiles]:"
    text = f"{title}\n\n{markdown_table(columns, rows)}"
    print(text)
    if given.markdown:
        put(given.markdown, text)


def measured(
    name: str, sides: Sequence[Side], folder: Path, given: argparse.Namespace
) -> list[list[dict[str, float]] | str]:
    """Return the rounds of each side, or why there are none."""
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(running(side.start(name, folder, given.threads))) for side in sides]
        problems = [answer(process).get("problem") for process in processes]
        found: list[list[dict[str, float]]] = [[] for _ in sides]
        for _ in range(min(given.rounds, ROWS[name].most)):
            for place, process in enumerate(processes):
                if problems[place] is None:
                    print(file=process.stdin, flush=True)
                    reply = answer(process)
                    problems[place] = reply.get("problem")
                    found[place] += [] if problems[place] else [reply]
        return [problem or rounds for problem, rounds in zip(problems, found, strict=True)]


@contextlib.contextmanager
def running(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """End the process afterwards."""
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def answer(process: subprocess.Popen[str]) -> dict:
    """Return what a process answers; one that died has a problem."""
    line = process.stdout.readline()
    return json.loads(line) if line else {"problem": f"its process ended with {process.wait()}"}


def table_row(row: Row, found: Sequence[list[dict[str, float]] | str], cpu: bool) -> list[str]:
    key = "cpu" if cpu and row.unit in ("ms", "s") else "value"
    values = [None if isinstance(each, str) else [measurement[key] for measurement in each] for each in found]
    texts = [
        quartiles(numbers, 2) if numbers else f"none: {each}"[:80] for numbers, each in zip(values, found, strict=True)
    ]
    ratio = f"{statistics.median(values[0]) / statistics.median(values[1]):.2f}" if all(values) else "-"
    return [row.text, row.unit, *texts, ratio]


def put(file: Path, text: str) -> None:
    """Write the table between its marks; leaves with a message where they are not there."""
    content = file.read_text(encoding="utf-8")
    head, begin, rest = content.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{file}: expected the lines {BEGIN} and {END}, between which the table is written.")
    file.write_text(f"{head}{BEGIN}\n\n{text.rstrip()}\n\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
