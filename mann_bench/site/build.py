"""The leaderboard site: every file of it, made from records."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from mann_bench.analysis.cells import cells
from mann_bench.analysis.rows import FlatRow, without_provenance
from mann_bench.leaderboard.files import LoadedEntry
from mann_bench.reporting.render import rows_csv
from mann_bench.reporting.tables.generalization import generalization_tables
from mann_bench.reporting.tables.probe import probe_table
from mann_bench.site.assets import COMPARE, FRONT, TRACES, Assets, asset_files, asset_links
from mann_bench.site.board import Board, check_distinct
from mann_bench.site.columns import columns, folded
from mann_bench.site.front import front
from mann_bench.site.front_costs import cost_sections
from mann_bench.site.front_words import in_short, sentences
from mann_bench.site.pages import page, run_facts, sheet_pairs
from mann_bench.site.sheet import Sheet, board_sheet, model_styles
from mann_bench.site.task_charts import task_sections
from mann_bench.site.traces import trace_views
from mann_bench.site.views import Pair, cell_view, provenance_pairs
from mann_bench.studies.claim_text import counts_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Summary(NamedTuple):
    """A study on the first page."""

    board: Board
    facts: list[Pair]


class _File(NamedTuple):
    path: str
    content: bytes


def build_site(boards: Iterable[Board]) -> dict[str, bytes]:
    """Return the content of every file of the site by its path below the root, sorted.

    Args:
        boards: the studies, in any order; the same boards give the same bytes.

    Raises:
        ValueError: two boards have the same name.
    """
    ordered = sorted(boards, key=lambda board: board.name)
    check_distinct([board.name for board in ordered], "boards")
    styles = model_styles(ordered)
    sheets = [board_sheet(board, styles) for board in ordered]
    found = asset_files()
    summaries = [_Summary(board, _facts(board, sheet)) for board, sheet in zip(ordered, sheets, strict=True)]
    found["index.html"] = _first_page(summaries, styles)
    for board, sheet in zip(ordered, sheets, strict=True):
        found |= {f"{board.name}/{path}": content for path, content in _board_files(board, sheet)}
    return dict(sorted(found.items()))


def _first_page(summaries: Sequence[_Summary], styles: Mapping[str, int]) -> bytes:
    boards = [summary.board for summary in summaries]
    made = front(boards)
    sections = cost_sections(made, styles)
    more = [FRONT, COMPARE] if made.tasks else []
    assets = asset_links("", charts=bool(sections), table=bool(made.tasks), more=more)
    return page(
        "index.html", root="", assets=assets, boards=summaries, front=made, sentences=sentences(boards, made),
        short=in_short(made), sections=sections,
        tasks=_merged(board.task_summaries for board in boards),
        models=_merged(board.model_summaries for board in boards),
    )  # fmt: skip


def _merged(summaries: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return the summaries of all boards, by name."""
    return dict(sorted((name, text) for each in summaries for name, text in each.items()))


def spreadsheet_row(row: FlatRow) -> FlatRow:
    """Return a row in which texts that a spreadsheet would read as formulas have an apostrophe before them."""
    return {name: f"'{v}" if isinstance(v, str) and v.startswith(_FORMULA) else v for name, v in row.items()}


def _facts(board: Board, sheet: Sheet) -> list[Pair]:
    claims = [Pair("claims", counts_text(board.claims))] if board.claims else []
    entries = Pair("entry" if len(board.entries) == 1 else "entries", f"{len(board.entries):,}")
    return [entries, *run_facts(sheet), *claims]


def _board_files(board: Board, sheet: Sheet) -> Iterator[_File]:
    sections = task_sections(sheet)
    shown, equal = folded(sheet.rows, columns(sheet.rows, named=True))
    yield _File(
        "index.html",
        page(
            "study.html", root="../", assets=_board_assets(sheet), board=board, sheet=sheet,
            facts=_facts(board, sheet), columns=shown, equal=equal, pairs=sheet_pairs(sheet),
            sections=sections,
        ),
    )  # fmt: skip
    rows = list(map(without_provenance, sheet.rows))
    yield _File("board.csv", rows_csv(list(map(spreadsheet_row, rows))).encode())
    yield _File("board.json", (json.dumps(rows, indent=1, allow_nan=False) + "\n").encode())
    for entry in board.entries:
        yield _File(f"{entry.identifier}/index.html", _entry_page(board, entry, sheet))
        yield _File(f"{entry.identifier}/records.jsonl", _record_lines(entry))
        for trace in entry.traces:
            yield _File(f"{entry.identifier}/traces/{trace.key}.json", f"{trace.model_dump_json()}\n".encode())


def _board_assets(sheet: Sheet) -> Assets:
    several = [COMPARE] if any(figures.tests for figures in sheet.figures) else []
    return asset_links("../", charts=bool(sheet.rows), table=bool(sheet.rows), more=several)


def _entry_page(board: Board, entry: LoadedEntry, sheet: Sheet) -> bytes:
    own = [place for place, line in enumerate(sheet.lines) if line.entry is entry]
    rows = [sheet.rows[place] for place in own]
    shown, equal = folded(rows, columns(rows, named=False))
    views = [cell_view(sheet.lines[place], number) for number, place in enumerate(own)]
    made = cells(entry.records, entry.tuned)
    probe, traces = probe_table(made), trace_views((sheet.lines[place] for place in own), entry.traces)
    assets = asset_links("../../", charts=True, more=[TRACES] if traces else [])
    return page(
        "entry.html", root="../../", assets=assets, board=board, entry=entry,
        rows=rows, traces=traces,
        columns=shown, equal=equal,
        provenance=provenance_pairs(record for place in own for record in sheet.lines[place].cell.records),
        views=views, sections=[view.section for view in views],
        tables=[*([probe] if probe else []), *generalization_tables(made)],
    )  # fmt: skip


def _record_lines(entry: LoadedEntry) -> bytes:
    lines = (record.model_dump_json(exclude_unset=True) for cell in cells(entry.records) for record in cell.records)
    return "".join(f"{line}\n" for line in lines).encode()
