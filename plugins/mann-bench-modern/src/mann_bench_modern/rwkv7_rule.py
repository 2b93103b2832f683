"""The memory of RWKV-7: each channel decays by itself, and a key is taken out before another is written.

For a sequence and a head (Peng et al. 2025, https://arxiv.org/abs/2503.14456):

    S_t = S_{t-1} (diag(w_t) - k_t (a_t * k_t)^T) + v_t r_t^T
    o_t = S_t q_t

k_t is the unit key that is taken out at the rate a_t, and r_t the key at which the value is written. Below memories are
transposed, [key channels, value channels].
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable

from mann_bench_modern.chunks import by_chunk, cut, in_turn, inverse_unit_lower, joined


def recurrent_rwkv7(
    queries: Float[Tensor, "B H T K"],
    removed: Float[Tensor, "B H T K"],
    rates: Float[Tensor, "B H T K"],
    keys: Float[Tensor, "B H T K"],
    values: Float[Tensor, "B H T V"],
    log_decays: Float[Tensor, "B H T K"],
    memory: Float[Tensor, "B H K V"],
) -> tuple[Float[Tensor, "B H T V"], Float[Tensor, "B H K V"]]:
    """Return what the memory answers at each step, by the equations to the letter, and the memory after the last.

    Args:
        queries: q, what is looked up after the write.
        removed: the keys that are taken out, of Euclidean norm 1 at most.
        rates: a in [0, 1], how much of them, by channel.
        keys: those at which the values are written.
        values: v.
        log_decays: the natural logarithm of w, by channel, 0 or less.
        memory: S before the first step.
    """
    outputs = []
    steps = (x.unbind(2) for x in (queries, removed, rates * removed, keys, values, log_decays))
    for query, remove, amount, key, value, log_decay in zip(*steps, strict=True):
        known = torch.einsum("bhk,bhkv->bhv", remove, memory)
        written = key.unsqueeze(-1) * value.unsqueeze(-2) - amount.unsqueeze(-1) * known.unsqueeze(-2)
        memory = log_decay.exp().unsqueeze(-1) * memory + written
        outputs.append(torch.einsum("bhk,bhkv->bhv", query, memory))
    return torch.stack(outputs, dim=2), memory


def chunked_rwkv7(
    queries: Float[Tensor, "B H T K"],
    removed: Float[Tensor, "B H T K"],
    rates: Float[Tensor, "B H T K"],
    keys: Float[Tensor, "B H T K"],
    values: Float[Tensor, "B H T V"],
    log_decays: Float[Tensor, "B H T K"],
    memory: Float[Tensor, "B H K V"],
    chunk_size: int,
) -> tuple[Float[Tensor, "B H T V"], Float[Tensor, "B H K V"]]:
    """Return what `recurrent_rwkv7` returns, with a Python step a chunk instead of one a time step.

    What a step takes out follows, as in DeltaNet, from linear equations with a lower triangular matrix. Decays by
    channel turn into factors of queries and keys: exp(W_t) and exp(-W_t), with W_t the sum of the logarithms up to step
    t, counted from the end of the chunk.

    Args:
        queries, removed, rates, keys, values, log_decays, memory: as for `recurrent_rwkv7`.
        chunk_size: the most steps of a chunk; its product with the strongest decay, -log w, must stay below 80.
    """
    sequences, heads, steps, _ = queries.shape
    columns = (removed, queries, rates * removed, keys, values, log_decays)
    removed, queries, taken, keys, values, log_decays = (cut(each, chunk_size) for each in columns)
    given = in_turn(removed, queries), in_turn(taken, keys), in_turn(values), in_turn(log_decays)
    answers, after = _WriteAndRead.apply(*given, memory.flatten(0, 1))  # type: ignore[no-untyped-call]
    return joined(answers, sequences, heads, steps), after.view_as(memory)


class _WriteAndRead(torch.autograd.Function):
    """With S the memory before a chunk, decayed to its end, and -U what the look-ups of its steps find:

        U = -(1 + scores_11)^-1 (scores_12 V + lookups S)
        answers = queries S + scores_21 U + scores_22 V
        S' = S + taken^T U + keys^T V

    `asked` are look-ups, and queries below them, `offered` what is taken out, and keys below it, all of them in the
    units of the end of the chunk. The scores are their products where the offer comes first. The gradient is written
    by hand, which takes half of autograd's time.
    """

    @staticmethod
    def forward(
        ctx: Any, asked: Tensor, offered: Tensor, values: Tensor, log_decays: Tensor, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        size, count = values.shape[1], len(memory)
        total = log_decays.cumsum(1)
        kept = total[:, -1:].exp().mT
        grown = total.sub_(total[:, -1:].clone())
        growth = torch.empty_like(asked)
        torch.sub(grown, log_decays, out=growth[:, :size])
        growth[:, size:] = grown
        growth, decay = growth.exp_(), grown.neg_().exp_()
        asked, offered = asked * growth, (_halves(offered) * decay.unsqueeze(1)).view_as(offered)
        scores = torch.bmm(asked, offered.mT).mul_(_earlier(size, values))
        solve = inverse_unit_lower(scores[:, :size, :size]).contiguous().neg_()
        known, held = torch.bmm(scores[:, :size, size:], values), memory.new_empty(len(values), *memory.shape[1:])
        written = values.new_empty(len(values), 2 * size, values.shape[2])
        written[:, size:] = values
        columns = (solve, asked[:, :size], offered.mT, kept, known, written, held)
        for inverse, key, write, keep, x, u, decayed in zip(*(by_chunk(each, count) for each in columns), strict=True):
            torch.mul(keep, memory, out=decayed)
            u[:, :size] = torch.bmm(inverse, x.baddbmm_(key, decayed))
            memory = torch.baddbmm(decayed, write, u)
        ctx.save_for_backward(asked, offered, growth, decay, scores, solve, kept, written, held)
        return torch.bmm(asked[:, size:], held).baddbmm_(scores[:, size:], written), memory

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, answers: Tensor, memory: Tensor) -> tuple[Tensor, ...]:
        asked, offered, growth, decay, scores, solve, kept, written, held = ctx.saved_tensors
        size, count = answers.shape[1], len(memory)
        on_written, on_held = torch.bmm(scores[:, size:].mT, answers), torch.bmm(asked[:, size:].mT, answers)
        told, after = torch.empty_like(on_written), torch.empty_like(on_held)
        told[:, size:] = answers
        columns = (solve.mT, asked[:, :size].mT, offered, kept, on_written, on_held, told, after)
        turns = zip(*(by_chunk(each, count)[::-1] for each in columns), strict=True)
        for inverse, key, write, keep, on_u, on_decayed, on_told, on_next in turns:
            on_next.copy_(memory)
            new = torch.bmm(inverse, on_u.baddbmm_(write, memory)[:, :size])
            on_told[:, :size] = new
            memory = on_decayed.baddbmm_(key, new).add_(memory) * keep
        on_scores = torch.bmm(told, written.mT).mul_(_earlier(size, answers))
        on_asked = torch.bmm(told, held.mT).baddbmm_(on_scores, offered)
        on_offered = torch.bmm(written, after.mT).baddbmm_(on_scores.mT, asked)
        on_values = torch.baddbmm(on_written[:, size:], scores[:, :size, size:].mT, told[:, :size])
        (lookups, queries), (taken, keys) = asked.chunk(2, dim=1), offered.chunk(2, dim=1)
        (on_lookups, on_queries), (on_taken, on_keys) = on_asked.chunk(2, dim=1), on_offered.chunk(2, dim=1)
        # From here on, of the logarithms of the factors that `asked` and `offered` have been scaled with.
        on_lookups = on_lookups * lookups
        on_total = torch.addcmul(on_lookups, on_queries, queries)
        on_total.addcmul_(on_taken, taken, value=-1).addcmul_(on_keys, keys, value=-1)
        on_kept = (on_held * held).sum(-1).unsqueeze(1)
        earlier = torch.ones_like(scores[0, :size, :size]).tril_(-1)
        on_log_decays = (on_kept - on_lookups).sub_(earlier @ on_total)
        _halves(on_offered).mul_(decay.unsqueeze(1))
        return on_asked.mul_(growth), on_offered, on_values, on_log_decays, memory


def _halves(rows: Float[Tensor, "R C2 K"]) -> Float[Tensor, "R 2 C K"]:
    """Return the upper and the lower rows."""
    return rows.view(len(rows), 2, -1, rows.shape[2])


def _earlier(size: int, like: Tensor) -> Float[Tensor, "C2 C2"]:
    """Return one where a look-up in the upper, a query in the lower rows comes after what the columns did."""
    ones = torch.ones(size, size, dtype=like.dtype, device=like.device)
    return torch.cat([ones.tril(-1), ones.tril()]).repeat(1, 2)
