"""Runs under a syllabus: what is drawn, recorded and resumed."""

import itertools

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.core.events import Evaluated
from mann_bench.core.streams import Stream
from mann_bench.models.lstm import LSTMModel
from mann_bench.tasks.base import SequenceTask

EIGHT = {"max_steps": 8, "probe_every": 4}
RULES = ["target", "naive", "look_back", "look_back_and_forward", "prediction_gain", "exponential:batches=2"]

pytestmark = pytest.mark.usefixtures("short_grid")


@pytest.fixture
def trained_on(monkeypatch):
    """The lengths of the training batches, in the order in which they are drawn."""
    lengths, batch = [], SequenceTask.batch

    def watched(task, stream, index, size=None, count=None):
        if stream is Stream.TRAIN:
            lengths.append(size["length"])
        return batch(task, stream, index, size, count)

    monkeypatch.setattr(SequenceTask, "batch", watched)
    return lengths


@pytest.mark.parametrize("rule", RULES)
def test_a_run_that_goes_on_is_one_that_was_never_interrupted(make_run, interrupt, evaluated, same, rule):
    run = make_run(syllabus=rule, **EIGHT)
    interrupt(run, evaluated(4))
    same(run)


def test_turns_of_several_steps_go_on(make_run, interrupt, evaluated, same):
    run = make_run(max_steps=40, evaluate_every=20, grace=20, syllabus="prediction_gain:rate=1")
    interrupt(run, evaluated(20))
    same(run)


def test_a_draw_knows_of_all_steps_before_it(make_run, complete, monkeypatch, trained_on):
    """Lightning reads ahead and a turn does ten steps: yet the level of the first batch is known to the second."""
    monkeypatch.setattr(SequenceTask, "loss_by_chance", lambda task, size: 1e9)
    complete(make_run(max_steps=20, evaluate_every=20, syllabus="exponential:batches=1"))
    assert len(trained_on) == 20
    assert trained_on[0] == 1
    assert max(trained_on[:2]) <= 2
    assert max(trained_on) == 3


def test_target_trains_on_the_greatest_length_alone(make_run, complete, trained_on):
    complete(make_run(syllabus="target", **EIGHT))
    assert trained_on == 8 * [3]


def test_the_record_holds_the_rule_and_its_course(make_run, complete, trained_on):
    record, *_ = complete(make_run(syllabus="look_back_and_forward:stay=0.5", **EIGHT))
    kept = record.syllabus
    assert (kept.rule.text, kept.sizes) == ("look_back_and_forward:stay=0.5", [{"length": n} for n in (1, 2, 3)])
    assert [row.step for row in kept.course] == [row.step for row in record.curve]
    drawn = [sum(counts) for counts in zip(*(row.drawn for row in kept.course), strict=True)]
    assert drawn == [trained_on.count(n) for n in (1, 2, 3)]


def test_the_course_is_told_with_the_evaluations(make_run, complete):
    record, _, events = complete(make_run(syllabus="prediction_gain", **EIGHT))
    told = [event.course for event in events if isinstance(event, Evaluated)]
    assert [list(course.drawn) for course in told] == [row.drawn for row in record.syllabus.course]
    rewards = itertools.chain.from_iterable(course.rewards for course in told)
    assert all(reward is None or -1 <= reward <= 1 for reward in rewards)


def test_a_run_of_the_uniform_syllabus_is_one_without(make_run):
    plain, uniform = make_run(), make_run(syllabus="uniform")
    assert (plain.key, plain.syllabus) == (uniform.key, None)
    assert plain.protocol_text == uniform.protocol_text


def test_every_syllabus_and_every_option_has_a_key_of_its_own(make_run):
    texts = ["uniform", "naive", "naive:growth=next", "target"]
    assert len({make_run(syllabus=text).key for text in texts}) == 4
    assert make_run(syllabus="naive").key == make_run(syllabus="naive:growth=double").key


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("naiv", "unknown syllabus 'naiv'. Did you mean 'naive'?"),
        ("naive:stay=1", "syllabus 'naive' has no option 'stay'"),
        ("look_back:stay=2", "syllabus 'look_back:stay=2.0' cannot be built: stay must be from 0 to 1"),
    ],
)
def test_a_wrong_name_or_option_is_the_usual_error(make_run, text, told):
    with pytest.raises(UsageError, match=told.replace("?", r"\?")):
        make_run(syllabus=text)


def test_a_model_that_trains_itself_cannot_follow_a_rule_that_learns_from_each_step(make_run, monkeypatch):
    monkeypatch.setattr(LSTMModel, "training_step", lambda model, batches, index: None)
    with pytest.raises(UsageError, match="'lstm:layers=1,units=8' has its own training_step"):
        make_run(syllabus="prediction_gain")


def test_a_model_that_trains_itself_can_follow_one_that_does_not(make_run, monkeypatch):
    monkeypatch.setattr(LSTMModel, "training_step", lambda model, batches, index: None)
    assert make_run(syllabus="naive").syllabus is not None


def test_the_untrained_model_does_not_move_the_point(make_run, complete):
    """With a threshold that every error is below, the point moves at each evaluation after the first."""
    record, *_ = complete(make_run(syllabus="naive:progress=1e9", **EIGHT))
    assert [row.point["length"] for row in record.syllabus.course] == [1, 2, 3, 3, 3]
