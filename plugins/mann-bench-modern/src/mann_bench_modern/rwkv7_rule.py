"""The memory of RWKV-7: each channel decays by itself, and a key is taken out before another is written.

For a sequence and a head (Peng et al. 2025, section 4.1, https://arxiv.org/abs/2503.14456):

    S_t = S_{t-1} (diag(w_t) - k_t (a_t * k_t)^T) + v_t r_t^T
    o_t = S_t q_t

k_t is the unit key that is taken out at the rate a_t, and r_t the key at which the value is written. Below memories are
transposed, [key channels, value channels].
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench_modern.chunks import cut, inverse_unit_lower, scan_chunks


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
    t, counted from the middle of the chunk so that neither overflows.

    Args:
        queries, removed, rates, keys, values, log_decays, memory: as for `recurrent_rwkv7`.
        chunk_size: the most steps of a chunk; its product with the strongest decay, -log w, must stay below 80.
    """
    steps, widths = queries.shape[2], [values.shape[3], keys.shape[3]]
    columns = (queries, removed, rates * removed, keys, values, log_decays)
    queries, removed, amounts, keys, values, log_decays = (cut(each, chunk_size) for each in columns)
    size, total = values.shape[-2], log_decays.cumsum(-2)
    middle = total[..., -1:, :] / 2
    grown, half = total - middle, middle.exp()
    # All of these are in the units of the middle of the chunk.
    lookups, queries = (grown - log_decays).exp() * removed, grown.exp() * queries
    shrunk = (-grown).exp()
    amounts, keys = shrunk * amounts, shrunk * keys
    scores = torch.cat([lookups, queries], dim=-2) @ torch.cat([amounts, keys], dim=-2).mT
    before, now = torch.split(scores * _earlier(size, scores), size, dim=-2)
    out, into = torch.split(before, size, dim=-1)
    solved = inverse_unit_lower(out) @ torch.cat([into @ values, lookups], dim=-1)
    fresh, erasing = torch.split(solved, widths, dim=-1)
    taken, erased = torch.split(amounts.mT @ solved, widths, dim=-1)
    kept = half.mT * (torch.eye(widths[1], dtype=keys.dtype, device=keys.device) - erased) * half
    memories, memory = scan_chunks(kept, half.mT * (keys.mT @ values - taken), memory)
    memories = half.mT * memories
    known = fresh + erasing @ memories
    answers = queries @ memories + now @ torch.cat([-known, values], dim=-2)
    return answers.flatten(2, 3)[:, :, :steps], memory


def _earlier(size: int, like: Tensor) -> Float[Tensor, "C2 C2"]:
    """Return one where a look-up in the upper, a query in the lower rows comes after what the columns did."""
    ones = torch.ones(size, size, dtype=like.dtype, device=like.device)
    return torch.cat([ones.tril(-1), ones.tril()]).repeat(1, 2)
