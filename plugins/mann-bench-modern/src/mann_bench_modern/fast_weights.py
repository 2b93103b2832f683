"""Memories that are small networks, trained on what they are to store while a sequence is read.

A memory with weights M stores that key k has value v by a step against the gradient of a loss. With momentum,
forgetting and chunks of b steps (Behrouz et al. 2025, equations 13 and 14 and section 3.2,
https://arxiv.org/abs/2501.00663):

    S_t = eta_t S_{t-1} - theta_t grad loss(M_t'; k_t, v_t),   t' = t - (t mod b): the end of the chunk before
    M_t = alpha_t M_{t-1} + S_t

alpha_t here is 1 - alpha_t of the paper. The answer to a query is that of M_t. All gradients of a chunk are taken at
the weights before it, so the length b of a chunk is a part of the model, and not only of how it is computed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from mann_bench_modern.chunks import decays_between

Weights = tuple[Tensor, ...]
"""Weights [B, H, D, E] of each layer of a memory."""


class Outer(NamedTuple):
    """A gradient of a layer's weights, as outer products of a step's inputs and errors."""

    inputs: Float[Tensor, "B H C D"]
    errors: Float[Tensor, "B H C E"]


class Learner(nn.Module, ABC):
    """The network that a memory is: its loss and its answers, for weights that others hand in."""

    @abstractmethod
    def gradients(
        self, keys: Float[Tensor, "B H C D"], values: Float[Tensor, "B H C D"], weights: Weights
    ) -> list[Outer]:
        """Return the gradient of each step's loss for each layer."""

    @abstractmethod
    def answer(
        self, queries: Float[Tensor, "B H C D"], layers: list[Callable[[Tensor], Tensor]]
    ) -> Float[Tensor, "B H C D"]:
        """Return what the network answers, its layers' products with their weights given as functions."""


class FastState(NamedTuple):
    """What memories carry from step to step."""

    weights: Weights
    momentum: Weights
    """S; nothing where there is no momentum."""
    anchor: Weights
    """The weights before the present chunk."""
    position: Int[Tensor, " B"]
    """Steps of the present chunk that are done, the same for all sequences."""


class Rates(NamedTuple):
    """How each step learns."""

    step: Float[Tensor, "B H T"]
    """theta."""
    log_kept: Float[Tensor, "B H T"] | None
    """The logarithm of alpha; None forgets nothing."""
    log_momentum: Float[Tensor, "B H T"] | None
    """The logarithm of eta; None has no momentum."""

    def between(self, start: int, end: int) -> "Rates":
        """Return those of some steps."""
        log_kept = None if self.log_kept is None else self.log_kept[..., start:end]
        log_momentum = None if self.log_momentum is None else self.log_momentum[..., start:end]
        return Rates(self.step[..., start:end], log_kept, log_momentum)


Learning = Callable[[Learner, Tensor, Tensor, Tensor, Rates, FastState, int], tuple[Tensor, FastState]]
"""A form of the recurrence."""


def chunked_learning(
    learner: Learner,
    queries: Float[Tensor, "B H T D"],
    keys: Float[Tensor, "B H T D"],
    values: Float[Tensor, "B H T D"],
    rates: Rates,
    state: FastState,
    chunk_size: int,
) -> tuple[Float[Tensor, "B H T D"], FastState]:
    """Return what `recurrent_learning` returns, with a Python step a chunk instead of one a time step.

    Within a chunk, all gradients are known at once, and M_t is a sum of them with numbers as coefficients. So a layer
    of M_t is applied to a query without M_t itself: the dual form of Sun et al. 2024,
    https://arxiv.org/abs/2407.04620.

    Args:
        learner, queries, keys, values, rates, state, chunk_size: as for `recurrent_learning`.
    """
    steps, outputs, start = queries.shape[2], [], 0
    position = int(state.position[0])
    while start < steps:
        end = min(steps, start + chunk_size - position)
        query, key, value = (x[:, :, start:end] for x in (queries, keys, values))
        answers, state = _learn(learner, query, key, value, rates.between(start, end), state)
        outputs.append(answers)
        position = (position + end - start) % chunk_size
        start = end
        state = _done(state, position)
    return torch.cat(outputs, dim=2), state


