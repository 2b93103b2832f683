"""A matrix memory that the delta rule writes: step by step, and in parallel over chunks of steps.

For a sequence and a head, with S_0 = 0 (Schlag et al. 2021, https://arxiv.org/abs/2102.11174, in the notation of
Yang et al. 2024, section 2.2, https://arxiv.org/abs/2406.06484):

    S_t = S_{t-1} + beta_t (v_t - S_{t-1} k_t) k_t^T = S_{t-1} (I - beta_t k_t k_t^T) + beta_t v_t k_t^T
    o_t = S_t q_t

Below memories are transposed, [key channels, value channels]. With unit keys and beta in [0, 2] no write makes
what is in memory larger, whatever the length.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def recurrent_delta_rule(
    queries: Float[Tensor, "B H T K"],
    keys: Float[Tensor, "B H T K"],
    values: Float[Tensor, "B H T V"],
    strengths: Float[Tensor, "B H T"],
) -> Float[Tensor, "B H T V"]:
    """Return what the memory answers at each step, by the equations to the letter.

    Args:
        queries: q, what is looked up after the write.
        keys: k, of Euclidean norm 1 at most.
        values: v, what a look-up of the key shall give from now on.
        strengths: beta in [0, 2]; 0 writes nothing, 1 replaces what the key had.
    """
    memory = values.new_zeros(*keys.shape[:2], keys.shape[3], values.shape[3])
    outputs = []
    for query, key, value, strength in zip(*(x.unbind(2) for x in (queries, keys, values, strengths)), strict=True):
        known = torch.einsum("bhk,bhkv->bhv", key, memory)
        written = strength.unsqueeze(-1) * (value - known)
        memory = memory + torch.einsum("bhk,bhv->bhkv", key, written)
        outputs.append(torch.einsum("bhk,bhkv->bhv", query, memory))
    return torch.stack(outputs, dim=2)


def chunked_delta_rule(
    queries: Float[Tensor, "B H T K"],
    keys: Float[Tensor, "B H T K"],
    values: Float[Tensor, "B H T V"],
    strengths: Float[Tensor, "B H T"],
    chunk_size: int,
) -> Float[Tensor, "B H T V"]:
    """Return what `recurrent_delta_rule` returns, with a Python step a chunk instead of one a time step.

    What step t of a chunk writes is u_t = beta_t (v_t - S k_t - sum_{i<t} (k_i . k_t) u_i), S the memory before the
    chunk: the WY representation (Yang et al. 2024, sections 3.1 and 3.2). With the chunk's vectors as rows,

        A U = diag(beta) (V - K S),   A = I + strict lower triangle of diag(beta) K K^T.

    A^-1 diag(beta) V and A^-1 diag(beta) K are solved for all chunks at once; then S goes from chunk to chunk.

    Args:
        queries, keys, values, strengths: as for `recurrent_delta_rule`.
        chunk_size: the most steps of a chunk. Chunks are made of one length; what is missing in the last one
            is filled up with writes of strength zero.
    """
    steps = queries.shape[2]
    chunks = math.ceil(steps / chunk_size)
    size = math.ceil(steps / chunks)

    def cut(rows: Tensor) -> Tensor:
        """[B, H, T, *] to [B, H, chunks, size, *]."""
        padded = functional.pad(rows, (0, 0, 0, chunks * size - steps))
        return padded.reshape(*rows.shape[:2], chunks, size, rows.shape[3])

    beta = strengths.unsqueeze(-1)
    weighted = cut(torch.cat([beta * values, beta * keys], dim=-1))
    queries, keys = cut(queries), cut(keys)
    # The diagonal and what is above it are not read.
    system = weighted[..., values.shape[-1] :] @ keys.mT
    solved = torch.linalg.solve_triangular(system, weighted, upper=False, unitriangular=True)
    own, erased = solved.split([values.shape[-1], keys.shape[-1]], dim=-1)
    attention = (queries @ keys.mT).tril()

    memory = values.new_zeros(*keys.shape[:2], keys.shape[-1], values.shape[-1])
    outputs = []
    parts = (rows.unbind(2) for rows in (queries, keys, own, erased, attention))
    for query, key, fresh, erasing, attending in zip(*parts, strict=True):
        written = fresh - erasing @ memory
        outputs.append(query @ memory + attending @ written)
        memory = memory + key.mT @ written
    return torch.cat(outputs, dim=2)[:, :, :steps]
