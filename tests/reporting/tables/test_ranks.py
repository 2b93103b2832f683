import pytest

from mann_bench.analysis.cells import cells
from mann_bench.reporting.tables.ranks import pairs_tables, ranks_table


@pytest.fixture
def pairs(make_seeds):
    """Return a function that tells how many pairs of models are told apart, by the titles of the rankings."""

    def tell(**steps):
        (table,) = pairs_tables(cells([record for model, at in steps.items() for record in make_seeds(model, *at)]))
        return dict(zip(table.columns[1:], table.rows[0][1:], strict=True))

    return tell


def test_ranks_read_as_ranges(make_seeds):
    records = [*make_seeds("a", *[400] * 8), *make_seeds("b", *[4_000] * 8), *make_seeds("c", *[4_000] * 8)]
    table = ranks_table(cells(records))
    assert [row[:3] for row in table.rows] == [["copy", "a", "1"], ["copy", "b", "2-3"], ["copy", "c", "2-3"]]


def test_decided_pairs_are_counted_of_all(pairs):
    told = pairs(a=[400] * 8, b=[400] * 8, slow=[4_000] * 8)
    assert (told["steps"], told["solve rate"]) == ("2 of 3", "0 of 3")


def test_too_few_seeds_say_how_many_it_takes(make_seeds):
    (table,) = pairs_tables(cells([record for model in "abc" for record in make_seeds(model, 400, 600, 800)]))
    assert table.rows == [["copy", "3", "5", *["0 of 3"] * 4]]
    assert "copy: 3 seeds are too few to tell any pair apart; it takes 5" in table.notes


def test_enough_seeds_say_nothing_of_the_kind(make_seeds):
    (table,) = pairs_tables(cells([*make_seeds("a", *[400] * 4), *make_seeds("b", *[400] * 3)]))
    assert table.rows[0][1:4] == ["3 to 4", "4", "0 of 1"]
    assert not any("too few" in note for note in table.notes)


def test_thousands_of_pairs_read_as_such(pairs):
    assert pairs(**{f"m{number}": [400] for number in range(46)})["steps"] == "0 of 1,035"


def test_what_records_do_not_hold_is_said(make_record):
    given = {"protocol": "collier2018:probe_every=0"}
    first, second = make_record("a", **given), make_record("b", generalization=[], **given)
    (table,) = pairs_tables(cells([first, second]))
    assert table.rows[0][-2:] == ["not in these records", "1 has it"]


def test_a_single_cell_has_no_rank(make_record):
    assert ranks_table(cells([make_record()])) is None
    assert pairs_tables(cells([make_record()])) == []


def test_protocols_stand_in_the_table_where_there_are_several(make_record):
    protocols = ("collier2018", "collier2018:batch_size=16")
    records = [make_record(model, protocol=protocol) for model in "ab" for protocol in protocols]
    (table,) = pairs_tables(cells(records))
    assert [row[:2] for row in table.rows] == [["copy", protocol] for protocol in protocols]


def test_notes_say_what_is_ranked_and_how_it_is_tested(make_seeds):
    notes = ranks_table(cells([*make_seeds("a", 400), *make_seeds("b", 400)])).notes
    assert "solve rate: by solve rate, exact permutation test of shares (Fisher)" in notes
    assert notes[-1].endswith("by Holm at 5 % for all together")
