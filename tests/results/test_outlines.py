import pytest

from mann_bench.results.outlines import Outline, Outlines, reading
from mann_bench.results.store import Store

MACHINE = "Some CPU"


@pytest.fixture
def read(tmp_path):
    """Return a function that reads the outlines of all records of the store."""

    def read(folder="runs"):
        with reading(tmp_path / folder) as begun:
            return Outlines.of(begun.results())

    return read


def test_an_outline_tells_how_a_run_ended_and_how_long_it_took(make_record):
    record = make_record("ntm:memory_slots=8", seed=3)
    outline = Outline.of(record)
    assert (outline.key, outline.model_name, outline.model) == (record.key, "ntm", "ntm:memory_slots=8")
    assert (outline.outcome, outline.steps, outline.seconds) == ("converged", 600, 3.5)


def test_outlines_are_told_by_machine(store, make_record, read):
    here = make_record()
    there = make_record(seed=1, provenance=here.provenance.model_copy(update={"device_name": "Another CPU"}))
    for record in (here, there):
        store.write(record, None)
    assert read().on(MACHINE) == [Outline.of(here)]


def test_a_corrupt_record_is_a_problem_and_stops_nothing(store, make_record, read):
    kept, broken = make_record(), make_record(seed=1)
    file = [Store(store.root).write(record, None) for record in (kept, broken)][1] / "record.json"
    file.write_text("{")
    found = read()
    assert found.known == [Outline.of(kept)]
    assert [(each.file, str(file) in each.reason) for each in found.problems] == [(file, True)]


@pytest.mark.parametrize("folder", [".", "nowhere"])
def test_without_records_there_are_none(read, folder):
    assert read(folder) == Outlines([], [])
