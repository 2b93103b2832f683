"""Label tasks against a plain loop over sequences and steps."""

import math

import pytest
import torch

from mann_bench.tasks.base import Batch
from mann_bench.tasks.labels import LabelTask

STEPS, COUNT, LABELS = 6, 4, 3


class Padded(LabelTask):
    """Trains all steps of the mask, and scores none after the first label 2."""

    input_size, output_size = 1, LABELS
    training_sizes = test_sizes = generate = oracle = chance = None

    def score_mask(self, batch):
        ended = (batch.targets[..., 2] * batch.mask).cumsum(0) - batch.targets[..., 2] * batch.mask
        return batch.mask * (ended == 0)


class Unpadded(Padded):
    score_mask = LabelTask.score_mask


for each in (Padded, Unpadded):
    each.__abstractmethods__ = frozenset()


@pytest.fixture
def batch():
    """Random labels, a sequence each at every step, at some, at one in the middle, at the last."""
    labels = torch.randint(0, LABELS, (STEPS, COUNT), generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 1]]).double()
    targets = torch.nn.functional.one_hot(labels, LABELS) * mask.unsqueeze(-1)
    return Batch(torch.zeros(STEPS, COUNT, 1).double(), targets.double(), mask)


@pytest.fixture
def logits():
    return 3 * torch.randn(STEPS, COUNT, LABELS, generator=torch.Generator().manual_seed(1)).double()


def plain_scores(logits, batch, b, scored):
    """The scores of sequence b, step by step."""
    loss = wrong = number = 0
    for t in range(STEPS):
        if batch.mask[t, b]:
            row, label = logits[t, b].tolist(), batch.targets[t, b].tolist().index(1)
            loss -= math.log2(math.exp(row[label]) / sum(map(math.exp, row)))
            if scored[t, b]:
                number += 1
                wrong += row.index(max(row)) != label
    rate = wrong / number
    return [loss, wrong, rate, 1 - rate, float(wrong == 0)]


@pytest.mark.parametrize("make", [Padded, Unpadded])
def test_scores_are_those_of_a_plain_loop(make, batch, logits):
    task = make()
    scored = task.score_mask(batch)
    expected = [plain_scores(logits, batch, b, scored) for b in range(COUNT)]
    found = torch.stack([*task.scores(logits, batch).values()], dim=1)
    torch.testing.assert_close(found, torch.tensor(expected).double())


def test_the_loss_counts_where_scores_do_not(batch, logits):
    padded, unpadded = Padded(), Unpadded()
    assert (padded.score_mask(batch) < batch.mask).any()
    assert torch.equal(padded.loss(logits, batch), unpadded.loss(logits, batch))


def test_scores_count_where_the_loss_does_unless_a_task_says_otherwise(batch):
    assert Unpadded().score_mask(batch) is batch.mask


def test_a_label_at_the_last_step_alone_is_right_or_wrong(batch, logits):
    last = batch._replace(mask=torch.zeros(STEPS, COUNT).double())
    last.mask[-1] = 1
    last.targets[-1] = torch.nn.functional.one_hot(torch.tensor([0, 1, 2, 0]), LABELS)
    scores = Unpadded().scores(logits, last)
    assert torch.equal(scores["token_accuracy"], scores["sequence_accuracy"])


def test_probabilities_of_the_labels_of_a_step_add_to_one(logits):
    torch.testing.assert_close(Padded().probabilities(logits).sum(-1), torch.ones(STEPS, COUNT).double())
