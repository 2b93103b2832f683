"""Clauses on the step of a recurrent model: its state, what it tells of itself, its native twin."""

from typing import Any

import torch
from torch import Tensor

from mann_bench.models.base import Observation, RecurrentModel, SequenceModule
from mann_bench.nn.scan import scan
from mann_bench.nn.sparse import SparseWeighting
from mann_bench.testing.clause import DoesNotApplyError, require
from mann_bench.testing.model_training import short_task
from mann_bench.testing.subject import INPUT_SIZE, ModelSubject
from mann_bench.testing.tensors import bits, close, distance, replaced, tensors_of


@torch.no_grad()
def pieces(subject: ModelSubject) -> None:
    """A sequence in pieces, each from the state that `step` returned for the last, gives what `forward` gives."""
    model, inputs = _recurrent(subject.trained()), bits(70, 4, INPUT_SIZE)
    whole, parts, state = model(inputs), [], model.initial_state(4)
    for piece in torch.split(inputs, 33):
        logits, state = scan(model.step, piece, state)
        parts.append(logits)
        scan(model.step, bits(5, 4, INPUT_SIZE, seed=1), model.initial_state(4))  # other sequences between the pieces
    together = torch.cat(parts)
    require(
        close(together, whole),
        f"in pieces of 33 steps, logits differ by up to {distance(together, whole)} from those of forward",
        "the same",
        "Carry on in the state all that step needs, keep nothing on self, and let forward do what step does",
    )


@torch.no_grad()
def state_written(subject: ModelSubject) -> None:
    """Every tensor of the state that `step` returns depends on the inputs."""
    model = _recurrent(subject.trained())
    mine, others = (_filled(_state_after(model, bits(20, 4, INPUT_SIZE, seed))) for seed in (0, 1))
    # Whole numbers may count the steps.
    unwritten = [p for p, tensor in mine.items() if tensor.is_floating_point() and torch.equal(tensor, others[p])]
    require(
        not unwritten,
        f"after 20 steps, {', '.join(unwritten)} is the same whatever the inputs were",
        "that all of the state is written",
        "Return from step what it has made of the state, not what it was given; drop what is never written",
    )


@torch.no_grad()
def feedback(subject: ModelSubject) -> None:
    """Every tensor of the state that `step` returns influences later logits."""
    model = _recurrent(subject.trained())
    mine, others = (_state_after(model, bits(6, 4, INPUT_SIZE, seed)) for seed in (0, 1))
    rest = bits(6, 4, INPUT_SIZE, seed=2)
    expected, theirs = _logits_from(model, rest, mine), tensors_of(others)
    idle = []
    for place, tensor in _filled(mine).items():
        other = theirs[place]
        if torch.equal(tensor, other):
            if not tensor.is_floating_point():  # such as a count of steps
                continue
            other = other + 0.5
        if torch.equal(_logits_from(model, rest, replaced(mine, place, other)), expected):
            idle.append(place)
    require(
        not idle,
        f"{', '.join(idle)} can be exchanged without a change of any later logit",
        "that all of the state is used",
        "Feed what the memory returned to the next step (reads to the controller), or drop it from the state",
    )


@torch.no_grad()
def observe(subject: ModelSubject) -> str | None:
    """`observe` does the very step that `step` does, and what it calls weightings are weightings."""
    model = _recurrent(subject.trained())
    state = _state_after(model, bits(3, 4, INPUT_SIZE))
    inputs = bits(1, 4, INPUT_SIZE, seed=1)[0]
    logits, after, seen = model.observe(inputs, state)
    expected = tensors_of(model.step(inputs, state), "output")
    observed = tensors_of((logits, after), "output")
    apart = [p for p in expected if p not in observed or not close(observed[p], expected[p])]
    require(
        not apart and expected.keys() == observed.keys(),
        f"observe and step differ in {', '.join(apart) or 'what the state consists of'} (logits, then state)",
        "the same logits and state",
        "Let both share their code",
    )
    if seen is None:
        return "nothing is observed"
    _check_observation(seen)
    return None


def backends(subject: ModelSubject) -> None:
    """A native recurrence gives the logits and gradients of the plain one."""
    if problem := _recurrent(subject.trained()).native_problem():
        raise DoesNotApplyError(problem)
    # A native library is compiled for a number of channels: once for this clause and those that train.
    task = short_task(subject)
    model, inputs = _recurrent(subject.trained(task.input_size, task.output_size)), bits(9, 4, task.input_size)
    plain, native = _pass(model, model(inputs)), _pass(model, model.native_forward(inputs))
    for name, tensor in plain.items():
        require(
            close(native[name], tensor),
            f"{name} differs by up to {distance(native[name], tensor)} between the backends",
            "what the plain recurrence gives",
            "Mend native_forward, or say in native_problem what it cannot do",
        )


def _filled(state: Any) -> dict[str, Tensor]:
    """Return the tensors of a state that hold something."""
    return {place: tensor for place, tensor in tensors_of(state).items() if tensor.numel()}


def _recurrent(model: SequenceModule) -> RecurrentModel:
    if not isinstance(model, RecurrentModel):
        raise DoesNotApplyError("the model is no RecurrentModel: it has no step")
    return model


def _state_after(model: RecurrentModel, inputs: Tensor) -> object:
    return scan(model.step, inputs, model.initial_state(inputs.shape[1]))[1]


def _logits_from(model: RecurrentModel, inputs: Tensor, state: object) -> Tensor:
    return scan(model.step, inputs, state)[0]


def _pass(model: SequenceModule, logits: Tensor) -> dict[str, Tensor]:
    model.zero_grad()
    torch.autograd.backward(logits.square().mean())
    gradients = {f"the gradient of {n}": p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return {"logits": logits.detach(), **gradients}


def _check_observation(seen: Observation) -> None:
    batch, slots = seen.memory.shape[:2]
    for name in ("read_weightings", "write_weightings"):
        weighting = getattr(seen, name)
        if isinstance(weighting, SparseWeighting):
            weighting = weighting.dense(slots)
        require(
            weighting.ndim == 3 and weighting.shape[0] == batch and weighting.shape[2] == slots,
            f"{name} has shape {list(weighting.shape)} where memory has {list(seen.memory.shape)}",
            "[B, heads, N] and [B, N, W]",
            "Give one weighting over the slots for each head",
        )
        sums = weighting.sum(-1)
        require(
            bool((weighting >= 0).all() and (sums <= 1 + 1e-3).all()),
            f"{name} holds {weighting.min().item():.3g} at the least and sums to {sums.max().item():.3g} at the most",
            "nothing below 0, and sums of at most 1",
            "Return what weighs the slots, not its scores",
        )
    for name, gate in seen.gates.items():
        require(
            gate.ndim == 2 and gate.shape[0] == batch and bool(gate.isfinite().all()),
            f"gate {name!r} has shape {list(gate.shape)}, or is not finite",
            "finite numbers [B, heads]",
            "Return one value a sequence and head",
        )
