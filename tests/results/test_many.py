import os
from pathlib import Path

import pytest

from mann_bench.analysis.cells import cells
from mann_bench.analysis.convergence import convergence_rows
from mann_bench.analysis.level import level_rows, reached_rows
from mann_bench.analysis.runs import run_rows
from mann_bench.leaderboard.files import entry_folders, load_entry
from mann_bench.reporting.render import TABLES, Format, render
from mann_bench.results import two_processes
from mann_bench.results.many import load_records, load_thinned, thinned
from mann_bench.results.store import record_files

ROOT = Path(__file__).parents[2]


@pytest.fixture
def files(store, make_record):
    """Write four records, the second of them broken; return their files."""
    for seed in range(4):
        store.write(make_record(seed=seed), None)
    files = record_files(store.root)
    files[1].write_text("[")
    return files


@pytest.mark.parametrize("load", [load_records, load_thinned])
def test_what_cannot_be_read_is_told_and_stops_nothing(files, load):
    records, problems = load(files)
    assert [record.key for record in records] == [file.parent.name for file in files if file != files[1]]
    assert [problem.file for problem in problems] == [files[1]]
    assert "not a valid record" in problems[0].reason


def test_two_processes_read_the_same(files, monkeypatch):
    alone = load_thinned(files)
    monkeypatch.setattr(two_processes, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert load_thinned(files) == alone


LEVELLESS = [table for table in TABLES if table not in ("level", "reached")]
"""The tables that committed records have something for."""


@pytest.mark.parametrize(
    ("form", "table"),
    [*((form, None) for form in Format if form is not Format.CSV), *((Format.CSV, t) for t in LEVELLESS)],
)
def test_tables_need_no_more_than_a_thinned_record(form, table):
    records = [record for folder in entry_folders(ROOT / "leaderboards") for record in load_entry(folder).records]
    shown = render(cells([thinned(record) for record in records]), form, table=table)
    assert shown == render(cells(records), form, table=table)


def test_the_level_reached_needs_no_more_than_a_thinned_record(make_record, make_syllabus):
    record = make_record(syllabus=make_syllabus({0: 1, 200: 4, 400: 8}))
    whole, kept = cells([record]), cells([thinned(record)])
    assert (level_rows(kept), reached_rows(kept)) == (level_rows(whole), reached_rows(whole))


def test_a_run_that_did_nothing_can_be_thinned(make_failed_record):
    assert thinned(make_failed_record()) == make_failed_record()


def test_a_thinned_record_tells_the_target_as_the_whole_one_does(told, make_record):
    early, late = told(0.0, 5.0, 9.0, converged_at=400), told(9.0, 5.0, 0.0, converged_at=400)
    half = late.model_copy(update={"curve": [make_record().curve[0], *late.curve[1:]]})
    for record in (early, late, half):
        rows = [run_rows(cells([each])) + convergence_rows(cells([each])) for each in (record, thinned(record))]
        assert rows[0] == rows[1]
