"""Clauses on how a model learns: gradients, a batch that it can learn by heart, the runner's own training, speed."""

import time
from collections.abc import Sequence

import torch
from torch.nn import functional

from mann_bench.core.backends import AUTO
from mann_bench.core.protocol import Protocol
from mann_bench.core.runs import Outcome, Run
from mann_bench.core.streams import Stream
from mann_bench.execution.resolve import resolve_component
from mann_bench.models.base import SequenceModule
from mann_bench.models.building import build_model, build_task
from mann_bench.models.preparation import prepare
from mann_bench.tasks.base import Batch, SequenceTask
from mann_bench.testing.clause import ConformanceError, require
from mann_bench.testing.subject import INPUT_SIZE, OUTPUT_SIZE, ModelSubject
from mann_bench.testing.tensors import bits, without_finite_gradient
from mann_bench.training.result import TrainingResult
from mann_bench.training.trainer import train

_SHARE = 0.5
_OVERFIT_STEPS = 200
_RATES = (1e-2, 1e-3)

_SHORT_TASK = "associative_recall:layout=collier2018,max_items=2"
"""Of the built-in tasks the one with the shortest test grid."""

_TINY = Protocol(
    max_steps=2, batch_size=4, evaluate_every=2, validation_sequences=4, grace=0, probe_every=0, test_sequences=1
)


def gradients(subject: ModelSubject) -> None:
    """Every parameter that is to be trained gets a finite gradient, and on some batch one that is not zero."""
    model = subject.build()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    unreached = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    for step in range(4):
        optimizer.zero_grad()
        logits, targets = model(bits(12, 8, INPUT_SIZE, seed=step)), bits(12, 8, OUTPUT_SIZE, seed=100 + step)
        torch.autograd.backward(functional.binary_cross_entropy_with_logits(logits, targets))
        wrong = without_finite_gradient(model)
        require(
            not wrong, f"the gradient of {', '.join(wrong)} is not finite", "finite numbers", "See the clause finite"
        )
        unreached -= {n for n, p in model.named_parameters() if p.grad is not None and bool(p.grad.any())}
        optimizer.step()
    require(
        not unreached,
        f"no gradient reaches {', '.join(sorted(unreached))}",
        "one for every parameter",
        "Look for no_grad, detach and hard choices on the way, or drop what is not used",
    )


def overfits(subject: ModelSubject) -> str:
    """One batch of copy with four sequences is learnt by heart: in 200 steps its loss falls to half of chance."""
    task = _task(subject, "copy:bits=2,min_length=2,max_length=2")
    batch = task.evaluation_batch(Stream.VALIDATION, task.training_sizes()[0], 4)
    shares = []
    for rate in _RATES:
        steps, share = _overfit(subject.build(0, task.input_size, task.output_size), task, batch, rate)
        if share <= _SHARE:
            return f"{steps} steps at a learning rate of {rate:g}"
        shares.append(f"{share:.0%} of chance at a rate of {rate:g}")
    raise ConformanceError(
        f"after {_OVERFIT_STEPS} steps of Adam the loss is still {', '.join(shares)}",
        f"at most {_SHARE:.0%} of the loss by chance",
        "The model has to remember two rows of two bits: see whether its memory is written, kept and read",
    )


def trains(subject: ModelSubject) -> str:
    """The suite's own runner trains the model, and twice with one seed to the same weights."""
    first, second = (short_run(subject) for _ in range(2))
    require(
        first.outcome is not Outcome.DIVERGED and first.steps == _TINY.max_steps,
        f"the run is {first.outcome} after {first.steps} steps: {first.divergence}",
        f"{_TINY.max_steps} steps of finite numbers",
        "See the clause finite",
    )
    apart = [name for name, tensor in first.weights.items() if not torch.equal(tensor, second.weights[name])]
    require(
        not apart,
        f"two runs with one seed end with other weights in {', '.join(apart)}",
        "the same, bit by bit",
        "Draw random numbers from torch's global generator alone",
    )
    return f"on the {first.backend} backend"


def speed(subject: ModelSubject) -> str:
    """How long a training step takes, and in what proportion to the built-in LSTM's: reported, never failed."""
    # As many channels as `short_task` has: a native library is compiled for them, once for both.
    task = _task(subject, "copy:bits=6,max_length=10")
    batch = task.evaluation_batch(Stream.VALIDATION, task.training_sizes()[-1], 32)
    mine = subject.build(0, task.input_size, task.output_size)
    lstm = build_model(resolve_component(subject.registry, "model", "lstm"), task)
    seconds, reference = _step_seconds([mine, lstm], task, batch)
    share = f"{seconds / reference:.2g} times as long as the built-in LSTM's, {1e3 * reference:.1f} ms"
    return f"a training step takes {1e3 * seconds:.1f} ms, {share}"


def short_task(subject: ModelSubject) -> SequenceTask:
    """Return the task of `short_run`."""
    return _task(subject, _SHORT_TASK)


def _task(subject: ModelSubject, text: str) -> SequenceTask:
    return build_task(resolve_component(subject.registry, "task", text))


def _overfit(model: SequenceModule, task: SequenceTask, batch: Batch, rate: float) -> tuple[int, float]:
    """Train on one batch until its loss is at the share that is asked for; return the steps and the share."""
    optimizer = torch.optim.Adam(model.train().parameters(), lr=rate)
    chance, share = task.loss(torch.zeros_like(batch.targets), batch).mean().item(), float("inf")
    for step in range(_OVERFIT_STEPS + 1):
        optimizer.zero_grad()
        loss = task.loss(model(batch.inputs), batch).mean()
        share = loss.item() / chance
        if share <= _SHARE:
            return step, share
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
    return _OVERFIT_STEPS, share


def short_run(subject: ModelSubject) -> TrainingResult:
    """Return the result of a run of two steps, as the runner of the suite does it."""
    task = resolve_component(subject.registry, "task", _SHORT_TASK)
    parts = subject.component, task, subject.registry.task(task.name).spec.convergence
    return train(Run(*parts, _TINY, {}, _TINY.name, seed=0), "cpu", AUTO, lambda event: None)


def _step_seconds(models: Sequence[SequenceModule], task: SequenceTask, batch: Batch) -> list[float]:
    """Return each model's least time of a training step, taken in turns, on the backend that a short run gets."""
    optimizers = [SequenceModule.configure_optimizers(model) for model in models]  # the protocol's, for any
    times: list[list[float]] = [[] for _ in models]
    for model in models:
        prepare(model, AUTO, time_steps=0, batch_size=batch.inputs.shape[1])
    for _ in range(5):
        for model, optimizer, taken in zip(models, optimizers, times, strict=True):
            started = time.perf_counter()
            optimizer.zero_grad()
            torch.autograd.backward(task.loss(model(batch.inputs), batch).mean())
            optimizer.step()
            taken.append(time.perf_counter() - started)
    return [min(taken[1:]) for taken in times]
