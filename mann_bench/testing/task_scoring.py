"""Clauses on how a task judges: mask, loss and scores, oracle, chance, what the answer depends on, speed."""

import statistics
import time

import torch
from torch import Tensor

from mann_bench.core.sizes import size_text
from mann_bench.core.streams import Stream
from mann_bench.tasks.base import Batch, SequenceTask
from mann_bench.testing.clause import require
from mann_bench.testing.subject import TaskSubject
from mann_bench.testing.task_sizes import some_sizes

_LOSS_BITS = "loss_bits"
"""The score that the runner itself asks for."""

_SIZES_EXCHANGED = 4
_CHANCE_SEQUENCES = 256
_STANDARD_ERRORS = 5


def mask(subject: TaskSubject) -> None:
    """Masks are 1 or 0, some step of every sequence is scored, and what is not scored does not count."""
    task = subject.build()
    for size in (task.training_sizes()[-1], task.test_sizes()[0]):
        batch = task.evaluation_batch(Stream.PROBE, size, 4)
        other = batch.mask[(batch.mask != 0) & (batch.mask != 1)]
        require(not len(other), f"the mask holds {other[:3].tolist()}", "0 and 1 alone", "Say 1 where a step counts")
        require(
            bool(batch.mask.any(0).all()),
            f"a sequence of size {size_text(size)} is scored on no step",
            "one at the least",
            "Set the mask where there is an answer",
        )
        _check_ignored(task, batch, "targets")
        _check_ignored(task, _with_less_scored(batch), "logits")
        _check_score_mask(task, batch)


def scores(subject: TaskSubject) -> None:
    """Loss and scores have a finite number a sequence; loss_bits and the convergence metric are among the scores."""
    task, metric = subject.build(), subject.spec.convergence.metric
    for size in some_sizes(task):
        batch = task.evaluation_batch(Stream.PROBE, size, 3)
        logits = _logits(batch, 0).requires_grad_()
        found = task.scores(logits, batch)
        absent = sorted({_LOSS_BITS, metric} - found.keys())
        require(
            not absent,
            f"scores has no {', '.join(absent)}, only {', '.join(found)}",
            f"{_LOSS_BITS}, and {metric} for the convergence rule",
            "Add it, or name another metric in the spec's ConvergenceRule",
        )
        loss = task.loss(logits, batch)
        for name, value in {"loss": loss, **found}.items():
            require(
                value.shape == (3,) and bool(value.isfinite().all()),
                f"{name} of 3 sequences of size {size_text(size)} is {value.tolist()}",
                "a finite number for each sequence",
                "Sum over time and channels, and keep the batch",
            )
        (slope,) = torch.autograd.grad(loss.sum(), logits)
        require(bool(slope.any()), "the loss has no gradient in the logits", "one", "Compute it from the logits alone")


def oracle(subject: TaskSubject) -> None:
    """The oracle solves every training and test size: its convergence score lies below the rule's level."""
    task, rule = subject.build(), subject.spec.convergence
    for size in some_sizes(task):
        batch = task.evaluation_batch(Stream.PROBE, size, 4)
        reached = _mean(task, task.oracle(batch.inputs.clone()), batch)[rule.metric]
        require(
            reached < rule.below,
            f"at size {size_text(size)} the oracle has a {rule.metric} of {reached:g}",
            f"below {rule.below:g}",
            "Either it does not solve the task, or the targets are not what the inputs say",
        )


def chance(subject: TaskSubject) -> None:
    """The declared chance level is what logits of zero score, within sampling error."""
    task = subject.build()
    for size in (task.test_sizes()[0], task.test_sizes()[-1]):
        declared = task.chance(size)
        require(bool(declared), "chance declares nothing", "some scores", f"State {_LOSS_BITS} at the least")
        batch = task.evaluation_batch(Stream.PROBE, size, _CHANCE_SEQUENCES)
        measured = task.scores(torch.zeros_like(batch.targets), batch)
        for name, level in declared.items():
            require(name in measured, f"chance declares {name!r}", f"one of {', '.join(measured)}", "Name a score")
            each = measured[name].double()
            mean, error = each.mean().item(), each.std().item() / _CHANCE_SEQUENCES**0.5
            require(
                abs(mean - level) <= _STANDARD_ERRORS * error + 1e-4 * abs(mean),
                f"at size {size_text(size)} chance declares a {name} of {level:g}, zero logits have {mean:g}",
                f"{mean:g} within {_STANDARD_ERRORS} standard errors of {error:.2g}",
                "Count the scored steps and channels again",
            )


