import itertools
import math
from collections import namedtuple

import numpy as np
import pytest
import torch
from nn.reference_ntm import content_weighting, interpolated, read, sharpened, shifted, written

from mann_bench.nn import addressing

Shape = namedtuple("Shape", "batch heads slots width reach")
SHAPES = [Shape(1, 1, 5, 3, 1), Shape(7, 4, 9, 4, 2), Shape(1, 3, 7, 1, 0), Shape(7, 2, 3, 5, 1)]

over_shapes = pytest.mark.parametrize("shape", SHAPES, ids=lambda s: "x".join(map(str, s)))
over_gammas = pytest.mark.parametrize("gamma", [1.0, 1.5, 5.0, 10.0, 21.0])


def per_head(function, *tensors):
    """Apply a plain function to the arrays of each sequence and head."""
    batch, heads = tensors[0].shape[:2]
    rows = [[function(*(t[b, h].numpy() for t in tensors)) for h in range(heads)] for b in range(batch)]
    return torch.tensor(np.array(rows))


def assert_same(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=1e-12, atol=1e-14)


@over_shapes
def test_content_weighting_is_equations_5_and_6(shape, normal):
    batch, heads, slots, width, _ = shape
    memory, keys = normal(batch, slots, width), normal(batch, heads, width)
    strength = normal(batch, heads).exp()
    memories = memory.unsqueeze(1).expand(-1, heads, -1, -1)
    expected = per_head(content_weighting, keys, strength, memories)
    assert_same(addressing.content_weighting(memory, keys, strength), expected)


@over_shapes
def test_masked_content_weighting_is_equations_5_and_6_on_the_masked_key_and_memory_of_each_head(shape, normal):
    batch, heads, slots, width, _ = shape
    memory, keys = normal(batch, slots, width), normal(batch, heads, width)
    strength, mask = normal(batch, heads).exp(), normal(batch, heads, width).sigmoid()
    masked = memory.unsqueeze(1) * mask.unsqueeze(2)  # [B, H, N, W]
    expected = per_head(content_weighting, keys * mask, strength, masked)
    assert_same(addressing.masked_content_weighting(memory, keys, strength, mask), expected)


@over_shapes
def test_a_mask_of_ones_masks_nothing(shape, normal):
    batch, heads, slots, width, _ = shape
    memory, keys, strength = normal(batch, slots, width), normal(batch, heads, width), normal(batch, heads).exp()
    masked = addressing.masked_content_weighting(memory, keys, strength, torch.ones_like(keys))
    assert_same(masked, addressing.content_weighting(memory, keys, strength))


def test_what_the_mask_hides_does_not_matter(normal):
    memory, keys, strength = normal(2, 5, 3), normal(2, 2, 3), normal(2, 2).exp()
    mask, other = (
        torch.tensor([1.0, 1.0, 0.0]).double().expand(2, 2, 3),
        torch.cat([memory[..., :2], normal(2, 5, 1)], -1),
    )
    weighting = addressing.masked_content_weighting(memory, keys, strength, mask)
    assert_same(addressing.masked_content_weighting(other, keys, strength, mask), weighting)


@pytest.mark.parametrize("value", [0.0, 1e-6])
def test_the_gradient_of_a_mask_over_an_untouched_memory_is_finite(value):
    tensors = [torch.full(shape, value, requires_grad=True) for shape in ((2, 8, 20), (2, 1, 20), (2, 1, 20))]
    memory, keys, mask = tensors
    weighting = addressing.masked_content_weighting(memory, keys, torch.full((2, 1), 20.0), mask)
    (weighting * torch.arange(8.0)).sum().backward()
    assert all(tensor.grad.isfinite().all() for tensor in tensors)


@over_shapes
def test_interpolate_is_equation_7(shape, normal):
    batch, heads, slots, _, _ = shape
    previous, content = normal(batch, heads, slots).softmax(-1), normal(batch, heads, slots).softmax(-1)
    gate = normal(batch, heads).sigmoid()
    expected = per_head(interpolated, content, previous, gate)
    assert_same(addressing.interpolate(previous, content, gate), expected)


@over_shapes
def test_shift_is_equation_8(shape, normal):
    batch, heads, slots, _, reach = shape
    weighting = normal(batch, heads, slots).softmax(-1)
    shifts = normal(batch, heads, 2 * reach + 1).softmax(-1)
    assert_same(addressing.shift(weighting, shifts), per_head(shifted, weighting, shifts))


@over_shapes
def test_sharpen_is_equation_9(shape, normal):
    batch, heads, slots, _, _ = shape
    weighting, gamma = normal(batch, heads, slots).softmax(-1), 1 + normal(batch, heads).exp()
    assert_same(addressing.sharpen(weighting, gamma), per_head(sharpened, weighting, gamma))


