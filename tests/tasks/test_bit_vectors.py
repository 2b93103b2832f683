import math

import numpy as np
import pytest
import torch

from mann_bench.core.streams import Stream
from mann_bench.tasks.base import Batch
from mann_bench.tasks.bit_vectors import NATS_PER_BIT, as_batch, bits, certain
from mann_bench.tasks.copy import Copy

STEPS, COUNT, BITS = 7, 5, 3


@pytest.fixture
def batch():
    """Random targets, scored over a length of its own for every sequence."""
    rng = torch.Generator().manual_seed(0)
    targets = torch.randint(0, 2, (STEPS, COUNT, BITS), generator=rng).double()
    scored = torch.tensor([7, 1, 3, 5, 2])
    mask = (torch.arange(STEPS).unsqueeze(1) >= STEPS - scored).double()
    return Batch(torch.zeros(STEPS, COUNT, BITS + 1).double(), targets, mask)


@pytest.fixture
def logits():
    return 3 * torch.randn(STEPS, COUNT, BITS, generator=torch.Generator().manual_seed(1)).double()


def plain_scores(logits, batch, b):
    """The scores of sequence b, bit by bit."""
    loss = wrong = scored = 0
    for t in range(STEPS):
        if not batch.mask[t, b]:
            continue
        for o in range(BITS):
            one = 1 / (1 + math.exp(-logits[t, b, o]))
            right = one if batch.targets[t, b, o] else 1 - one
            loss -= math.log2(right)
            wrong += right < 0.5
            scored += 1
    rate, accuracy = wrong / scored, float(wrong == 0)
    return {"loss_bits": loss, "bit_errors": wrong, "bit_error_rate": rate, "sequence_accuracy": accuracy}


def test_scores_are_those_of_the_plain_loop(batch, logits):
    scores = Copy(bits=BITS).scores(logits, batch)
    for b in range(COUNT):
        expected = plain_scores(logits, batch, b)
        assert {name: values[b].item() for name, values in scores.items()} == pytest.approx(expected, rel=1e-9)


def test_the_loss_is_the_loss_in_bits_times_ln_2(batch, logits):
    task = Copy(bits=BITS)
    assert math.isclose(NATS_PER_BIT, math.log(2))
    expected = task.scores(logits, batch)["loss_bits"] * math.log(2)
    torch.testing.assert_close(task.loss(logits, batch), expected)


def test_one_wrong_bit_is_one_error_and_no_accurate_sequence(batch):
    logits = certain(batch.targets)
    logits[-1, 2, 1] *= -1
    scores = Copy(bits=BITS).scores(logits, batch)
    assert scores["bit_errors"].tolist() == [0, 0, 1, 0, 0]
    assert scores["sequence_accuracy"].tolist() == [1, 1, 0, 1, 1]
    assert scores["bit_error_rate"][2].item() == pytest.approx(1 / (3 * BITS))


def test_what_is_not_scored_does_not_count(batch, logits):
    task, changed = Copy(bits=BITS), logits.clone()
    changed[batch.mask == 0] = 1e3
    before, after = task.scores(logits, batch), task.scores(changed, batch)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_the_gradient_of_the_loss_is_zero_where_nothing_is_scored(batch, logits):
    Copy(bits=BITS).loss(logits.requires_grad_(), batch).sum().backward()
    assert (logits.grad.abs().sum(-1) > 0).eq(batch.mask.bool()).all()


def test_an_undecided_bit_counts_as_zero(batch):
    errors = Copy(bits=BITS).scores(torch.zeros_like(batch.targets), batch)["bit_errors"]
    assert torch.equal(errors, (batch.targets.sum(-1) * batch.mask).sum(0))


def test_the_constant_predictor_ignores_its_inputs():
    task = Copy()
    inputs = task.batch(Stream.TRAIN, 0, count=2).inputs
    assert torch.equal(task.constant_predictor(inputs), torch.zeros(len(inputs), 2, 8))


def test_a_certain_bit_costs_nothing():
    target_bits = torch.tensor([0.0, 1.0], dtype=torch.float64)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(certain(target_bits), target_bits)
    assert loss / math.log(2) < 1e-12


def test_bits_are_float32_zeros_and_ones():
    drawn = bits(np.random.default_rng(0), 3, 4, 5)
    assert drawn.shape == (3, 4, 5)
    assert drawn.dtype == np.float32
    assert set(np.unique(drawn)) == {0, 1}


def test_bits_are_fair():
    assert abs(bits(np.random.default_rng(0), 10_000).mean() - 0.5) < 5 * 0.5 / 100


def test_a_batch_from_arrays_is_scored_on_its_last_steps():
    batch = as_batch(np.ones((4, 2, 3), np.float32), np.ones((4, 2, 1), np.float32), scored_steps=3)
    assert batch.mask.tolist() == [[0, 0], [1, 1], [1, 1], [1, 1]]


def test_the_probability_of_a_bit_is_the_sigmoid_of_its_logit():
    logits = torch.tensor([[[-2.0, 0.0, 3.0]]])
    assert torch.equal(Copy(bits=3).probabilities(logits), logits.sigmoid())
