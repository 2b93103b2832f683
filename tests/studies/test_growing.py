import pytest

from mann_bench.core.errors import UsageError
from mann_bench.execution.plan import Plan, by_cell
from mann_bench.statistics.looks import Looks
from mann_bench.studies.growing import Standing, most_seeds
from mann_bench.studies.plan import StudyPlan
from mann_bench.studies.schema import Study

LOOKS = Looks((6, 12, 24))


@pytest.fixture
def standing(make_claim, runs_of, make_record, run_of):
    """Return a function that judges a growing study of models that converge at these steps, a seed each."""

    def record(model, seed, at):
        untrained = [make_record().curve[-1].model_copy(update={"step": 0})]
        return make_record(model, seed=seed, converged_at=at, **({} if at else {"curve": untrained}))

    def call(steps, *claims):
        cells = by_cell(run_of(model, seed=seed) for model in steps for seed in range(LOOKS.last))
        records = [record(m, i, at) for m, each in steps.items() for i, at in enumerate(each)]
        made = [runs_of(make_claim(metric, **fields), range(LOOKS.last), LOOKS.sizes) for metric, fields in claims]
        planned = StudyPlan(Study.model_construct(), Plan([]), LOOKS, cells, made)
        return Standing.of(planned, {record.key: record for record in records})

    return call


def wanted(standing, most=LOOKS.last):
    """The seeds that models get next."""
    return {cell.model: size for cell, size in standing.next_look(most).items()}


FAST, SLOW = [400] * 12, [4000] * 12


def test_every_cell_gets_the_first_look(standing):
    assert wanted(standing({"ntm": FAST[:3], "lstm": []})) == {"ntm": 6, "lstm": 6}


def test_a_decided_study_gets_no_seeds(standing):
    assert wanted(standing({"ntm": FAST}, ("convergence", {"at_most": 1000}))) == {}


def test_an_undecided_claim_gets_the_next_look_of_its_cells(standing):
    mixed = [400, 800] * 3
    assert wanted(standing({"ntm": mixed, "lstm": SLOW[:6]}, ("convergence", {"at_most": 600}))) == {"ntm": 12}


def test_cells_of_a_claim_catch_up_with_each_other(standing):
    ratio = ("speed_ratio", {"against": ["lstm"], "at_least": 2.0})
    assert wanted(standing({"ntm": FAST, "lstm": SLOW[:6]}, ratio)) == {"lstm": 12}


def test_a_claim_that_seeds_cannot_decide_does_not_grow(standing):
    untrained = ("speed_ratio", {"against": ["lstm"]})
    judged = standing({"ntm": [0] * 12, "lstm": SLOW}, untrained)
    assert "had converged before it trained" in judged.open_claims[0].reason
    assert wanted(judged) == {}


def test_pairs_that_are_told_apart_get_no_seeds(standing):
    judged = standing({"ntm": FAST, "lstm": SLOW, "dnc": SLOW})
    assert [str(result.pair) for result in judged.open_pairs] == ["lstm and dnc"]
    assert wanted(judged) == {"lstm": 24, "dnc": 24}


def test_pairs_share_the_significance_of_a_look(standing):
    # The least p of 6 seeds a side is 2/924 = 0.0022; three looks leave 0.0167, 15 pairs of it 0.0011.
    two = standing({"ntm": FAST[:6], "lstm": SLOW[:6]})
    six = standing({f"lstm:units={number}": SLOW[:6] for number in range(5)} | {"ntm": FAST[:6]})
    assert (len(two.open_pairs), len(six.open_pairs)) == (0, 15)


def test_a_pair_is_judged_by_the_seeds_that_both_have(standing):
    (result,) = standing({"ntm": FAST, "lstm": SLOW[:7]}).pairs
    assert (result.n, result.test.n) == (6, (6, 6))


def test_no_look_is_done_beyond_the_limit(standing):
    judged = standing({"ntm": [400, 800] * 3}, ("convergence", {"at_most": 600}))
    assert wanted(judged, most=6) == {}


@pytest.mark.parametrize(("limit", "most"), [(None, 24), (24, 24), (23, 12), (6, 6)])
def test_a_limit_between_looks_is_that_of_the_look_before(limit, most):
    assert most_seeds(LOOKS, limit) == most


def test_a_limit_below_the_first_look_is_an_error():
    with pytest.raises(UsageError, match="--max-seeds 5: the first look has 6 seeds"):
        most_seeds(LOOKS, 5)
