"""Clauses on what a model computes: shapes, what may influence what, the state, numbers that stay finite."""

import torch
from torch import Tensor

from mann_bench.models.base import SequenceModule
from mann_bench.testing.clause import require
from mann_bench.testing.returned import check_forward
from mann_bench.testing.subject import INPUT_SIZE, ModelSubject
from mann_bench.testing.tensors import bits, close, distance, without_finite_gradient
from mann_bench.testing.training_mode import TrainingCopy, modes, repeats_in_training

_LONG = 300
"""Steps: more than the 241 of copy's longest test, and than the 256 of the longest chunks that models compute in."""

_BATCH = 33
"""Sequences: one more than the protocol trains on at a time."""

_LARGE = 1e4


def shapes(subject: ModelSubject) -> None:
    """Logits are [T, B, O] for any T and B, from a single step to more than the longest test of copy."""
    model = subject.build()
    for steps, batch in ((7, 4), (4, 7), (1, 3), (5, 1), (44, 2), (2, _BATCH), (_LONG, 2)):
        check_forward(model, steps, batch)


@torch.no_grad()
def deterministic(subject: ModelSubject) -> None:
    """The same inputs give the same logits twice, bit by bit."""
    model, inputs = subject.trained(), bits(9, 4, INPUT_SIZE)
    first, second = model(inputs), model(inputs)
    require(
        torch.equal(first, second),
        f"the second call differs by up to {distance(first, second)}",
        "the same logits in evaluation mode",
        "Draw nothing in forward; use dropout only while self.training",
    )


@torch.no_grad()
def state_reset(subject: ModelSubject) -> None:
    """Every call starts from the initial state, whatever sequences came before."""
    model, inputs = subject.trained(), bits(9, 4, INPUT_SIZE)
    first = model(inputs)
    for steps, batch in ((33, 4), (5, 3), (70, 17)):
        model(bits(steps, batch, INPUT_SIZE, seed=1))
    _require_same(first, model(inputs), "evaluation")
    if not repeats_in_training(model):
        return
    one, other = TrainingCopy(model), TrainingCopy(model)
    one.train(torch.zeros(33, 17, INPUT_SIZE))
    other.train(torch.ones(33, 17, INPUT_SIZE))
    _require_same(one.train(inputs), other.train(inputs), "training")
    _require_same(one.evaluate(inputs), other.evaluate(inputs), "evaluation, after training,")


def batch_independent(subject: ModelSubject) -> None:
    """The logits of a sequence, and their gradient, do not depend on the other sequences of the batch."""
    model = subject.trained()
    for sequences, looked_at in ((4, (0, 1, 2, 3)), (_BATCH, (0, 2, 16, _BATCH - 1))):
        inputs = bits(9, sequences, INPUT_SIZE)
        with torch.no_grad():
            together = model(inputs)[:, looked_at]
            alone = torch.cat([model(inputs[:, b : b + 1]) for b in looked_at], dim=1)
        _require_independent(
            close(together, alone), f"alone, logits differ by up to {distance(together, alone)} from a batch's"
        )
        inputs.requires_grad_()
        torch.autograd.backward(model(inputs)[:, 2].square().sum())
        reached = [] if inputs.grad is None else inputs.grad.abs().sum((0, 2)).nonzero().flatten().tolist()
        _require_independent(
            set(reached) <= {2}, f"the logits of sequence 2 have a gradient in sequences {reached[:8]}", "2 alone"
        )
        with torch.no_grad():
            _check_others_changed(model, inputs.detach())


@torch.no_grad()
def causal(subject: ModelSubject) -> None:
    """Logits depend on the inputs up to their own step alone."""
    model = subject.trained()
    for mode, call in modes(model):
        for steps, batch, changes in ((9, 4, (1, 4, 8)), (_LONG, 2, (101, 290))):
            inputs = bits(steps, batch, INPUT_SIZE)
            before = call(inputs)
            for step in changes:
                after = call(torch.cat([inputs[:step], 1 - inputs[step:]]))
                require(
                    close(after[:step], before[:step]),
                    f"{mode}inputs from step {step} on change earlier logits by up to "
                    f"{distance(after[:step], before[:step])}",
                    "that nothing looks ahead",
                    "Mask attention, within chunks, too, pad convolutions at the front, take no statistics over time",
                )


def finite(subject: ModelSubject) -> None:
    """Logits and gradients are finite on zeros, on ones, on large inputs and on long sequences."""
    model = subject.trained()
    hard = {
        "zeros": torch.zeros(50, 2, INPUT_SIZE),
        "ones": torch.ones(50, 2, INPUT_SIZE),
        f"inputs of {_LARGE:g}": _LARGE * bits(9, 4, INPUT_SIZE),
        f"inputs of {-_LARGE:g}": -_LARGE * bits(9, 4, INPUT_SIZE),
        "200 steps": bits(200, 2, INPUT_SIZE),
    }
    for words, inputs in hard.items():
        model.zero_grad()
        logits = model(inputs)
        torch.autograd.backward(logits.square().mean())
        culprits = ["logits"] * (not bool(logits.isfinite().all())) + without_finite_gradient(model)
        require(
            not culprits,
            f"on {words}, {', '.join(culprits)} are not finite",
            "finite numbers",
            "Look for divisions by, logarithms of and roots of zero, and for exponentials without a bound",
        )


def _require_same(first: Tensor, second: Tensor, mode: str) -> None:
    require(
        torch.equal(first, second),
        f"after other sequences the same inputs give logits in {mode} that differ by up to {distance(first, second)}",
        "the same logits",
        "Keep no state on self: return it from step, and start from initial_state; keep no statistics of sequences",
    )


def _check_others_changed(model: SequenceModule, inputs: Tensor) -> None:
    """Check that one sequence is as before where all others are others, in each mode."""
    others = 1 - inputs
    others[:, 2] = inputs[:, 2]
    for mode, call in modes(model):
        one, other = call(inputs)[:, 2], call(others)[:, 2]
        _require_independent(
            close(one, other), f"{mode}logits differ by up to {distance(one, other)} beside other sequences"
        )


def _require_independent(holds: bool, seen: str, expected: str = "the same") -> None:
    require(holds, seen, expected, "Look for an axis that was swapped, and for statistics over the batch")
