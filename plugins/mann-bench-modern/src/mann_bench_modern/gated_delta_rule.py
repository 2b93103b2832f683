"""A matrix memory that forgets and is written by the delta rule: step by step, and in parallel over chunks of steps.

For a sequence and a head (Yang et al. 2024, equation 10, https://arxiv.org/abs/2412.06464):

    S_t = alpha_t S_{t-1} (I - beta_t k_t k_t^T) + beta_t v_t k_t^T
    o_t = S_t q_t

Below memories are transposed, [key channels, value channels]. With unit keys and beta in [0, 2] the eigenvalues of a
step lie in [-1, 1], and no write makes what is in memory larger, whatever the length.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from mann_bench_modern.chunks import cut, decays_between, inverse_unit_lower, scan_chunks


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
    and u_t what step t writes (section 3.3 of the paper, the extended WY representation):

        u_t = beta_t (v_t - d_t S k_t - sum_{i<t} d_ti (k_i . k_t) u_i)

    These are linear equations with a lower triangular matrix. They are solved for all chunks at once, which leaves
    S_{n+1} = P_n S_n + R_n from chunk to chunk; then all writes and answers follow at once.

    Args:
        queries, keys, values, strengths, log_decays, memory: as for `recurrent_gated_delta_rule`.
        chunk_size: the most steps of a chunk.
    """
    steps, widths = queries.shape[2], [values.shape[3], keys.shape[3]]
    columns = (queries, keys, values, strengths.unsqueeze(-1), log_decays.unsqueeze(-1))
    queries, keys, values, beta, log_decays = (cut(each, chunk_size) for each in columns)
    total = log_decays.cumsum(-2)
    between, since, until = decays_between(log_decays.squeeze(-1)), total.exp(), (total[..., -1:, :] - total).exp()
    asked = torch.stack([beta * keys, queries], dim=3)
    below, attention = ((asked.flatten(3, 4) @ keys.mT).reshape(*asked.shape[:-1], -1) * between.unsqueeze(3)).unbind(3)
    lookups, queries = (since.unsqueeze(3) * asked).unbind(3)
    solved = inverse_unit_lower(below) @ torch.cat([beta * values, lookups], dim=-1)
    fresh, erasing = torch.split(solved, widths, dim=-1)
    added, erased = torch.split((until * keys).mT @ solved, widths, dim=-1)
    kept = since[..., -1:, :] * torch.eye(widths[1], dtype=keys.dtype, device=keys.device) - erased
    memories, memory = scan_chunks(kept, added, memory)
    written = fresh - erasing @ memories
    answers = queries @ memories + attention @ written
    return answers.flatten(2, 3)[:, :, :steps], memory
