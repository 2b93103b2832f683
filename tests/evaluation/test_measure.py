import pytest
import torch

from mann_bench.core.streams import Stream
from mann_bench.evaluation import measure
from mann_bench.evaluation.measure import grid_scores, size_scores, target_scores, validation_rows, validation_scores
from mann_bench.models.base import RecurrentModel, SequenceModule
from mann_bench.tasks.copy import Copy
from mann_bench.tasks.dynamic_ngrams import DynamicNGrams


class Oracle(SequenceModule):
    """Answers by the task's own plain program."""

    def __init__(self, task):
        super().__init__(task.input_size, task.output_size)
        self.task = [task]
        self.modes = set()

    def forward(self, inputs):
        self.modes.add((self.training, torch.is_inference_mode_enabled()))
        return self.task[0].oracle(inputs)


class Constant(Oracle):
    def __init__(self, task):
        super().__init__(task)
        self.batches = []

    def forward(self, inputs):
        self.batches.append(inputs.shape[1])
        return self.task[0].constant_predictor(inputs)


class Recurrent(RecurrentModel):
    """Answers by its inputs; `batches` are those that it began."""

    def __init__(self, task):
        super().__init__(task.input_size, task.output_size)
        self.batches, self.state = [], ()

    def initial_state(self, batch_size):
        return self.state

    def forward(self, inputs):
        self.batches.append(inputs.shape[1])
        return super().forward(inputs)

    def step(self, inputs, state):
        return inputs[:, : self.output_size], state


@pytest.fixture
def task():
    return Copy(max_length=5)


def test_the_oracle_scores_zero(task):
    scores = validation_scores(validation_rows(Oracle(task), task, 10))
    assert scores["bit_errors"] == 0.0
    assert scores["sequence_accuracy"] == 1.0


def test_validation_is_the_mean_over_sequences_not_over_sizes(task):
    scores = validation_scores(validation_rows(Constant(task), task, 7))
    # Seven sequences over lengths 1 to 5: counts 1, 1, 2, 1, 2 of 8 bits a row.
    assert scores["loss_bits"] == pytest.approx(8 * (1 + 2 + 6 + 4 + 10) / 7)


def test_of_scores_in_which_the_model_has_no_part_the_spread_over_the_sequences_is_measured(task):
    ngrams = DynamicNGrams(order=2)
    row, *_ = grid_scores(Constant(ngrams), ngrams, Stream.TEST, 5)
    batch = ngrams.evaluation_batch(Stream.TEST, row.size, 5)
    bayes = ngrams.scores(torch.zeros_like(batch.targets), batch)["bayes_bits"].double()
    assert (row.scores["bayes_bits"], dict(row.spread)) == (bayes.mean(), {"bayes_bits": bayes.std().item()})
    assert [dict(row.spread) for row in grid_scores(Constant(task), task, Stream.TEST, 2)] == [{}] * 6


def test_one_sequence_has_no_spread():
    ngrams = DynamicNGrams(order=2)
    assert {len(row.spread) for row in grid_scores(Constant(ngrams), ngrams, Stream.TEST, 1)} == {0}


def test_the_grid_has_a_row_a_size(task):
    rows = grid_scores(Constant(task), task, Stream.TEST, 2)
    assert [(row.size["length"], row.sequences) for row in rows] == [(n, 2) for n in (20, 40, 60, 80, 100, 120)]
    assert rows[0].scores["loss_bits"] == pytest.approx(160.0)


def test_the_size_of_the_batches_does_not_change_what_is_measured(task, monkeypatch):
    whole = validation_scores(validation_rows(Constant(task), task, 40))
    monkeypatch.setattr(measure, "_LARGEST_BATCH", 3)
    assert validation_scores(validation_rows(Constant(task), task, 40)) == pytest.approx(whole)


@pytest.mark.parametrize(
    ("make", "numbers"),
    [
        pytest.param(Constant, 241 * 241, id="attends from every step to every other"),
        pytest.param(Recurrent, 241 * 17, id="holds inputs and logits"),
    ],
)
def test_of_long_sequences_fewer_are_run_at_once_and_the_scores_are_the_same(task, monkeypatch, make, numbers):
    whole, few = make(task), make(task)
    expected = size_scores(whole, task, Stream.TEST, {"length": 120}, 7)
    monkeypatch.setattr(measure, "_MOST_NUMBERS", 3 * numbers)
    assert size_scores(few, task, Stream.TEST, {"length": 120}, 7).scores == pytest.approx(expected.scores)
    assert (whole.batches, few.batches) == ([7], [3, 3, 1])


def test_of_large_states_fewer_are_held_at_once(task, monkeypatch):
    model = Recurrent(task)
    model.state = torch.zeros(1000)
    monkeypatch.setattr(measure, "_MOST_NUMBERS", 3999)
    size_scores(model, task, Stream.TEST, {"length": 20}, 7)
    assert model.batches == [3, 3, 1]


def test_the_bound_leaves_what_committed_runs_were_tested_on_in_one_batch():
    ngrams = DynamicNGrams()
    assert measure._sequences_at_once(Constant(ngrams), 800) >= 192


def test_one_sequence_is_run_however_long_it_is(task):
    assert measure._sequences_at_once(Constant(task), 10**6) == 1


def test_the_model_is_in_evaluation_mode_and_comes_back(task):
    model = Oracle(task)
    model.train()
    validation_scores(validation_rows(model, task, 5))
    assert model.modes == {(False, True)}
    assert model.training


def test_streams_differ(task):
    validation = grid_scores(Constant(task), task, Stream.VALIDATION, 20)
    assert grid_scores(Constant(task), task, Stream.TEST, 20) != validation


def test_the_target_is_the_greatest_size_of_the_validation_sequences(task):
    rows = validation_rows(Constant(task), task, 7)
    assert target_scores(Constant(task), task, rows) == rows[-1].scores
    assert rows[-1].scores["loss_bits"] == pytest.approx(8 * 5)


def test_a_target_that_was_not_validated_is_measured_on_its_own(task):
    rows = validation_rows(Constant(task), task, 7)[:2]
    assert target_scores(Constant(task), task, rows)["loss_bits"] == pytest.approx(8 * 5)


def test_a_task_without_a_greatest_size_has_no_target(task, monkeypatch):
    monkeypatch.setattr(task, "training_sizes", lambda: [{"length": 1, "repeats": 2}, {"length": 2, "repeats": 1}])
    assert target_scores(Constant(task), task, []) == {}
