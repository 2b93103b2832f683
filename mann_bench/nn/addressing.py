"""Addressing and access of an external memory, equation by equation.

Graves, Wayne & Danihelka 2014, "Neural Turing Machines", section 3, https://arxiv.org/abs/1410.5401

Axes: B batch, H heads, N memory slots, W slot width, S allowed shifts (2 * range + 1).
"""

import torch
from jaxtyping import Float
from torch import Tensor

NORM_FLOOR = 1e-20
"""Least squared norm in the cosine. A memory of 1e-6 lies far above it, and its gradient stays in float32."""


def content_weighting(
    memory: Float[Tensor, "B N W"], keys: Float[Tensor, "B H W"], key_strength: Float[Tensor, "B H"]
) -> Float[Tensor, "B H N"]:
    """Weight the slots by softmax(key_strength * cosine(key, slot)), equations 5 and 6."""
    similarity = unit(keys) @ unit(memory).mT  # [B, H, N]
    return torch.softmax(key_strength.unsqueeze(-1) * similarity, dim=-1)


def masked_content_weighting(
    memory: Float[Tensor, "B N W"],
    keys: Float[Tensor, "B H W"],
    key_strength: Float[Tensor, "B H"],
    mask: Float[Tensor, "B H W"],
) -> Float[Tensor, "B H N"]:
    """Weight the slots by the cosine of key * mask and slot * mask (Csordas & Schmidhuber 2019, section 3.1).

    The mask is a head's own, so the masked memory is never formed: the mask moves to the key's side of the
    dot product and into a weighted norm.
    """
    squared_norms = mask.square() @ memory.square().mT  # [B, H, N]
    similarity = (unit(keys * mask) * mask) @ memory.mT * squared_norms.clamp_min(NORM_FLOOR).rsqrt()
    return torch.softmax(key_strength.unsqueeze(-1) * similarity, dim=-1)


def interpolate(
    previous: Float[Tensor, "B H N"], content: Float[Tensor, "B H N"], gate: Float[Tensor, "B H"]
) -> Float[Tensor, "B H N"]:
    """Blend content and previous weighting, equation 7; a gate of 1 takes content alone."""
    return torch.lerp(previous, content, gate.unsqueeze(-1))


def shift(weighting: Float[Tensor, "B H N"], shift_weighting: Float[Tensor, "B H S"]) -> Float[Tensor, "B H N"]:
    """Rotate by circular convolution, equation 8.

    Entries of `shift_weighting` stand for shifts of -range to +range slots; entry d moves weight from slot
    j to slot j + d, modulo N.
    """
    reach = shift_weighting.shape[-1] // 2
    parts = [weighting.roll(d, dims=-1) * shift_weighting[..., d + reach, None] for d in range(-reach, reach + 1)]
    return torch.stack(parts).sum(0)


def sharpen(weighting: Float[Tensor, "B H N"], sharpening: Float[Tensor, "B H"]) -> Float[Tensor, "B H N"]:
    """Raise to the power `sharpening` and normalise, equation 9, in log space.

    softmax(sharpening * log w) is the same function as w**sharpening / sum(w**sharpening), but it keeps the
    mass at one where the powers underflow: 1/200 to the power 21 is below the smallest float32.
    """
    floor = torch.finfo(weighting.dtype).tiny
    return torch.softmax(sharpening.unsqueeze(-1) * weighting.clamp_min(floor).log(), dim=-1)


def sharpen_as_power(weighting: Float[Tensor, "B H N"], sharpening: Float[Tensor, "B H"]) -> Float[Tensor, "B H N"]:
    """Equation 9 to the letter. It gives 0/0 where all powers underflow; kept so that this can be studied."""
    powers = weighting ** sharpening.unsqueeze(-1)
    return powers / powers.sum(-1, keepdim=True)


def read(memory: Float[Tensor, "B N W"], weighting: Float[Tensor, "B R N"]) -> Float[Tensor, "B R W"]:
    """Read vectors, equation 2."""
    return weighting @ memory


def write(
    memory: Float[Tensor, "B N W"],
    weighting: Float[Tensor, "B K N"],
    erase: Float[Tensor, "B K W"],
    add: Float[Tensor, "B K W"],
) -> Float[Tensor, "B N W"]:
    """Let K heads erase (equation 3), then add (equation 4). Both are independent of the heads' order."""
    for head in range(weighting.shape[1]):
        forget = weighting[:, head, :, None] * erase[:, head, None, :]  # [B, N, W]
        memory = torch.addcmul(memory, memory, forget, value=-1.0)
    return torch.baddbmm(memory, weighting.mT, add)


def unit(vectors: Float[Tensor, "*any W"]) -> Float[Tensor, "*any W"]:
    """Return the vectors scaled to length one; those of no length stay zero."""
    return vectors * vectors.square().sum(-1, keepdim=True).clamp_min(NORM_FLOOR).rsqrt()