@over_shapes
def test_sharpen_as_power_is_sharpen_where_nothing_underflows(shape, normal):
    batch, heads, slots, _, _ = shape
    weighting, gamma = normal(batch, heads, slots).softmax(-1), 1 + normal(batch, heads).exp()
    assert_same(addressing.sharpen_as_power(weighting, gamma), addressing.sharpen(weighting, gamma))


@over_shapes
def test_read_is_equation_2(shape, normal):
    batch, heads, slots, width, _ = shape
    memory, weighting = normal(batch, slots, width), normal(batch, heads, slots).softmax(-1)
    memories = memory.unsqueeze(1).expand(-1, heads, -1, -1)
    assert_same(addressing.read(memory, weighting), per_head(read, weighting, memories))


@over_shapes
def test_write_is_equations_3_and_4(shape, normal):
    batch, heads, slots, width, _ = shape
    memory, weighting = normal(batch, slots, width), normal(batch, heads, slots).softmax(-1)
    erase, add = normal(batch, heads, width).sigmoid(), normal(batch, heads, width).tanh()
    rows = zip(*(t.numpy() for t in (memory, weighting, erase, add)), strict=True)
    expected = torch.tensor(np.array([written(*row) for row in rows]))
    assert_same(addressing.write(memory, weighting, erase, add), expected)


def test_write_does_not_depend_on_the_order_of_heads(normal):
    memory, weighting = normal(2, 5, 3), normal(2, 3, 5).softmax(-1)
    erase, add = normal(2, 3, 3).sigmoid(), normal(2, 3, 3)
    turned = addressing.write(memory, *(t.flip(1) for t in (weighting, erase, add)))
    assert_same(addressing.write(memory, weighting, erase, add), turned)


def test_write_leaves_the_memory_it_was_given(normal):
    memory = normal(2, 5, 3)
    before = memory.clone()
    addressing.write(memory, normal(2, 1, 5).softmax(-1), normal(2, 1, 3).sigmoid(), normal(2, 1, 3))
    assert torch.equal(memory, before)


def test_a_full_erase_and_add_replaces_one_slot(normal):
    memory, add = normal(1, 4, 3), normal(1, 1, 3)
    weighting = torch.eye(4, dtype=torch.float64)[2].view(1, 1, 4)
    written = addressing.write(memory, weighting, torch.ones_like(add), add)
    expected = memory.clone()
    expected[0, 2] = add[0, 0]
    assert_same(written, expected)


@pytest.mark.parametrize(("slots", "reach"), [(5, 1), (5, 2), (8, 3), (3, 1)])
def test_entry_d_of_a_shift_moves_weight_from_slot_j_to_j_plus_d(slots, reach):
    for j, d in itertools.product(range(slots), range(-reach, reach + 1)):
        weighting, shifts = torch.zeros(1, 1, slots), torch.zeros(1, 1, 2 * reach + 1)
        weighting[..., j] = 1
        shifts[..., d + reach] = 1
        moved = addressing.shift(weighting, shifts)
        assert moved.flatten().nonzero().item() == (j + d) % slots


def test_a_gate_of_one_takes_the_content_and_of_zero_the_previous_weighting(normal):
    previous, content = normal(1, 2, 5).softmax(-1), normal(1, 2, 5).softmax(-1)
    gate = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    blended = addressing.interpolate(previous, content, gate)
    assert_same(blended[0], torch.stack([content[0, 0], previous[0, 1]]))


def test_content_weighting_does_not_depend_on_the_lengths_of_key_and_slots(normal):
    memory, keys, strength = normal(2, 5, 3), normal(2, 2, 3), normal(2, 2).exp()
    scaled = addressing.content_weighting(memory * 1e-6, keys * 1e3, strength)
    assert_same(addressing.content_weighting(memory, keys, strength), scaled)


@pytest.mark.parametrize("value", [0.0, 1e-6])
def test_content_weighting_of_an_untouched_memory_is_uniform(value):
    memory, keys = torch.full((2, 128, 20), value), torch.randn(2, 1, 20).tanh()
    weighting = addressing.content_weighting(memory, keys, torch.full((2, 1), 20.0))
    torch.testing.assert_close(weighting, torch.full((2, 1, 128), 1 / 128))


@pytest.mark.parametrize("value", [0.0, 1e-6])
def test_the_gradient_into_an_untouched_memory_is_finite(value, normal):
    memory = torch.full((2, 8, 20), value, requires_grad=True)
    weighting = addressing.content_weighting(memory, normal(2, 1, 20).float(), torch.full((2, 1), 20.0))
    (weighting * torch.arange(8.0)).sum().backward()
    assert memory.grad.isfinite().all()


