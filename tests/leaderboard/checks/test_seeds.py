"""Each cell of an entry has the seeds of one look, without a gap."""

import dataclasses

import pytest

from mann_bench.leaderboard.checks.identity import check_cells

LOOKS = [frozenset(range(size)) for size in (2, 4, 8)]


@pytest.fixture
def found(make_record, rules):
    """Return a function that tells what is wrong with cells of these seeds, the first of an NTM."""

    def call(*seeds, looks=LOOKS):
        models = zip(("ntm", "lstm"), seeds, strict=False)
        records = [make_record(model, seed=seed) for model, each in models for seed in each]
        asked = dataclasses.replace(rules, looks=looks)
        return [(finding.name.value, finding.text) for finding in check_cells(records, asked)]

    return call


@pytest.mark.parametrize("size", [2, 4, 8])
def test_a_cell_may_have_the_seeds_of_any_look(found, size):
    assert found(range(size)) == []


def test_cells_may_have_different_looks(found):
    assert found(range(8), range(2)) == []


def test_a_look_that_was_begun_must_be_complete_or_left_out(found):
    text = (
        "ntm on copy under collier2018 lacks seeds 3 of 0-3. "
        "Add them, however they ended, or leave out 2: the look before has 0-1."
    )
    assert found(range(3)) == [("missing-seeds", text)]


@pytest.mark.parametrize(
    ("seeds", "lacks"), [([1], "0 of 0-1"), ([0, 2, 3], "1 of 0-3"), ([0, 1, 5], "2-4,6-7 of 0-7")]
)
def test_a_gap_is_named(found, seeds, lacks):
    ((name, text),) = found(seeds)
    assert name == "missing-seeds"
    assert f"lacks seeds {lacks}. Add them, however they ended" in text


def test_seeds_are_not_to_be_left_out_where_the_look_before_has_a_gap(found):
    assert found([0, 2, 3])[0][1].endswith("lacks seeds 1 of 0-3. Add them, however they ended.")


def test_seeds_beyond_the_last_look_are_extra(found):
    assert found(range(9)) == [
        ("extra-seeds", "ntm on copy under collier2018 has seeds 8; this look has 0-7. Leave them out.")
    ]


def test_a_far_seed_does_not_begin_a_look(found):
    assert [name for name, _ in found([0, 1, 99])] == ["extra-seeds"]


def test_a_study_without_looks_has_its_seeds_alone(found):
    asked = [frozenset({3, 5})]
    assert found([3, 5], looks=asked) == []
    assert [name for name, _ in found([3, 4], looks=asked)] == ["missing-seeds", "extra-seeds"]
