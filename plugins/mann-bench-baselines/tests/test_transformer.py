import math

import pytest
import torch

from mann_bench_baselines.transformer import CausalAttention, TransformerModel, rotate, sinusoids


@pytest.fixture
def build():
    """Build a small model in float64, from seed 0, with options changed."""

    def make(**options):
        torch.manual_seed(0)
        return TransformerModel(3, 2, **({"width": 12, "heads": 2, "head_width": 4} | options)).double()

    return make


def plain_attention(layer, inputs):
    """Equation 1, one query at a time, without positions."""
    outputs = torch.empty_like(inputs)
    for b in range(inputs.shape[1]):
        queries, keys, values = layer.project(inputs[:, b]).unflatten(1, (3, layer.heads, -1)).unbind(1)
        for t in range(len(inputs)):
            scores = torch.einsum("hd,thd->th", queries[t], keys[: t + 1]) / math.sqrt(queries.shape[-1])
            outputs[t, b] = layer.merge(torch.einsum("th,thd->hd", scores.softmax(0), values[: t + 1]).flatten())
    return outputs


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_attention_is_that_of_its_equation(steps):
    torch.manual_seed(0)
    layer, inputs = CausalAttention(6, 3, 4, rotary=False).double(), torch.randn(steps, 2, 6, dtype=torch.float64)
    torch.testing.assert_close(layer(inputs), plain_attention(layer, inputs))


def test_the_product_of_turned_vectors_depends_on_their_distance_alone():
    query, key = torch.randn(2, 8, dtype=torch.float64)
    queries, keys = (rotate(vector.expand(1, 1, 50, 8))[0, 0] for vector in (query, key))
    products = queries @ keys.T
    for distance in (-30, 0, 1, 7):
        diagonal = products.diagonal(distance)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal))
    assert products[0, 1] != products[0, 2]


def test_turning_keeps_lengths_and_leaves_the_first_position_as_it_is():
    vectors = torch.randn(2, 3, 90, 6, dtype=torch.float64)
    turned = rotate(vectors)
    torch.testing.assert_close(turned.norm(dim=-1), vectors.norm(dim=-1))
    assert torch.equal(turned[:, :, 0], vectors[:, :, 0])


@pytest.mark.parametrize("width", [1, 6, 7])
def test_sinusoids_are_told_apart_at_any_width(width):
    waves = sinusoids(torch.zeros(20, 3, width))[:, 0]
    assert waves.shape == (20, width)
    assert len(waves.unique(dim=0)) == 20


@pytest.mark.parametrize("positions", ["rotary", "sinusoidal"])
def test_positions_tell_the_order_of_earlier_steps(build, draw, positions):
    model, inputs = build(positions=positions, layers=1), torch.eye(3).unsqueeze(1).double()
    assert not torch.allclose(model(inputs)[-1], model(inputs[[1, 0, 2]])[-1])


def test_without_positions_one_layer_cannot_tell_the_order(build):
    model, inputs = build(positions="none", layers=1), torch.eye(3).unsqueeze(1).double()
    torch.testing.assert_close(model(inputs)[-1], model(inputs[[1, 0, 2]])[-1])


@pytest.mark.parametrize("positions", ["rotary", "sinusoidal", "none"])
def test_a_longer_sequence_starts_with_the_logits_of_a_shorter_one(build, draw, positions):
    model, inputs = build(positions=positions), draw(160, 2).double()
    torch.testing.assert_close(model(inputs)[:40], model(inputs[:40]))


def test_odd_heads_cannot_be_turned(build):
    with pytest.raises(ValueError, match="head_width must be even with rotary positions, not 5"):
        build(head_width=5)
