"""A matrix memory that decays and to which outer products are added: step by step, and in parallel over chunks.

For a sequence and a head:

    S_t = alpha_t S_{t-1} + v_t k_t^T
    o_t = S_t q_t

Below memories are transposed, [key channels, value channels].
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench_modern.chunks import cut, decays_between


def recurrent_decaying_memory(
    queries: Float[Tensor, "B G T K"],
    keys: Float[Tensor, "B G T K"],
    values: Float[Tensor, "B H T V"],
    log_decays: Float[Tensor, "B H T"],
    memory: Float[Tensor, "B H K V"],
) -> tuple[Float[Tensor, "B H T V"], Float[Tensor, "B H K V"]]:
    """Return what the memory answers at each step, by the equations to the letter, and the memory after the last.

    Args:
        queries: q, what is looked up after the write; of each head, or the same for all (G = 1).
        keys: k, like the queries.
        values: v.
        log_decays: the natural logarithm of alpha, 0 or less.
        memory: S before the first step.
    """
    outputs = []
    steps = (x.unbind(2) for x in (queries, keys, values, log_decays))
    for query, key, value, log_decay in zip(*steps, strict=True):
        memory = log_decay.exp()[..., None, None] * memory + key.unsqueeze(-1) * value.unsqueeze(-2)
        outputs.append((query.unsqueeze(-2) @ memory).squeeze(-2))
    return torch.stack(outputs, dim=2), memory


def chunked_decaying_memory(
    queries: Float[Tensor, "B G T K"],
    keys: Float[Tensor, "B G T K"],
    values: Float[Tensor, "B H T V"],
    log_decays: Float[Tensor, "B H T"],
    memory: Float[Tensor, "B H K V"],
    chunk_size: int,
) -> tuple[Float[Tensor, "B H T V"], Float[Tensor, "B H K V"]]:
    """Return what `recurrent_decaying_memory` returns, with a Python step a chunk instead of one a time step.

    What was written in a step's own chunk is answered by attention with decays (Dao & Gu 2024, section 6,
    https://arxiv.org/abs/2405.21060), what was written before by the memory before the chunk.

    Args:
        queries, keys, values, log_decays, memory: as for `recurrent_decaying_memory`.
        chunk_size: the most steps of a chunk.
    """
    steps = values.shape[2]
    columns = (queries, keys, values, log_decays.unsqueeze(-1))
    queries, keys, values, log_decays = (cut(each, chunk_size) for each in columns)
    total = log_decays.cumsum(-2)
    between, since, until = decays_between(log_decays.squeeze(-1)), total.exp(), (total[..., -1:, :] - total).exp()
    added = (keys.mT @ (until * values)).unbind(2)
    before = [memory]
    for add, kept in zip(added, since[..., -1:, :].unbind(2), strict=True):
        before.append(torch.addcmul(add, kept, before[-1]))
    *memories, memory = before
    answers = since * (queries @ torch.stack(memories, dim=2)) + ((queries @ keys.mT) * between) @ values
    return answers.flatten(2, 3)[:, :, :steps], memory
