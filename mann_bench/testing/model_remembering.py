"""The clause on how long a model remembers."""

import torch
from torch import Tensor

from mann_bench.testing.clause import ConformanceError
from mann_bench.testing.subject import INPUT_SIZE, ModelSubject
from mann_bench.testing.tensors import bits

_LENGTH = 20
"""Rows to copy: the task's own length."""

_STEPS, _LATER = 2 * _LENGTH + 1, _LENGTH + 1
"""Steps of such a sequence, and how much later than its input a row is asked for."""

_PLAIN, _VISIBLE = 1e-2, 1e-6
"""Changes of the logits, as shares of the largest: one that training can use, and the least that is no rounding."""

_MOST_STEPS, _RATE = 100, 3e-2
"""The suite's models take up to 20 steps, the most those whose gates start half open."""


def remembers(subject: ModelSubject) -> str:
    """Some logit depends on an input 21 steps before, as copy at its own length asks, once trained for just that."""
    model, inputs = subject.trained(), bits(_STEPS, 4, INPUT_SIZE)
    inputs[_LENGTH:] = 0
    first_flipped = torch.cat([1 - inputs[:1], inputs[1:]])
    pairs, optimizer = torch.cat([inputs, first_flipped], dim=1), torch.optim.Adam(model.parameters(), lr=_RATE)
    last = 0
    for step in range(_MOST_STEPS + 1):
        logits: Tensor = model(pairs)
        one, other = logits.chunk(2, dim=1)
        changes = (one - other).abs().mean((1, 2))
        shares = changes.detach() / logits.detach().abs().max()
        if bool((shares[_LATER:] >= _PLAIN).any()):
            return f"an input shows {_LATER} steps later; training steps for that: {step}"
        visible = (shares > _VISIBLE).nonzero().flatten().tolist()
        if not visible:
            break
        # What does not show has no gradient, so the last change that shows is made larger, and the next shows, too.
        last = visible[-1]
        optimizer.zero_grad()
        torch.autograd.backward(-changes[last].log())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
    raise ConformanceError(
        f"trained for nothing else, the first of {_STEPS} inputs changes no logit from step {_LATER} on by "
        f"{_PLAIN:.0%}; it last shows at step {last}",
        "a memory that long in some logit",
        f"See how long the memory keeps what is written: what halves at every step is 2^-{_LATER} of it by then",
    )
