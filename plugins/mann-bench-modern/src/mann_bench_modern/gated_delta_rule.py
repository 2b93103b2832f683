"""A matrix memory that forgets and is written by the delta rule: step by step, and in parallel over chunks of steps.

For a sequence and a head (Yang et al. 2024, equation 10, https://arxiv.org/abs/2412.06464):

    S_t = alpha_t S_{t-1} (I - beta_t k_t k_t^T) + beta_t v_t k_t^T
    o_t = S_t q_t

Below memories are transposed, [key channels, value channels]. With unit keys and beta in [0, 2] the eigenvalues of a
step lie in [-1, 1], and no write makes what is in memory larger, whatever the length.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from mann_bench_modern.chunks import by_chunk, cut, decays_between, in_turn, inverse_unit_lower, joined


def recurrent_gated_delta_rule(
    queries: Float[Tensor, "B H T K"],
    keys: Float[Tensor, "B H T K"],
    values: Float[Tensor, "B H T V"],
    strengths: Float[Tensor, "B H T"],
    log_decays: Float[Tensor, "B H T"],
    memory: Float[Tensor, "B H K V"],
) -> tuple[Float[Tensor, "B H T V"], Float[Tensor, "B H K V"]]:
    """Return what the memory answers at each step, by the equations to the letter, and the memory after the last.

    Args:
        queries: q, what is looked up after the write.
        keys: k, of Euclidean norm 1 at most.
        values: v, what a look-up of the key shall give from now on.
        strengths: beta in [0, 2]; 0 writes nothing, 1 replaces what the key had, 2 turns it into its negative.
        log_decays: the natural logarithm of alpha, 0 or less.
        memory: S before the first step.
    """
    outputs = []
    steps = (x.unbind(2) for x in (queries, keys, values, strengths, log_decays))
    for query, key, value, strength, log_decay in zip(*steps, strict=True):
        memory = log_decay.exp()[..., None, None] * memory
        known = torch.einsum("bhk,bhkv->bhv", key, memory)
        written = strength.unsqueeze(-1) * (value - known)
        memory = memory + torch.einsum("bhk,bhv->bhkv", key, written)
        outputs.append(torch.einsum("bhk,bhkv->bhv", query, memory))
    return torch.stack(outputs, dim=2), memory


def chunked_gated_delta_rule(
    queries: Float[Tensor, "B H T K"],
    keys: Float[Tensor, "B H T K"],
    values: Float[Tensor, "B H T V"],
    strengths: Float[Tensor, "B H T"],
    log_decays: Float[Tensor, "B H T"],
    memory: Float[Tensor, "B H K V"],
    chunk_size: int,
) -> tuple[Float[Tensor, "B H T V"], Float[Tensor, "B H K V"]]:
    """Return what `recurrent_gated_delta_rule` returns, with a Python step a chunk instead of one a time step.

    With d_ti what is left after step t of what step i wrote, d_t what is left of the memory S before the chunk,
    and u_t what step t writes (section 3.3 and appendix A of the paper, the extended WY representation):

        u_t = beta_t (v_t - d_t S k_t - sum_{i<t} d_ti (k_i . k_t) u_i)

    These are linear equations with a lower triangular matrix. Their matrices are inverted for all chunks at once. What
    is left to do chunk by chunk are three products with the memory.

    Args:
        queries, keys, values, strengths, log_decays, memory: as for `recurrent_gated_delta_rule`.
        chunk_size: the most steps of a chunk.
    """
    sequences, heads, steps, _ = queries.shape
    columns = (queries, keys, values, strengths.unsqueeze(-1), log_decays.unsqueeze(-1))
    queries, keys, values, beta, log_decays = (in_turn(cut(each, chunk_size)) for each in columns)
    total = log_decays.cumsum(1)
    between, since, until = decays_between(log_decays.squeeze(-1)), total.exp(), (total[:, -1:] - total).exp()
    answers, after = _WriteAndRead.apply(  # type: ignore[no-untyped-call]
        torch.bmm(keys, keys.mT) * (beta * between),
        torch.bmm(queries, keys.mT) * between,
        -beta * since * keys,
        since * queries,
        until * keys,
        beta * values,
        since[:, -1:],
        memory.flatten(0, 1),
    )
    return joined(answers, sequences, heads, steps), after.view_as(memory)


class _WriteAndRead(torch.autograd.Function):
    """With U what the steps of a chunk write, and S the memory before it:

        U = (1 + below)^-1 (fresh + lookups S)
        answers = queries S + attention U
        S' = kept S + writers^T U

    The gradient is written by hand, which takes half of autograd's time.
    """

    @staticmethod
    def forward(
        ctx: Any,
        below: Tensor,
        attention: Tensor,
        lookups: Tensor,
        queries: Tensor,
        writers: Tensor,
        fresh: Tensor,
        kept: Tensor,
        memory: Tensor,
    ) -> tuple[Tensor, Tensor]:
        solve, written, count = inverse_unit_lower(below).contiguous(), torch.empty_like(fresh), len(memory)
        memories = memory.new_empty(len(fresh) + count, *memory.shape[1:])
        held, *after = memories[:count].copy_(memory), *by_chunk(memories[count:], count)
        columns = (by_chunk(each, count) for each in (solve, lookups, writers.mT, fresh, kept, written))
        for (inverse, key, write, new, keep, u), out in zip(zip(*columns, strict=True), after, strict=True):
            torch.bmm(inverse, torch.baddbmm(new, key, held), out=u)
            held = torch.baddbmm(keep * held, write, u, out=out)
        before = memories[: len(fresh)]
        ctx.save_for_backward(solve, attention, lookups, queries, writers, kept, written, before)
        return torch.bmm(queries, before).baddbmm_(attention, written), held.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, answers: Tensor, memory: Tensor) -> tuple[Tensor, ...]:
        solve, attention, lookups, queries, writers, kept, written, before = ctx.saved_tensors
        on_written, on_before = torch.bmm(attention.mT, answers), torch.bmm(queries.mT, answers)
        fresh, after, count = torch.empty_like(on_written), torch.empty_like(on_before), len(memory)
        columns = (solve.mT, lookups.mT, writers, kept, on_written, on_before, fresh, after)
        turns = zip(*(by_chunk(each, count)[::-1] for each in columns), strict=True)
        for inverse, key, write, keep, on_u, on_held, new, on_next in turns:
            on_next.copy_(memory)
            torch.bmm(inverse, on_u.baddbmm_(write, memory), out=new)
            memory = on_held.baddbmm_(key, new).addcmul_(keep, memory)
        return (
            torch.bmm(fresh, written.mT).tril_(-1).neg_(),
            torch.bmm(answers, written.mT),
            torch.bmm(fresh, before.mT),
            torch.bmm(answers, before.mT),
            torch.bmm(written, after.mT),
            fresh,
            (after * before).sum((1, 2), keepdim=True),
            memory,
        )
