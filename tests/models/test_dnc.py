import math

import pytest
import torch

from mann_bench.models.dnc import DNCModel


def small(**options):
    torch.manual_seed(0)
    return DNCModel(3, 2, **({"controller_size": 8, "memory_slots": 6, "slot_width": 4} | options))


def test_the_copy_dnc_has_the_parameters_of_the_papers_equations():
    controller = 4 * 100 * (9 + 20 + 100 + 1)
    interface = (20 + 3 * 20 + 5 * 1 + 3) * (100 + 1)  # R W + 3 W + 5 R + 3 outputs
    readout = 8 * (100 + 20 + 1)
    assert sum(p.numel() for p in DNCModel(9, 8).parameters()) == controller + interface + readout


def test_state_bytes_are_counted():
    floats = 2 * 8 + 2 * 4 + 2 * 6 + 6 + 6 + 6 + 6 * 6 + 6 * 4
    # LSTM, read vectors, read weightings, write weighting, usage, precedence, links, memory
    assert small(read_heads=2).state_bytes() == 4 * floats


def test_state_bytes_follow_the_precision():
    assert small().double().state_bytes() == 2 * small().state_bytes()


@pytest.mark.parametrize("head", [0, 1])
def test_logits_depend_on_the_read_vectors_of_the_step_before(draw, head):
    model = small(read_heads=2)
    first, second = draw(2, 4)
    _, state = model.step(first, model.initial_state(4))
    reads = state.reads.clone()
    reads[:, head] = 0
    logits, changed = (model.step(second, each)[0] for each in (state, state._replace(reads=reads)))
    assert not torch.equal(logits, changed)


@pytest.mark.parametrize("part", ["read_weightings", "write_weighting", "usage", "precedence", "link", "memory"])
def test_logits_depend_on_every_part_of_the_state(draw, part):
    model = small().double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(5)
    *before, last = draw(5, 4).double()
    state = model.initial_state(4)
    for inputs in before:
        _, state = model.step(inputs, state)
    changed = state._replace(**{part: 0.5 * getattr(state, part)})
    assert not torch.equal(model.step(last, state)[0], model.step(last, changed)[0])


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
    model = DNCModel(9, 8)
    assert model.readout.weight.abs().max() <= 2 / math.sqrt(120)
    assert not model.readout.bias.any()


def test_options_reach_the_cell():
    options = {"controller_size": 7, "memory_slots": 9, "slot_width": 4, "read_heads": 2, "clip": 5.0}
    cell = DNCModel(3, 2, **options, masked=True, deallocation=True, sharpened=True).cell
    assert {name: getattr(cell, name) for name in options} == options
    assert (cell.masked, cell.deallocation, cell.sharpened) == (True, True, True)


def test_switches_are_off_by_default():
    cell = DNCModel(3, 2).cell
    assert (cell.masked, cell.deallocation, cell.sharpened) == (False, False, False)


@pytest.mark.parametrize("name", ["memory_slots", "slot_width", "controller_size", "read_heads"])
def test_a_bad_size_is_an_error_that_names_it(name):
    with pytest.raises(ValueError, match=f"^{name} must be at least 1, not 0"):
        DNCModel(3, 2, **{name: 0})
