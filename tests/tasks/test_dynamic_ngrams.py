import math
from fractions import Fraction

import numpy as np
import pytest
import torch

from mann_bench.core.streams import Stream
from mann_bench.tasks.base import Batch
from mann_bench.tasks.dynamic_ngrams import DynamicNGrams, bayes_logits
from mann_bench.testing.task_examples import worked_examples


def encoded(order, *sequences):
    return DynamicNGrams(order=order).encode(np.array(sequences, dtype=np.float32).T)


def probabilities(text):
    """Log-odds of probabilities written as fractions, [T]."""
    ones = [Fraction(each) for each in text]
    return torch.tensor([math.log(one / (1 - one)) for one in ones])


def bayes_bits(order, batches):
    """The Bayes loss of every sequence of some batches, in bits."""
    task = DynamicNGrams(order=order)
    return torch.cat([task.scores(task.constant_predictor(b.inputs), b)["bayes_bits"] for b in batches]).double()


def shares_of_ones(targets, order):
    """How often each context was followed by a one, [B, contexts], counted over all time."""
    bits = targets[:, :, 0].long()
    context = sum(bits[k : len(bits) - order + 1 + k] * 2 ** (order - 2 - k) for k in range(order - 1))
    seen = torch.nn.functional.one_hot(torch.as_tensor(context), 2 ** (order - 1)).double()
    return ((seen * bits[order - 1 :, :, None]).sum(0) / seen.sum(0)).numpy()


def test_the_layout_is_the_one_written_by_hand(golden):
    case, expected = golden("dynamic_ngrams")
    batch = encoded(case["options"]["order"], *(s["data"] for s in case["sequences"]))
    for actual, written in zip(batch, expected, strict=True):
        assert torch.equal(actual, written)


def test_bayes_is_the_one_written_by_hand(golden):
    case, batch = golden("dynamic_ngrams")
    expected = torch.stack([probabilities(s["bayes"]) for s in case["sequences"]], dim=1)
    torch.testing.assert_close(bayes_logits(batch.targets, order=3)[:, :, 0], expected)


@pytest.mark.parametrize("example", [0, 1])
def test_bayes_of_the_worked_example_is_what_the_oracle_gives(example):
    lines = [line.split() for line in DynamicNGrams.__doc__.splitlines()]
    bayes = [words[1:] for words in lines if words[:1] == ["bayes"]][example]
    batch = worked_examples(DynamicNGrams.__doc__)[example].batch()
    torch.testing.assert_close(DynamicNGrams(order=2).oracle(batch.inputs)[:, 0, 0], probabilities(bayes))


