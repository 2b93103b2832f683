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
    total = log_decays.cumsum(-2)
    whole = total[..., -1:, :]
    until, middle = (whole - total).exp(), whole / 2
    asked, asked_before = (total - middle).exp() * queries, (total - log_decays - middle).exp() * removed
    shrunk = (middle - total).exp()
    # What is taken out and what is written, in the units of the middle of the chunk.
    out, into = (shrunk * amounts).mT, (shrunk * keys).mT
    inverse = inverse_unit_lower(asked_before @ out)
    lookups = middle.exp() * asked_before
    solved = inverse @ torch.cat([(asked_before @ into).tril(-1) @ values, lookups], dim=-1)
    fresh, erasing = torch.split(solved, widths, dim=-1)
    taken = torch.split((until * amounts).mT @ solved, widths, dim=-1)
    added = (until * keys).mT @ values - taken[0]
    memories, memory = scan_chunks(torch.diag_embed(whole.squeeze(-2).exp()) - taken[1], added, memory)
    known = fresh + erasing @ memories
    answers = (middle.exp() * asked) @ memories + (asked @ into).tril() @ values - (asked @ out).tril() @ known
    return answers.flatten(2, 3)[:, :, :steps], memory
