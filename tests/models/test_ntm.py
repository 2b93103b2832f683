import math

import pytest
import torch

from mann_bench.models.ntm import NTMModel


def small(**options):
    torch.manual_seed(0)
    return NTMModel(3, 2, **({"controller_size": 8, "memory_slots": 6, "slot_width": 4} | options))


def test_the_copy_ntm_has_the_parameters_of_the_seed_paper():
    assert sum(parameter.numel() for parameter in NTMModel(9, 8).parameters()) == 65_096


def test_state_bytes_are_counted():
    floats = 2 * 8 + 2 * 4 + 3 * 6 + 6 * 4  # LSTM, read vectors, weightings, memory
    assert small(read_heads=2, write_heads=1).state_bytes() == 4 * floats


def test_state_bytes_follow_the_precision():
    assert small().double().state_bytes() == 2 * small().state_bytes()


@pytest.mark.parametrize(("read_heads", "write_heads"), [(1, 1), (2, 2)])
def test_logits_depend_on_the_read_vectors_of_the_step_before(draw, read_heads, write_heads):
    model = small(read_heads=read_heads, write_heads=write_heads)
    first, second = draw(2, 4)
    _, state = model.step(first, model.initial_state(4))
    logits, _ = model.step(second, state)
    for head in range(read_heads):
        reads = state.reads.clone()
        reads[:, head] = 0
        assert not torch.equal(model.step(second, state._replace(reads=reads))[0], logits)


def test_the_gradient_of_logits_reaches_the_read_vectors_of_the_step_before(draw):
    model = small(read_heads=2, write_heads=2)
    state = model.initial_state(4)
    reads = state.reads.detach().requires_grad_()
    model.step(draw(1, 4)[0], state._replace(reads=reads))[0].square().sum().backward()
    assert (reads.grad.abs().sum((0, 2)) > 0).all()


@pytest.mark.parametrize("part", ["weightings", "memory"])
def test_logits_depend_on_weightings_and_memory(draw, part):
    model = small()
    first, second = draw(2, 4)
    _, state = model.step(first, model.initial_state(4))
    changed = state._replace(**{part: getattr(state, part).flip(-2 if part == "memory" else -1)})
    assert not torch.equal(model.step(second, state)[0], model.step(second, changed)[0])


@pytest.mark.parametrize("clip", [0.25, 20.0])
def test_logits_are_clipped(draw, clip):
    model = small(clip=clip)
    torch.nn.init.normal_(model.readout.weight, std=1e3)
    assert model(draw(7, 4)).abs().max() == clip


def test_without_clip_logits_are_unbounded(draw):
    model = small(clip=None)
    torch.nn.init.normal_(model.readout.weight, std=1e3)
    assert model(draw(7, 4)).abs().max() > 20


def test_logits_are_the_readout_of_the_cell(draw):
    model, inputs = small(clip=None), draw(1, 4)[0]
    output, _ = model.cell(inputs, model.initial_state(4))
    assert torch.equal(model.step(inputs, model.initial_state(4))[0], model.readout(output))


def test_the_readout_starts_truncated_normal_without_bias():
    model = NTMModel(9, 8)
    weight = model.readout.weight
    assert weight.abs().max() <= 2 / math.sqrt(120)
    assert not model.readout.bias.any()


def test_options_reach_the_cell():
    options = {"controller_size": 7, "memory_slots": 9, "slot_width": 4, "read_heads": 2, "write_heads": 3}
    cell = NTMModel(3, 2, **options, shift_range=2, memory_init="random", memory_trainable=False, clip=5.0).cell
    assert cell.initial_memory.shape == (9, 4)
    assert (cell.controller.layers[0].hidden_size, cell.read_heads, cell.write_heads) == (7, 2, 3)
    assert (cell.memory_init, cell.clip, cell.interface.out_features) == ("random", 5.0, 5 * 12 + 2 * 12)
    assert "initial_memory" not in dict(cell.named_parameters())


@pytest.mark.parametrize("name", ["memory_slots", "slot_width", "controller_size", "read_heads", "write_heads"])
def test_a_bad_size_is_an_error_that_names_it(name):
    with pytest.raises(ValueError, match=f"^{name} must be at least 1, not 0"):
        NTMModel(3, 2, **{name: 0})
