"""Outputs and gradients stay finite for 200 steps, whatever the controller says and whatever the memory holds.

The interface's bias goes where hypothesis wants it, far past the clip too; its weights are as they start.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mann_bench.nn import DNCCell, NTMCell, SAMCell, SDNCCell
from mann_bench.nn.scan import scan

STEPS, BATCH, INPUTS, UNITS, WIDTH = 200, 2, 3, 8, 4

# The parts of the interface of one NTM head: key, key strength, interpolation gate, shift weighting, sharpening.
HEAD = [WIDTH, 1, 1, 3, 1]
# Three heads, then erase and add of the one that writes.
NTM_PARTS = [*3 * HEAD, WIDTH, WIDTH]
# Two read heads: read keys and strengths, write key and strength, erase, write vector, free gates, allocation gate,
# write gate, read modes.
DNC_PARTS = [2 * WIDTH, 2, WIDTH, 1, WIDTH, WIDTH, 2, 1, 1, 6]
# Read masks, write mask; forward exponents, backward exponents.
SWITCHED_PARTS = [2 * WIDTH, WIDTH, 2, 2]
# Two heads, each with key, key strength, word, write gate, interpolation gate.
SAM_PARTS = 2 * [WIDTH, 1, WIDTH, 1, 1]
# Two read heads: keys, strengths, modes; word, write gate, interpolation gate.
SDNC_PARTS = [2 * WIDTH, 2, 6, WIDTH, 1, 1]

levels = st.sampled_from([-20.0, 0.0, 20.0]) | st.floats(-25, 25) | st.sampled_from([-1e4, 1e4])


def cases(parts):
    """What the controller says, part for part, and how large inputs and memory are."""
    return st.fixed_dictionaries(
        {
            "bias": st.tuples(*(levels for _ in parts)),
            "input_scale": st.sampled_from([0.0, 1.0, 100.0, 1e4]),
            "memory_scale": st.sampled_from([0.0, 1e-6, 1.0, 1e4]),
            "seed": st.integers(0, 2**32 - 1),
        }
    )


def over_cases(parts, examples):
    def decorate(test):
        return settings(max_examples=examples, deadline=None, derandomize=True)(given(case=cases(parts))(test))

    return decorate


def not_finite(make_cell, parts, case):
    """Run forward and backward; return the names of all that is not finite."""
    torch.manual_seed(case["seed"])
    cell = make_cell()
    bias = [torch.full((size,), level) for size, level in zip(parts, case["bias"], strict=True)]
    cell.interface.bias.data.copy_(torch.cat(bias))
    inputs = (case["input_scale"] * torch.randn(STEPS, BATCH, INPUTS)).requires_grad_()
    start = cell.initial_state(BATCH)
    memory = (case["memory_scale"] * torch.randn(start.memory.shape)).requires_grad_()
    outputs, _ = scan(cell, inputs, start._replace(memory=memory))
    outputs.square().mean().backward()
    leaves = {**dict(cell.named_parameters()), "inputs": inputs, "memory": memory}
    found = {"outputs": outputs} | {name: leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}
    return [name for name, values in found.items() if not values.isfinite().all()]


def ntm(**options):
    sizes = {"memory_slots": 16, "slot_width": WIDTH, "read_heads": 2}
    return lambda: NTMCell(INPUTS, UNITS, **(sizes | options))


def dnc(**switches):
    return lambda: DNCCell(INPUTS, UNITS, memory_slots=12, slot_width=WIDTH, read_heads=2, **switches)


@over_cases(NTM_PARTS, 8)
def test_an_ntm_stays_finite(case):
    assert not_finite(ntm(), NTM_PARTS, case) == []


@over_cases(NTM_PARTS, 4)
def test_an_ntm_with_a_feedforward_controller_stays_finite(case):
    assert not_finite(ntm(controller="feedforward"), NTM_PARTS, case) == []


@over_cases(DNC_PARTS, 6)
def test_a_dnc_stays_finite(case):
    assert not_finite(dnc(), DNC_PARTS, case) == []


@over_cases([*DNC_PARTS, *SWITCHED_PARTS], 6)
def test_a_dnc_with_all_switches_stays_finite(case):
    switches = {"masked": True, "deallocation": True, "sharpened": True}
    assert not_finite(dnc(**switches), [*DNC_PARTS, *SWITCHED_PARTS], case) == []


@over_cases(SAM_PARTS, 6)
def test_a_sam_stays_finite(case):
    sizes = {"memory_slots": 12, "slot_width": WIDTH, "read_heads": 2, "neighbours": 3}
    assert not_finite(lambda: SAMCell(INPUTS, UNITS, **sizes), SAM_PARTS, case) == []


@over_cases(SDNC_PARTS, 6)
def test_an_sdnc_stays_finite(case):
    sizes = {"memory_slots": 12, "slot_width": WIDTH, "read_heads": 2, "neighbours": 3, "links": 4}
    assert not_finite(lambda: SDNCCell(INPUTS, UNITS, **sizes), SDNC_PARTS, case) == []


# Content addressing that tells no slot from another, then the sharpest power: 128**-21 is no float32.
BLURRED = [0.0, -20.0, 20.0, 0.0, 20.0]
CASE = {"bias": [*2 * BLURRED, 0.0, 0.0], "input_scale": 1.0, "memory_scale": 1.0, "seed": 0}


@pytest.mark.parametrize("memory_slots", [128, 256])
def test_sharpening_as_a_power_does_not_stay_finite_where_log_space_does(memory_slots):
    parts, sizes = [*2 * HEAD, WIDTH, WIDTH], {"memory_slots": memory_slots, "read_heads": 1}
    assert not_finite(ntm(**sizes, sharpening="log"), parts, CASE) == []
    assert "interface.weight" in not_finite(ntm(**sizes, sharpening="power"), parts, CASE)