def test_the_gradient_into_a_constant_memory_is_that_of_the_plain_cosine(normal):
    keys, values = normal(1, 1, 20), torch.arange(8.0)
    memory = torch.full((1, 8, 20), 1e-6, requires_grad=True)
    weighting = addressing.content_weighting(memory, keys.float(), torch.full((1, 1), 2.0))
    (weighting * values).sum().backward()
    start = memory.detach().double().requires_grad_()
    cosine = (start * keys).sum(-1) / (start.norm(dim=-1) * keys.norm(dim=-1))
    ((2 * cosine).softmax(-1) * values).sum().backward()
    largest = start.grad.abs().max().item()
    assert largest > 1e3
    torch.testing.assert_close(memory.grad.double(), start.grad, rtol=0, atol=1e-4 * largest)


def sharpened_with_gradient(weighting, gamma):
    weighting = weighting.clone().requires_grad_()
    sharpening = torch.full(weighting.shape[:2], gamma, requires_grad=True)
    sharp = addressing.sharpen(weighting, sharpening)
    (sharp * torch.linspace(-1, 1, sharp.shape[-1])).sum().backward()
    return sharp, weighting.grad, sharpening.grad


def peaked(rest):
    weighting = torch.full((1, 1, 128), rest)
    weighting[..., 40] = 1 - 127 * rest
    return weighting


WEIGHTINGS = {
    "uniform": torch.full((1, 1, 128), 1 / 128),
    "one-hot": peaked(0.0),
    "rest 1e-7": peaked(1e-7),
    "rest 1e-38": peaked(1e-38),
    "rest subnormal": peaked(1e-42),
}
over_weightings = pytest.mark.parametrize("weighting", WEIGHTINGS.values(), ids=WEIGHTINGS.keys())


@over_gammas
@over_weightings
def test_sharpen_keeps_the_mass(weighting, gamma):
    sharp, _, _ = sharpened_with_gradient(weighting, gamma)
    assert abs(sharp.sum().item() - 1) < 1e-6


@over_gammas
@over_weightings
def test_sharpen_has_finite_gradients(weighting, gamma):
    _, *gradients = sharpened_with_gradient(weighting, gamma)
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_sharpen_has_the_gradients_of_the_power():
    weighting = torch.linspace(1, 3, 128).view(1, 1, -1) / 256
    _, *gradients = sharpened_with_gradient(weighting, 3.0)
    base, gamma = weighting.double().requires_grad_(), torch.full((1, 1), 3.0, dtype=torch.float64)
    power = base ** gamma.requires_grad_().unsqueeze(-1)
    (power / power.sum() * torch.linspace(-1, 1, 128)).sum().backward()
    for actual, expected in zip(gradients, (base.grad, gamma.grad), strict=True):
        torch.testing.assert_close(actual.double(), expected, rtol=1e-4, atol=1e-5)


def test_sharpen_as_power_loses_a_uniform_weighting_where_sharpen_does_not():
    weighting, gamma = torch.full((1, 1, 200), 1 / 200), torch.full((1, 1), 21.0)
    assert addressing.sharpen_as_power(weighting, gamma).isnan().all()
    torch.testing.assert_close(addressing.sharpen(weighting, gamma), weighting)


def test_sharpen_as_power_has_no_finite_gradient_where_sharpen_has_one():
    weighting = WEIGHTINGS["uniform"].clone().requires_grad_()  # its powers, 2**-147, are not yet zero in float32
    sharp = addressing.sharpen_as_power(weighting, torch.full((1, 1), 21.0))
    (sharp * torch.linspace(-1, 1, 128)).sum().backward()
    assert sharp.isfinite().all()
    assert not weighting.grad.isfinite().all()
    assert sharpened_with_gradient(weighting.detach(), 21.0)[1].isfinite().all()


def test_an_epsilon_under_the_plain_power_loses_attention_mass():
    power = WEIGHTINGS["uniform"] ** 10
    assert math.isclose((power / (power.sum() + 1e-16)).sum().item(), 1e-3, rel_tol=0.2)


def test_sharpen_by_one_changes_nothing():
    weighting = torch.linspace(1, 3, 5).softmax(-1).view(1, 1, 5)
    torch.testing.assert_close(sharpened_with_gradient(weighting, 1.0)[0], weighting)


@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (addressing.content_weighting, [(2, 4, 3), (2, 2, 3), (2, 2)]),
        (addressing.masked_content_weighting, [(2, 4, 3), (2, 2, 3), (2, 2), (2, 2, 3)]),
        (addressing.sharpen_as_power, [(2, 2, 4), (2, 2)]),
        (addressing.interpolate, [(2, 2, 4), (2, 2, 4), (2, 2)]),
        (addressing.shift, [(2, 2, 4), (2, 2, 3)]),
        (addressing.sharpen, [(2, 2, 4), (2, 2)]),
        (addressing.read, [(2, 4, 3), (2, 2, 4)]),
        (addressing.write, [(2, 4, 3), (2, 2, 4), (2, 2, 3), (2, 2, 3)]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_gradients_agree_with_finite_differences(function, shapes, normal):
    tensors = [normal(*shape).sigmoid().requires_grad_() for shape in shapes]
    assert torch.autograd.gradcheck(function, tensors)
