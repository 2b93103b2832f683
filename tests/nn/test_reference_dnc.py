"""The package's DNC against the plain one of `reference_dnc`, and what must hold whatever the weights are."""

import itertools
import math

import numpy as np
import pytest
import torch
from nn import reference_dnc, reference_ntm

from mann_bench.models.dnc import DNCModel
from mann_bench.nn import DNCCell, DNCState
from mann_bench.nn.controller import LSTMState
from mann_bench.nn.dnc_memory import allocation
from mann_bench.nn.scan import scan

INPUTS, UNITS, TOLERANCE = 2, 5, 1e-9
# memory_slots, slot_width, read_heads
SIZES = [(5, 3, 1), (7, 4, 2), (13, 3, 3), (5, 4, 3), (7, 3, 4)]
SWITCHES = [
    dict(zip(("masked", "deallocation", "sharpened"), on, strict=True))
    for on in itertools.product([False, True], repeat=3)
]

over_switches = pytest.mark.parametrize(
    "switches", SWITCHES, ids=lambda on: "+".join(k for k in on if on[k]) or "plain"
)


def normal(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def uniform(*shape):
    return torch.rand(*shape, dtype=torch.float64)


def make_cell(sizes=SIZES[0], seed=0, scale=1.0, units=UNITS, **options):
    """A cell in float64 with normal weights, those of the interface times `scale`."""
    names = ("memory_slots", "slot_width", "read_heads")
    torch.manual_seed(seed)
    cell = DNCCell(INPUTS, units, **dict(zip(names, sizes, strict=True)), **options).double()
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter)
    with torch.no_grad():
        cell.interface.weight.mul_(scale)
    return cell


def random_state(cell, batch):
    """A valid state in the middle of a sequence."""
    start = cell.initial_state(batch)

    def weighting(like):
        return (2 * normal(*like.shape)).softmax(-1) * uniform(*like.shape[:-1], 1)

    link = uniform(*start.link.shape) * (1 - torch.eye(start.link.shape[-1]))
    largest_sum = torch.maximum(link.sum(-1).amax(-1), link.sum(-2).amax(-1))
    return DNCState(
        controller=tuple(
            LSTMState(normal(*layer.hidden.shape).tanh(), normal(*layer.cell.shape)) for layer in start.controller
        ),
        reads=normal(*start.reads.shape),
        read_weightings=weighting(start.read_weightings),
        write_weighting=weighting(start.write_weighting),
        usage=uniform(*start.usage.shape),
        precedence=weighting(start.precedence),
        link=link * (uniform(batch) / largest_sum)[:, None, None],
        memory=normal(*start.memory.shape),
    )


def leaves(state):
    return [*state.controller[0], *state[1:]]


def layer_of(module):
    return reference_ntm.Layer(module.weight.detach().numpy(), module.bias.detach().numpy())


def parameters_of(cell):
    return reference_dnc.Parameters(
        controller=layer_of(cell.controller.layers[0]),
        interface=layer_of(cell.interface),
        read_heads=cell.read_heads,
        clip=math.inf if cell.clip is None else cell.clip,
        masked=cell.masked,
        deallocation=cell.deallocation,
        sharpened=cell.sharpened,
    )


def sequence_of(state, b):
    """Sequence b of the state, as the reference has it."""
    return reference_dnc.State(*(part[b].detach().numpy() for part in leaves(state)))


def assert_close(actual, expected):
    for own, plain in zip(actual, expected, strict=True):
        np.testing.assert_allclose(own, plain, rtol=TOLERANCE, atol=TOLERANCE)


def compare_step(cell, batch, memory_scale=1.0):
    """Take one step from a random state and compare every number of every sequence."""
    inputs, state = normal(batch, INPUTS), random_state(cell, batch)
    state = state._replace(memory=memory_scale * state.memory)
    output, after = cell(inputs, state)
    for b in range(batch):
        expected, plain = reference_dnc.step(parameters_of(cell), sequence_of(state, b), inputs[b].numpy())
        assert_close([output[b].detach(), *sequence_of(after, b)], [expected, *plain])


@pytest.mark.parametrize("scale", [0.3, 3.0, 30.0])
@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("sizes", SIZES)
def test_a_step_is_that_of_the_reference(sizes, batch, scale):
    compare_step(make_cell(sizes, seed=batch, scale=scale), batch)


@over_switches
@pytest.mark.parametrize("scale", [0.3, 3.0, 30.0])
@pytest.mark.parametrize("sizes", SIZES[1:3])
def test_a_step_with_any_switches_is_that_of_the_reference(sizes, scale, switches):
    compare_step(make_cell(sizes, scale=scale, **switches), 3)


@pytest.mark.parametrize("clip", [0.1, 20.0, None])
def test_activations_and_interface_are_clipped_as_in_the_reference(clip):
    compare_step(make_cell(SIZES[3], scale=9.0, clip=clip), 3)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("memory_scale", [0.0, 1e-11, 1e-10, 1e-6, 1e4])
def test_a_step_with_tiny_or_huge_memory_is_that_of_the_reference(memory_scale, masked):
    compare_step(make_cell(SIZES[1], scale=3.0, masked=masked), 3, memory_scale)


