"""Write what README.md and docs/reproduction.md show of the committed records: `make results`.

A comment in a page names a command. The block after it, a table or fenced lines, is what that command prints:

    <!-- mann-bench study check STUDY --leaderboards leaderboards -->
    <!-- mann-bench report FILES | Convergence | task, model, solved -->    columns of one of its tables
    <!-- mann-bench report FILES | Convergence | model by task -->          solved, and the median steps if there is one
    <!-- mann-bench report FILES --table ranks | Ranks | steps: model by task -->   one of its columns
    <!-- pairs of leaderboards -->               how many pairs each ranking tells apart, a board a row

Each picture in docs/figures/STUDY/ is the figure of that name which `mann-bench report FILES --figures` draws from the
records of the study. To add a picture, create an empty file with its name.
"""

import contextlib
import functools
import io
import re
from collections.abc import Iterator
from pathlib import Path

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.data import figure_data
from mann_bench.analysis.ranking import By, pairs_rows
from mann_bench.cli.main import invoke
from mann_bench.cli.study_command import REFUTED
from mann_bench.reporting.figures.files import draw
from mann_bench.reporting.pictures import plain_settings, svg
from mann_bench.results.many import load_records

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "docs/reproduction.md", "docs/statistics.md")
_BLOCK = re.compile(r"(<!-- mann-bench (?P<command>.*?) -->)\n+(?:```\n.*?```\n|(?:\|[^\n]*\n)*)\n*", re.DOTALL)

_PAIRS = re.compile(r"(<!-- pairs of leaderboards -->)\n+(?:\|[^\n]*\n)*\n*")

Table = list[list[str]]
"""Rows of cells, the heading first."""


def page(name: str) -> str:
    """Return a page with every block as its command prints it."""
    text = (ROOT / name).read_text(encoding="utf-8")
    text = _BLOCK.sub(lambda found: f"{found[1]}\n\n{_block(found['command'])}\n", text)
    return _PAIRS.sub(lambda found: f"{found[1]}\n\n{_markdown(_pairs())}\n", text).rstrip() + "\n"


def pictures() -> Iterator[tuple[Path, bytes]]:
    """Yield each committed picture with what it is to hold."""
    for folder in sorted(path for path in (ROOT / "docs/figures").iterdir() if path.is_dir()):
        records, _ = load_records(sorted((ROOT / "leaderboards" / folder.name).glob("*/records/*.json")))
        data = figure_data(cells(records))
        for path in sorted(folder.glob("*.svg")):
            with plain_settings():
                yield path, svg(draw(data[path.stem]))


def _block(command: str) -> str:
    words, *shaping = command.split(" | ")
    if not shaping:
        return f"```\n{_printed(words)}```\n"
    title, columns = shaping
    table = _table(_printed(f"{words} --format markdown"), title)
    crossed = re.fullmatch(r"(?:(.+): )?(\w+) by (\w+)", columns)
    if not crossed:
        return _markdown(_columns(table, columns.split(", ")))
    value, *names = crossed.groups()
    return _markdown(_pivot(_columns(table, [*names, value]) if value else _solved_and_steps(table, *names)))


def _markdown(table: Table) -> str:
    heading, *rows = [f"| {' | '.join(cells)} |\n" for cells in table]
    return "".join([heading, "|---" * len(table[0]) + "|\n", *rows])


def _pairs() -> Table:
    """Return how many pairs of rows are told apart, each tested alone and all of a task together, a board a row."""
    heading = ["board", "seeds", "seeds needed", "pairs", "steps", "solve rate", "generalising", "error"]
    folders = sorted(path for path in (ROOT / "leaderboards").iterdir() if path.is_dir() and path.name != "site")
    return [heading, *(row for row in map(_pairs_of_board, folders) if row)]


def _pairs_of_board(folder: Path) -> list[str]:
    """Return the row of a board; nothing where no task has two rows."""
    made = cells(load_records(sorted(folder.glob("*/records/*.json")))[0])
    tested = [pairs_rows(made, corrected) for corrected in (False, True)]
    steps = [row for row in tested[0] if row.by is By.STEPS]
    if not any(row.pairs for row in steps):
        return []
    numbers = ({row.seeds_at_most for row in steps}, {row.seeds_needed for row in steps})
    decided = ([sum(row.decided for row in rows if row.by is by) for rows in tested] for by in By)
    return [
        f"`{folder.name}`",
        *(" and ".join(map(str, sorted(each))) for each in numbers),
        str(sum(row.pairs for row in steps)),
        *(f"{alone}, {together}" for alone, together in decided),
    ]


@functools.cache
def _printed(command: str) -> str:
    """Return what a command prints; several blocks show parts of one report."""
    given = [str(path) for word in command.split() for path in (sorted(ROOT.glob(word)) if "*" in word else [word])]
    with contextlib.redirect_stdout(io.StringIO()) as output, contextlib.redirect_stderr(io.StringIO()) as errors:
        code = invoke(["--no-plugins", *given])
    if code not in (0, REFUTED):
        raise SystemExit(f"mann-bench {command} ends with {code}:\n{errors.getvalue()}")
    return output.getvalue()


def _table(printed: str, title: str) -> Table:
    lines = printed.partition(f"**{title}**\n\n")[2].partition("\n\n")[0].splitlines()
    heading, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [heading, *rows]


def _columns(table: Table, names: list[str]) -> Table:
    return [[row[table[0].index(name)] for name in names] for row in table]


def _solved_and_steps(table: Table, rows: str, columns: str) -> Table:
    """Return the share of solved runs and the median steps in one column, without their intervals."""
    made = [[rows, columns, "solved, steps"]]
    for row, column, solved, steps in _columns(table, [rows, columns, "solved", "steps"])[1:]:
        share, median = solved.partition(" [")[0], steps.partition(" [")[0]
        made.append([row, column, share if median.startswith(">") else f"{share}, {median}"])
    return made


def _pivot(table: Table) -> Table:
    """Return the third column of a table by the first, a row a value, and the second, a column a value.

    The heading leaves out the options of variants, unless two columns would have the same name.
    """
    found = {(row, column): value for row, column, value in table[1:]}
    names = [list(dict.fromkeys(key[place] for key in found)) for place in (0, 1)]
    short = [name.partition(":")[0] for name in names[1]]
    heading = short if len(set(short)) == len(short) else names[1]
    return [["", *heading], *([f"`{row}`", *(found[row, column] for column in names[1])] for row in names[0])]


if __name__ == "__main__":
    for name in PAGES:
        (ROOT / name).write_text(page(name), encoding="utf-8")
    for path, content in pictures():
        path.write_bytes(content)
