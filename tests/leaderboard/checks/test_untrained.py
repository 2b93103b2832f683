import pytest

from mann_bench.leaderboard.checks.untrained import check_untrained


@pytest.fixture
def names(make_sound, smoke_runs, rules):
    """Return a function that names the faults of a sound record whose first scores and fields were changed."""
    record = make_sound(smoke_runs[0])

    def find(scores, **fields):
        first = record.curve[0].model_copy(update={"scores": record.curve[0].scores | scores})
        changed = record.model_copy(update={"curve": [first, *record.curve[1:]], **fields})
        return [finding.name.value for finding in check_untrained(changed, rules.tasks[record.task.text])]

    return find


@pytest.mark.parametrize(("loss", "faults"), [(1.9, ["trained-before"]), (2.1, []), (400.0, [])])
def test_a_model_that_loses_less_than_half_of_chance_was_trained_before(names, loss, faults):
    assert names({"loss_bits": loss}) == faults  # 4 bits are scored


def test_a_model_without_errors_was_trained_before(names):
    assert names({"bit_errors": 0.0, "bit_error_rate": 0.0}) == ["trained-before"]


def test_a_model_that_has_nothing_to_learn_may_be_right_at_once(names):
    assert names({"bit_errors": 0.0, "bit_error_rate": 0.0, "loss_bits": 0.0}, parameters=0) == []