@over_switches
def test_a_sequence_from_the_initial_state_is_that_of_the_reference(switches):
    cell = make_cell(SIZES[1], scale=3.0, **switches)
    inputs, state = normal(12, 1, INPUTS), sequence_of(cell.initial_state(1), 0)
    outputs, _ = scan(cell, inputs, cell.initial_state(1))
    for output, x in zip(outputs, inputs, strict=True):
        expected, state = reference_dnc.step(parameters_of(cell), state, x[0].numpy())
        assert_close([output[0].detach()], [expected])


@pytest.mark.parametrize("clip", [0.1, 20.0])
def test_the_models_logits_are_those_of_the_reference(clip):
    torch.manual_seed(0)
    model = DNCModel(INPUTS, 3, controller_size=UNITS, memory_slots=5, slot_width=3, clip=clip).double()
    state, x = random_state(model.cell, 1), normal(1, INPUTS)
    output, _ = reference_dnc.step(parameters_of(model.cell), sequence_of(state, 0), x[0].numpy())
    expected = reference_ntm.logits(layer_of(model.readout), output, clip)
    assert_close([model.step(x, state)[0][0].detach()], [expected])


def state_with_usages_apart(cell):
    """A random state in which no small change swaps two slots of the free list."""
    state = random_state(cell, 1)
    slots = state.usage.shape[-1]
    usage = torch.linspace(0.1, 0.9, slots, dtype=torch.float64)[torch.randperm(slots)]
    weightings = (state.read_weightings, state.write_weighting)
    read_weightings, write_weighting = (0.1 * weighting for weighting in weightings)
    return state._replace(usage=usage[None], read_weightings=read_weightings, write_weighting=write_weighting)


@over_switches
def test_the_gradients_of_a_step_agree_with_finite_differences(switches):
    cell = make_cell((5, 2, 2), units=2, scale=0.5, **switches)
    state = state_with_usages_apart(cell)
    names, parameters = zip(*cell.named_parameters(), strict=True)
    tensors = [t.detach().requires_grad_() for t in (normal(1, INPUTS), *leaves(state), *parameters)]

    def step(inputs, hidden, cell_state, *rest):
        own, weights = rest[: len(state) - 1], dict(zip(names, rest[len(state) - 1 :], strict=True))
        before = DNCState((LSTMState(hidden, cell_state),), *own)
        output, after = torch.func.functional_call(cell, weights, (inputs, before))
        return output, *leaves(after)

    after = cell(tensors[0], state)[1]
    assert after.usage.detach().sort().values.diff().min() > 1e-3
    assert torch.autograd.gradcheck(step, tensors)


def states_of_a_long_run(**switches):
    """The states of 50 steps of a random cell from the initial state, in the precision that models have."""
    cell = make_cell((13, 3, 3), scale=5.0, **switches).float()
    state = cell.initial_state(7)
    for _ in range(50):
        _, state = cell(5 * torch.randn(7, INPUTS), state)
        yield state


@over_switches
def test_weightings_are_never_negative_and_sum_to_one_at_most(switches):
    for state in states_of_a_long_run(**switches):
        for weighting in (state.read_weightings, state.write_weighting, state.precedence):
            assert (weighting >= 0).all()
            assert (weighting.sum(-1) <= 1 + 1e-6).all()


@over_switches
def test_links_have_no_diagonal_and_rows_and_columns_that_sum_to_one_at_most(switches):
    for state in states_of_a_long_run(**switches):
        assert (state.link.diagonal(dim1=-2, dim2=-1) == 0).all()
        assert (state.link >= 0).all()
        assert (state.link.sum(-1) <= 1 + 1e-6).all()
        assert (state.link.sum(-2) <= 1 + 1e-6).all()


@over_switches
def test_usage_stays_between_zero_and_one(switches):
    for state in states_of_a_long_run(**switches):
        assert (state.usage >= 0).all()
        assert (state.usage <= 1).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_allocation_picks_the_least_used_slot_and_of_equals_the_first(dtype):
    torch.manual_seed(0)
    usage = torch.randint(0, 4, (200, 7)).to(dtype) / 4
    for row, weighting in zip(usage.numpy(), allocation(usage), strict=True):
        assert weighting.argmax() == row.argmin() == reference_dnc.free_list(row)[0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_allocation_is_that_of_the_reference_where_usages_are_equal(dtype):
    torch.manual_seed(0)
    usage = torch.randint(0, 3, (50, 7)).to(dtype) / 2
    for row, weighting in zip(usage.numpy(), allocation(usage), strict=True):
        np.testing.assert_allclose(weighting, reference_dnc.allocation_weighting(row), atol=1e-6)


def test_an_empty_memory_is_filled_one_slot_after_the_other():
    cell = DNCCell(INPUTS, UNITS, memory_slots=5, slot_width=3).double()
    with torch.no_grad():
        cell.interface.weight.zero_()
        # Free gate, allocation gate, write gate: keep what is used, allocate, write. Read modes follow, 3 of them.
        cell.interface.bias[-6:-3] = torch.tensor([-20.0, 20.0, 20.0])
    state, filled = cell.initial_state(1), []
    for _ in range(5):
        _, state = cell(normal(1, INPUTS), state)
        assert state.write_weighting.max() > 0.99
        filled.append(state.write_weighting.argmax().item())
    assert filled[0] == 0
    assert sorted(filled) == [0, 1, 2, 3, 4]
