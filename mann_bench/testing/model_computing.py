"""Clauses on what a model computes: shapes, what may influence what, the state, numbers that stay finite."""

import torch
from torch import Tensor

from mann_bench.models.base import Observation, RecurrentModel, SequenceModule
from mann_bench.testing.clause import DoesNotApplyError, require
from mann_bench.testing.subject import INPUT_SIZE, OUTPUT_SIZE, ModelSubject
from mann_bench.testing.tensors import bits, close, distance, replaced, tensors_of, without_finite_gradient

_LONGEST_TRAINING = 11
"""Steps of copy at length 5."""

_LARGE = 1e4


def shapes(subject: ModelSubject) -> None:
    """Logits are [T, B, O] for any T and B, from a single step to four times the training length."""
    model = subject.build()
    for steps, batch in ((7, 4), (4, 7), (1, 3), (5, 1), (4 * _LONGEST_TRAINING, 2)):
        with torch.no_grad():
            logits = model(bits(steps, batch, INPUT_SIZE))
        require(
            logits.shape == (steps, batch, OUTPUT_SIZE) and logits.dtype == torch.float32,
            f"inputs of {steps} steps, {batch} sequences give logits {list(logits.shape)} of {logits.dtype}",
            f"{[steps, batch, OUTPUT_SIZE]} of torch.float32",
            "Time comes first, then the batch; depend on no fixed length",
        )


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
    for steps, batch in ((3 * _LONGEST_TRAINING, 4), (5, 3)):
        model(bits(steps, batch, INPUT_SIZE, seed=1))
    again = model(inputs)
    require(
        torch.equal(first, again),
        f"after other sequences the same inputs give logits that differ by up to {distance(first, again)}",
        "the same logits",
        "Keep no state on self: return it from step, and start from initial_state",
    )


def batch_independent(subject: ModelSubject) -> None:
    """The logits of a sequence, and their gradient, do not depend on the other sequences of the batch."""
    model, inputs = subject.trained(), bits(9, 4, INPUT_SIZE)
    with torch.no_grad():
        together = model(inputs)
        alone = torch.cat([model(inputs[:, b : b + 1]) for b in range(4)], dim=1)
    advice = "Look for an axis that was swapped, and for statistics over the batch"
    require(close(together, alone), f"alone, logits differ by up to {distance(together, alone)}", "the same", advice)
    inputs = inputs.requires_grad_()
    torch.autograd.backward(model(inputs)[:, 2].square().sum())
    if inputs.grad is not None:
        reached = inputs.grad.abs().sum((0, 2)).nonzero().flatten().tolist()
        require(
            set(reached) <= {2}, f"the logits of sequence 2 have a gradient in sequences {reached}", "2 alone", advice
        )


@torch.no_grad()
def causal(subject: ModelSubject) -> None:
    """Logits depend on the inputs up to their own step alone."""
    model, inputs = subject.trained(), bits(9, 4, INPUT_SIZE)
    before = model(inputs)
    for step in (1, 4, 8):
        changed = inputs.clone()
        changed[step:] = 1 - changed[step:]
        after = model(changed)
        require(
            close(after[:step], before[:step]),
            f"inputs from step {step} on change earlier logits by up to {distance(after[:step], before[:step])}",
            "that nothing looks ahead",
            "Mask attention, pad convolutions at the front, and take no statistics over time",
        )


@torch.no_grad()
def feedback(subject: ModelSubject) -> None:
    """Every tensor of the state that `step` returns influences later logits."""
    model = _recurrent(subject.trained())
    mine, others = (_state_after(model, bits(6, 4, INPUT_SIZE, seed)) for seed in (0, 1))
    rest = bits(6, 4, INPUT_SIZE, seed=2)
    expected, theirs = _logits_from(model, rest, mine), tensors_of(others)
    idle = []
    for place, tensor in tensors_of(mine).items():
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
    model, inputs = _recurrent(subject.trained()), bits(9, 4, INPUT_SIZE)
    if problem := model.native_problem():
        raise DoesNotApplyError(problem)
    plain, native = _pass(model, model(inputs)), _pass(model, model.native_forward(inputs))
    for name, tensor in plain.items():
        require(
            close(native[name], tensor),
            f"{name} differs by up to {distance(native[name], tensor)} between the backends",
            "what the plain recurrence gives",
            "Mend native_forward, or say in native_problem what it cannot do",
        )


def _recurrent(model: SequenceModule) -> RecurrentModel:
    if not isinstance(model, RecurrentModel):
        raise DoesNotApplyError("the model is no RecurrentModel: it has no step")
    return model


def _state_after(model: RecurrentModel, inputs: Tensor) -> object:
    state = model.initial_state(inputs.shape[1])
    for at_time in inputs:
        _, state = model.step(at_time, state)
    return state


def _logits_from(model: RecurrentModel, inputs: Tensor, state: object) -> Tensor:
    logits = []
    for at_time in inputs:
        output, state = model.step(at_time, state)
        logits.append(output)
    return torch.stack(logits)


def _pass(model: SequenceModule, logits: Tensor) -> dict[str, Tensor]:
    model.zero_grad()
    torch.autograd.backward(logits.square().mean())
    gradients = {f"the gradient of {n}": p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    return {"logits": logits.detach(), **gradients}


def _check_observation(seen: Observation) -> None:
    batch, slots = seen.memory.shape[:2]
    for name in ("read_weightings", "write_weightings"):
        weighting = getattr(seen, name)
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