def _learn(
    learner: Learner, queries: Tensor, keys: Tensor, values: Tensor, rates: Rates, state: FastState
) -> tuple[Tensor, FastState]:
    """Do steps of one chunk."""
    outers = learner.gradients(keys, values, state.anchor)
    step = rates.step.unsqueeze(-2)
    # What is left in M_t and S_t of the gradient at step i [B, H, t, i], of M before the chunk, and of S [B, H, t, 1].
    ones = torch.ones_like(rates.step).unsqueeze(-1)
    sums, kept = (ones * ones.mT).tril(), ones
    if rates.log_kept is not None:
        sums, kept = decays_between(rates.log_kept), rates.log_kept.cumsum(-1).exp().unsqueeze(-1)
    coefficients = sums * step
    if rates.log_momentum is not None:
        moving, moved = decays_between(rates.log_momentum) * step, rates.log_momentum.cumsum(-1).exp().unsqueeze(-1)
        coefficients, drift = sums @ moving, sums @ moved
        momentum = tuple(
            moved[..., -1:, :] * before - (moving[..., -1, :, None] * outer.inputs).mT @ outer.errors
            for before, outer in zip(state.momentum, outers, strict=True)
        )
        started = [(kept, state.weights), (drift, state.momentum)]
    else:
        momentum, started = (), [(kept, state.weights)]

    def layer(index: int) -> Callable[[Tensor], Tensor]:
        outer = outers[index]

        def apply(inputs: Tensor) -> Tensor:
            learned = (coefficients * (inputs @ outer.inputs.mT)) @ outer.errors
            before: Tensor = sum((share * (inputs @ weights[index]) for share, weights in started), torch.zeros(()))
            return before - learned

        return apply

    last = coefficients[..., -1, :, None]
    weights = tuple(
        sum((share[..., -1:, :] * each[index] for share, each in started), torch.zeros(()))
        - (last * outer.inputs).mT @ outer.errors
        for index, outer in enumerate(outers)
    )
    answers = learner.answer(queries, [layer(index) for index in range(len(outers))])
    return answers, FastState(weights, momentum, state.anchor, state.position)


def recurrent_learning(
    learner: Learner,
    queries: Float[Tensor, "B H T D"],
    keys: Float[Tensor, "B H T D"],
    values: Float[Tensor, "B H T D"],
    rates: Rates,
    state: FastState,
    chunk_size: int,
) -> tuple[Float[Tensor, "B H T D"], FastState]:
    """Return what the memories answer at each step, by the equations to the letter, and their state after the last.

    Args:
        learner: the network that each memory is.
        queries: what is looked up after a step has learned.
        keys: what a step stores values of.
        values: what a look-up of the key shall give.
        rates: how each step learns.
        state: before the first step.
        chunk_size: b, the steps whose gradients are taken at the same weights.
    """
    outputs = []
    position = int(state.position[0])
    for t in range(queries.shape[2]):
        query, key, value = (x[:, :, t : t + 1] for x in (queries, keys, values))
        theta, log_kept, log_momentum = rates.between(t, t + 1)
        steps = [
            -theta.unsqueeze(-1) * (outer.inputs.mT @ outer.errors)
            for outer in learner.gradients(key, value, state.anchor)
        ]
        if log_momentum is not None:
            eta = log_momentum.exp().unsqueeze(-1)
            steps = [eta * before + step for before, step in zip(state.momentum, steps, strict=True)]
        kept = 1.0 if log_kept is None else log_kept.exp().unsqueeze(-1)
        weights = tuple(kept * before + step for before, step in zip(state.weights, steps, strict=True))
        outputs.append(learner.answer(query, [_product(each) for each in weights]))
        position = (position + 1) % chunk_size
        momentum = () if log_momentum is None else tuple(steps)
        state = _done(FastState(weights, momentum, state.anchor, state.position), position)
    return torch.cat(outputs, dim=2), state


def _product(weights: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda inputs: inputs @ weights


def _done(state: FastState, position: int) -> FastState:
    """Go to a position; at the start of a chunk, gradients are taken at other weights from now on."""
    anchor = state.anchor if position else state.weights
    return FastState(state.weights, state.momentum, anchor, torch.full_like(state.position, position))