def target_dependence(subject: TaskSubject) -> None:
    """Every input channel matters: exchanged between sequences, it changes the oracle's answer."""
    task = subject.build()
    varied, mattered = set[int](), set[int]()
    for size in some_sizes(task)[:_SIZES_EXCHANGED]:
        inputs, _, mask = task.evaluation_batch(Stream.PROBE, size, 16)
        answer = _answer(task, inputs, mask)
        for channel in range(task.input_size):
            turned = inputs.clone()
            turned[:, :, channel] = inputs[:, :, channel].roll(1, dims=1)
            if not torch.equal(turned, inputs):
                varied.add(channel)
                changed = _answer(task, turned, mask)
                if answer is None or changed is None or not torch.equal(changed, answer):
                    mattered.add(channel)
    idle = sorted(varied - mattered)
    require(
        not idle,
        f"input channels {idle} differ between sequences, and the answer does not depend on them",
        "that whatever the inputs say matters",
        "See whether the targets forget a part of the inputs, such as the priority of a row",
    )


def speed(subject: TaskSubject) -> str:
    """How long it takes to generate a training batch of 32: reported, never failed."""
    task, times = subject.build(), []
    size = task.training_sizes()[-1]
    for index in range(5):
        started = time.perf_counter()
        task.batch(Stream.TRAIN, index, size, 32)
        times.append(time.perf_counter() - started)
    return f"{1e3 * statistics.median(times):.2g} ms a batch of 32 at size {size_text(size)}"


def _logits(batch: Batch, seed: int) -> Tensor:
    return 2 * torch.randn(batch.targets.shape, generator=torch.Generator().manual_seed(seed))


def _check_ignored(task: SequenceTask, batch: Batch, also: str) -> None:
    """Exchange the logits, and where `also` says so the targets, of the steps that are not scored."""
    scored = batch.mask.bool().unsqueeze(-1)
    logits = _logits(batch, 0)
    other = torch.where(scored, logits, _logits(batch, 1))
    targets = torch.where(scored, batch.targets, 1 - batch.targets) if also == "targets" else batch.targets
    for name, value in _judged(task, logits, batch).items():
        again = _judged(task, other, batch._replace(targets=targets))[name]
        require(
            torch.equal(value, again)
            or bool((value.isnan() == again.isnan()).all() and torch.allclose(value, again, equal_nan=True)),
            f"{name} depends on {also} of steps that are not scored",
            "that it does not",
            "Multiply by the mask before the sum over time",
        )


def _check_score_mask(task: SequenceTask, batch: Batch) -> None:
    """See that scores count on some of the steps of each sequence that the loss counts on, and depend on no others."""
    scored = task.score_mask(batch)
    require(
        scored.shape == batch.mask.shape
        and bool((((scored == 0) | (scored == 1)) & (scored <= batch.mask)).all())
        and bool(scored.any(0).all()),
        f"score_mask holds {sorted(set(scored.flatten().tolist()))[:3]} in the shape {list(scored.shape)}",
        "0 and 1 of the mask's shape, with a 1 in each sequence and only where the mask has one",
        "Multiply it by the mask of the batch",
    )
    logits = _logits(batch, 0)
    other = task.scores(torch.where(scored.bool().unsqueeze(-1), logits, _logits(batch, 1)), batch)
    for name, value in task.scores(logits, batch).items():
        require(
            name == _LOSS_BITS or torch.allclose(value, other[name], equal_nan=True),
            f"{name} depends on logits of steps that score_mask leaves out",
            f"that it does not: only the loss and {_LOSS_BITS} count there",
            "Multiply by task.score_mask(batch) before the sum over time",
        )


def _judged(task: SequenceTask, logits: Tensor, batch: Batch) -> dict[str, Tensor]:
    return {"loss": task.loss(logits, batch), **task.scores(logits, batch)}


def _with_less_scored(batch: Batch) -> Batch:
    """Score the last scored step of each sequence alone."""
    steps = torch.arange(1, len(batch.mask) + 1).unsqueeze(1) * batch.mask
    return batch._replace(mask=(steps == steps.amax(0)).float())


def _mean(task: SequenceTask, logits: Tensor, batch: Batch) -> dict[str, float]:
    return {name: value.double().mean().item() for name, value in task.scores(logits, batch).items()}


def _answer(task: SequenceTask, inputs: Tensor, mask: Tensor) -> Tensor | None:
    """Return the oracle's logits on the scored steps, or None where it finds no sense in the inputs."""
    try:
        return task.oracle(inputs.clone()) * mask.unsqueeze(-1)
    except Exception:  # an oracle may presume sequences that the task can generate
        return None
