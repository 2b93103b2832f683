"""Cutting sequences into chunks whose steps are computed at once, and how much of the past is left in them."""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional


def cut(rows: Float[Tensor, "B H T D"], chunk_size: int) -> Float[Tensor, "B H N C D"]:
    """Cut into as few chunks of one length as can be; what is missing in the last one is filled up with zeros.

    Args:
        rows: one vector a step.
        chunk_size: the most steps of a chunk.
    """
    steps = rows.shape[2]
    chunks = math.ceil(steps / chunk_size)
    size = math.ceil(steps / chunks)
    padded = functional.pad(rows, (0, 0, 0, chunks * size - steps)) if chunks * size > steps else rows
    return padded.reshape(*rows.shape[:2], chunks, size, rows.shape[3])


def decays_between(log_decays: Float[Tensor, "*chunks C"]) -> Float[Tensor, "*chunks C C"]:
    """Return in row t and column i what is left after step t of something written at step i; zero where i > t.

    Args:
        log_decays: the natural logarithm of what each step leaves of the past, 0 or less.
    """
    total = log_decays.cumsum(-1)
    between = total.unsqueeze(-1) - total.unsqueeze(-2)
    later = torch.ones(between.shape[-2:], dtype=torch.bool, device=between.device).triu(1)
    return between.masked_fill_(later, -math.inf).exp_()


def in_turn(*chunks: Float[Tensor, "B H N _ D"]) -> Float[Tensor, "R C D"]:
    """Put the rows of all arguments below each other, chunk by chunk, and all first chunks before all second ones.

    The chunks of a turn lie in one piece of storage, and each chunk does. Torch multiplies such batches of matrices at
    once, and others one by one.
    """
    turns = [each.permute(2, 0, 1, 3, 4) for each in chunks]
    return (torch.cat(turns, dim=3) if len(turns) > 1 else turns[0].contiguous()).flatten(0, 2)


def by_chunk(rows: Float[Tensor, "R C D"], memories: int) -> tuple[Float[Tensor, "M C D"], ...]:
    """Return the chunks of each turn, one of each memory."""
    return rows.view(-1, memories, *rows.shape[1:]).unbind(0)


def joined(rows: Float[Tensor, "R C D"], sequences: int, heads: int, steps: int) -> Float[Tensor, "B H T D"]:
    """Undo `in_turn` and `cut`."""
    chunks = rows.view(-1, sequences, heads, *rows.shape[1:])
    return chunks.permute(1, 2, 0, 3, 4).flatten(2, 3)[:, :, :steps]


def inverse_unit_lower(below: Float[Tensor, "*chunks C C"]) -> Float[Tensor, "*chunks C C"]:
    """Return the inverse of a lower triangular matrix with ones on its diagonal.

    Args:
        below: what is below the diagonal. The diagonal and what is above it are not read.
    """
    ones = torch.eye(below.shape[-1], dtype=below.dtype, device=below.device).expand_as(below)
    inverse: Tensor = torch.linalg.solve_triangular(below, ones, upper=False, unitriangular=True)
    return inverse