@pytest.mark.parametrize("order", [1, 2, 3, 6, 9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_fast_bayes_is_the_plain_one(order, dtype):
    task = DynamicNGrams(order=order)
    batch = Batch(*(part.to(dtype) for part in task.batch(Stream.TRAIN, 0, {"bits": 60}, 7)))
    torch.testing.assert_close(bayes_logits(batch.targets, order), task.oracle(batch.inputs), rtol=1e-7, atol=0)


def test_a_step_reads_the_bit_before_the_one_it_predicts():
    inputs, targets, _ = DynamicNGrams().batch(Stream.TRAIN, 0)
    assert torch.equal(inputs[1:], targets[:-1])
    assert not inputs[0].any()


def test_a_prediction_depends_on_the_bits_before_it_alone():
    task, inputs = DynamicNGrams(order=3), encoded(3, [0, 1] * 10).inputs
    before = task.oracle(inputs)
    for t in range(20):
        changed = inputs.clone()
        changed[t:] = 1 - changed[t:]
        assert torch.equal(task.oracle(changed)[:t], before[:t])


def test_every_bit_is_scored():
    batch = DynamicNGrams().batch(Stream.TRAIN, 0)
    assert batch.inputs.shape == (200, 32, 1)
    assert batch.mask.eq(1).all()


@pytest.mark.parametrize("order", [1, 2, 6])
def test_the_first_bits_cost_bayes_a_bit_each(order):
    batch = DynamicNGrams(order=order).batch(Stream.TRAIN, 0, {"bits": order}, 50)
    assert bayes_bits(order, [batch]).tolist() == pytest.approx([order] * 50)


@pytest.mark.parametrize("order", [2, 3, 6])
def test_the_first_bits_are_fair_and_so_is_what_follows_the_first_context(order):
    targets = DynamicNGrams(order=order).batch(Stream.TRAIN, 0, {"bits": order}, 6400).targets
    counts = torch.unique(targets, dim=1, return_counts=True)[1]
    expected = 6400 / 2**order
    assert len(counts) == 2**order
    assert (counts - expected).abs().max() < 5 * expected**0.5


def test_the_first_bit_that_is_not_fair_comes_from_the_table():
    """Two bits from one entry agree three times in four: the mean of p**2 + (1 - p)**2."""
    targets = DynamicNGrams(order=1).batch(Stream.TRAIN, 0, {"bits": 2}, 4000).targets
    agree = targets[0] == targets[1]
    assert agree.double().mean().item() == pytest.approx(3 / 4, abs=5 * (3 / 16 / 4000) ** 0.5)


def test_the_probabilities_of_a_table_are_beta_half_half():
    """A mean of 1/2, a variance of 1/8, a third of all entries below 1/4 and a third above 3/4."""
    targets = DynamicNGrams(order=1).batch(Stream.TRAIN, 0, {"bits": 2000}, 2000).targets
    share = targets.double().mean(0).flatten().numpy()
    assert share.mean() == pytest.approx(1 / 2, abs=5 * (1 / 8 / 2000) ** 0.5)
    assert share.var() == pytest.approx(1 / 8, rel=0.1)
    assert (share < 1 / 4).mean() == pytest.approx(1 / 3, abs=0.05)
    assert (share > 3 / 4).mean() == pytest.approx(1 / 3, abs=0.05)


def test_every_context_has_an_entry_of_its_own():
    halves = DynamicNGrams(order=3).batch(Stream.TRAIN, 0, {"bits": 6000}, 300).targets.split(3000)
    first, second = (shares_of_ones(half, order=3) for half in halves)
    known = np.isfinite(first + second).all(1)
    between = np.corrcoef(first[known].T, second[known].T)[:4, 4:]
    assert known.sum() > 200
    assert between.diagonal().min() > 0.95
    assert np.abs(between - np.diag(between.diagonal())).max() < 0.35


def test_bayes_at_200_bits_is_in_the_known_range():
    task = DynamicNGrams()
    loss = bayes_bits(6, (task.batch(Stream.TRAIN, index, count=10_000) for index in range(5)))
    error = loss.std() / len(loss) ** 0.5
    assert error < 0.2
    assert 133.2 - 3 * error < loss.mean() < 133.8 + 3 * error


def test_regret_is_the_loss_less_that_of_bayes():
    task, batch = DynamicNGrams(), DynamicNGrams().batch(Stream.TRAIN, 0)
    scores = task.scores(task.constant_predictor(batch.inputs), batch)
    assert scores["loss_bits"].tolist() == pytest.approx([200] * 32)
    assert torch.equal(scores["regret_bits"], scores["loss_bits"] - scores["bayes_bits"])
    assert scores["bayes_bits"].tolist() == pytest.approx(
        task.scores(task.oracle(batch.inputs), batch)["loss_bits"].tolist()
    )


def test_no_model_has_a_part_in_the_scores_of_the_sequences():
    task, batch = DynamicNGrams(), DynamicNGrams().batch(Stream.TRAIN, 0)
    one, other = (task.scores(logits, batch) for logits in (batch.targets, -batch.targets))
    assert {name for name in one if torch.equal(one[name], other[name])} == task.sequence_scores


def test_the_scores_of_known_predictions_are_known():
    logits = torch.tensor([1.0, 1.0, -1.0, 1.0, 3.0]).mul(math.log(3)).reshape(5, 1, 1)
    task, batch = DynamicNGrams(order=2), encoded(2, [0, 1, 1, 0, 1])
    scores = {name: value.item() for name, value in task.scores(logits, batch).items()}
    loss = 2 + math.log2(4 / 3) + 2 + 2 + math.log2(28 / 27)
    bayes = 3 + 2 + math.log2(4 / 3)
    expected = {"loss_bits": loss, "bayes_bits": bayes, "regret_bits": loss - bayes}
    assert scores == pytest.approx(expected | {"bit_errors": 3, "bit_error_rate": 3 / 5})


def test_the_loss_is_the_loss_in_bits_times_ln_2():
    task, batch = DynamicNGrams(), DynamicNGrams().batch(Stream.TRAIN, 0)
    logits = torch.randn(batch.targets.shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(task.loss(logits, batch), task.scores(logits, batch)["loss_bits"] * math.log(2))


def test_what_is_not_scored_does_not_count():
    task, (inputs, targets, mask) = DynamicNGrams(), DynamicNGrams().batch(Stream.TRAIN, 0)
    part = Batch(inputs, targets, mask.clone().index_fill_(0, torch.arange(100), 0))
    scores = task.scores(task.constant_predictor(inputs), part)
    assert scores["loss_bits"].tolist() == pytest.approx([100] * 32)
    assert torch.equal(scores["bit_errors"], targets[100:, :, 0].sum(0))


def test_training_has_the_one_given_number_of_bits():
    assert DynamicNGrams().training_sizes() == [{"bits": 200}]
    assert DynamicNGrams(bits=50).training_sizes() == [{"bits": 50}]


def test_the_test_has_200_to_800_bits():
    assert DynamicNGrams().test_sizes() == [{"bits": n} for n in (200, 400, 800)]


def test_chance_at_200_bits_is_200_bits_of_loss_and_100_errors():
    assert DynamicNGrams().chance({"bits": 200}) == {"loss_bits": 200, "bit_errors": 100}


@pytest.mark.parametrize(
    "options", [{"order": 0}, {"order": 17}, {"bits": 0}, {"order": 6, "bits": 5}, {"bits": 10**9}]
)
def test_bad_options_are_an_error(options):
    with pytest.raises(ValueError, match="dynamic_ngrams needs"):
        DynamicNGrams(**options)
