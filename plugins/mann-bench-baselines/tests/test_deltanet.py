import pytest
import torch
from torch.nn import functional

from mann_bench_baselines.deltanet import CausalConvolution, DeltaMemory, DeltaNetModel


@pytest.fixture
def build():
    """Build a small model from seed 0, with options changed."""

    def make(**options):
        torch.manual_seed(0)
        return DeltaNetModel(3, 2, **({"width": 10, "heads": 2, "head_width": 4, "chunk_size": 8} | options))

    return make


@pytest.mark.parametrize("steps", [1, 8, 9, 23])
def test_both_forms_give_the_same_logits_and_gradients(build, draw, steps):
    models, inputs = [build(form=form).double() for form in ("chunked", "recurrent")], draw(steps, 3).double()
    logits = [model(inputs) for model in models]
    torch.testing.assert_close(*logits)
    gradients = [
        torch.autograd.grad(each.square().sum(), list(model.parameters()))
        for model, each in zip(models, logits, strict=True)
    ]
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_the_convolution_is_torchs_of_one_channel_a_group(steps):
    layer, inputs = CausalConvolution(6, 4), torch.randn(steps, 2, 6)
    padded = functional.pad(inputs.permute(1, 2, 0), (3, 0))
    expected = functional.conv1d(padded, layer.weight.T.unsqueeze(1), groups=6)
    torch.testing.assert_close(layer(inputs), expected.permute(2, 0, 1))


@pytest.mark.parametrize(("negative_eigenvalues", "strongest"), [(False, 1.0), (True, 2.0)])
def test_strengths_stay_within_their_bound(build, draw, negative_eigenvalues, strongest):
    memories = [m for m in build(negative_eigenvalues=negative_eigenvalues).modules() if isinstance(m, DeltaMemory)]
    seen = []
    for memory in memories:
        torch.nn.init.constant_(memory.strength.bias, 50.0)
        memory.rule = lambda queries, keys, values, strengths: seen.append(strengths) or values
        memory(torch.randn(5, 2, 10))
    assert torch.equal(torch.stack(seen), torch.full((2, 2, 2, 5), strongest))


def test_keys_and_queries_are_unit_vectors(build):
    memory, seen = build().stack.layers[0].mix[1], []
    memory.rule = lambda queries, keys, values, strengths: seen.extend((queries, keys)) or values
    memory(10 * torch.randn(5, 2, 10))
    for vectors in seen:
        torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(2, 2, 5), rtol=0, atol=1e-3)


def test_without_a_convolution_there_are_no_weights_for_one(build):
    assert not any("convolution" in name for name in build(convolution=None).state_dict())


@pytest.mark.parametrize(("convolution", "remembered"), [(None, 0), (1, 0), (4, 3)])
def test_state_bytes_are_those_of_memories_and_convolution(build, convolution, remembered):
    floats = 2 * 4 * 4 + remembered * 3 * 2 * 4
    assert build(convolution=convolution).state_bytes() == 4 * 2 * floats


def test_a_sequence_of_zeros_has_finite_logits_and_gradients(build):
    model = build()
    torch.nn.init.zeros_(model.embedding.bias)
    model(torch.zeros(50, 2, 3)).square().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())
