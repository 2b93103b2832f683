"""What holds for every recurrent layer: the calling convention of `torch.nn.LSTM`, and torch's tools on it."""

import inspect

import jaxtyping
import pytest
import torch
from torch import nn

from mann_bench.nn import DNC, NTM, SAM, SDNC, DNCCell, NTMCell, SAMCell, SDNCCell

KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
SIZES = {"memory_slots": 7, "slot_width": 3, "read_heads": 2}
CHANGED = {
    NTM: SIZES | {"write_heads": 3, "shift_range": 2, "memory_init": "random", "memory_trainable": False, "clip": 5.0},
    DNC: SIZES | {"masked": True, "sharpened": True, "clip": 5.0},
    SDNC: SIZES | {"neighbours": 3, "links": 2, "memory_init": "random", "clip": 5.0},
    SAM: SIZES | {"neighbours": 3, "memory_init": "random", "clip": 5.0},
}


@pytest.fixture(params=[NTM, DNC, SAM, SDNC])
def layer_class(request):
    return request.param


@pytest.fixture
def cell_class(layer_class):
    return {NTM: NTMCell, DNC: DNCCell, SAM: SAMCell, SDNC: SDNCCell}[layer_class]


@pytest.fixture
def make_layer(layer_class):
    """Build a layer of 2 inputs and 5 units in float64, with weights large enough that nothing is near its start."""

    def make(**options):
        torch.manual_seed(0)
        layer = layer_class(2, 5, **SIZES, **options).double()
        for parameter in layer.parameters():
            nn.init.normal_(parameter)
        return layer

    return make


def leaves(state):
    return [state] if isinstance(state, torch.Tensor) else [leaf for part in state for leaf in leaves(part)]


def assert_same(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


def test_outputs_have_the_steps_and_sequences_of_the_inputs(make_layer, normal):
    layer = make_layer()
    outputs, _ = layer(normal(6, 3, 2))
    assert outputs.shape == (6, 3, layer.output_size)


def test_the_output_size_is_that_of_the_controller_and_the_read_vectors(make_layer):
    assert make_layer().output_size == 5 + 2 * 3


def test_the_layer_loops_over_the_cell(make_layer, normal):
    layer, inputs = make_layer(), normal(6, 3, 2)
    state, expected = None, []
    for at_time in inputs:
        output, state = layer.cell(at_time, state)
        expected.append(output)
    outputs, last = layer(inputs)
    assert_same([outputs, *leaves(last)], [torch.stack(expected), *leaves(state)])


def test_batch_first_transposes_inputs_and_outputs_but_no_state(make_layer, normal):
    inputs = normal(6, 3, 2)
    outputs, state = make_layer(batch_first=True)(inputs.transpose(0, 1))
    expected, last = make_layer()(inputs)
    assert_same([outputs.transpose(0, 1), *leaves(state)], [expected, *leaves(last)])


def test_without_a_state_a_pass_starts_from_the_initial_state(make_layer, normal):
    layer, inputs = make_layer(), normal(6, 3, 2)
    assert torch.equal(layer(inputs)[0], layer(inputs, layer.cell.initial_state(3))[0])


def test_without_a_state_a_step_starts_from_the_initial_state(make_layer, normal):
    cell, inputs = make_layer().cell, normal(3, 2)
    assert torch.equal(cell(inputs)[0], cell(inputs, cell.initial_state(3))[0])


@pytest.mark.parametrize("batch_first", [False, True])
def test_two_parts_with_the_state_passed_on_are_one_pass(make_layer, normal, batch_first):
    layer, inputs, time = make_layer(batch_first=batch_first), normal(6, 6, 2), int(batch_first)
    first, second = inputs.split([2, 4], dim=time)
    early, state = layer(first)
    late, last = layer(second, state)
    outputs, expected = layer(inputs)
    assert_same([torch.cat([early, late], dim=time), *leaves(last)], [outputs, *leaves(expected)])


def test_the_parts_of_an_initial_state_share_no_memory(make_layer):
    starts = [leaf.data_ptr() for leaf in leaves(make_layer().cell.initial_state(3))]
    assert len(set(starts)) == len(starts)


def test_states_are_of_the_precision_of_the_layer(make_layer):
    state = leaves(make_layer().cell.initial_state(3))
    assert {leaf.dtype for leaf in state if leaf.is_floating_point()} == {torch.float64}


def test_the_layer_has_no_weights_beside_the_cells(make_layer):
    assert all(name.startswith("cell.") for name in make_layer().state_dict())


def test_the_layer_passes_every_option_on_to_its_cell(layer_class, cell_class):
    parameters = inspect.signature(cell_class).parameters
    options = {name: parameters[name].default for name in parameters if parameters[name].kind is KEYWORD_ONLY}
    options |= CHANGED[layer_class]
    torch.manual_seed(0)
    layer = layer_class(2, 5, **options)
    torch.manual_seed(0)
    cell = cell_class(2, 5, **options)
    assert_same(layer.cell.state_dict(), cell.state_dict())
    assert [n for n, _ in layer.cell.named_parameters()] == [n for n, _ in cell.named_parameters()]
    assert layer.cell.clip == cell.clip == 5.0


def test_an_unknown_option_is_an_error_that_names_it(layer_class):
    with pytest.raises(TypeError, match="'memory_slot'"):
        layer_class(2, memory_slot=5)


def test_an_exported_layer_gives_the_same_outputs(make_layer, normal):
    layer, inputs = make_layer(), normal(2, 2, 2)
    exported = torch.export.export(layer, (inputs,)).module()
    (outputs, state), (expected, last) = exported(inputs), layer(inputs)
    assert_same([outputs, *leaves(state)], [expected, *leaves(last)])


def test_an_exported_cell_goes_on_from_any_state(make_layer, normal):
    cell, inputs = make_layer().cell, normal(2, 3, 2)
    with torch.no_grad():
        start, (_, state) = cell.initial_state(3), cell(inputs[0])
        exported = torch.export.export(cell, (inputs[0], start)).module()
        assert_same(exported(inputs[1], state)[0], cell(inputs[1], state)[0])


@pytest.fixture
def unchecked(monkeypatch):
    """Leave the suite's own type checks out, which torch cannot compile and users do not have."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")  # torch looks at it on the way
def test_a_compiled_cell_gives_the_same_outputs_and_state(make_layer, normal):
    cell, inputs = make_layer().cell, normal(3, 2)
    _, state = cell(inputs)
    output, after = torch.compile(cell, backend="eager", fullgraph=True)(inputs, state)
    expected, last = cell(inputs, state)
    assert_same([output, *leaves(after)], [expected, *leaves(last)])


class Tagger(nn.Module):
    """A user's own module with a layer in the place where an LSTM was."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.readout = layer, nn.Linear(layer.output_size, 1)

    def forward(self, inputs):
        return self.readout(self.layer(inputs)[0])


def test_a_layer_learns_in_a_plain_loop_of_torch(layer_class):
    torch.manual_seed(0)
    tagger, inputs = Tagger(layer_class(1, 12, batch_first=True, **SIZES)), torch.randint(0, 2, (16, 4, 1)).float()
    targets = inputs.roll(1, dims=1) * torch.tensor([0.0, 1.0, 1.0, 1.0]).view(1, 4, 1)  # the input before
    optimizer, losses = torch.optim.Adam(tagger.parameters(), lr=0.03), []
    for _ in range(30):
        loss = nn.functional.binary_cross_entropy_with_logits(tagger(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


@pytest.mark.parametrize(
    ("batch_first", "shape", "says"),
    [
        (False, (6, 2), r"inputs must be \[T, B, 2\], not \[6, 2\]. One sequence is .* inputs.unsqueeze\(1\)"),
        (True, (6, 2), r"inputs must be \[B, T, 2\], not \[6, 2\]. One sequence is .* inputs.unsqueeze\(0\)"),
        (False, (1, 6, 3, 2), r"inputs must be \[T, B, 2\], not \[1, 6, 3, 2\]"),
        (False, (6, 3, 4), r"inputs must be \[T, B, 2\], not \[6, 3, 4\]"),
        (False, (0, 3, 2), r"at least one step; \[T, B, 2\] is \[0, 3, 2\]"),
        (True, (3, 0, 2), r"at least one step; \[B, T, 2\] is \[3, 0, 2\]"),
    ],
)
def test_inputs_of_another_shape_are_an_error_that_says_which(make_layer, unchecked, batch_first, shape, says):
    with pytest.raises(ValueError, match=says):
        make_layer(batch_first=batch_first)(torch.zeros(shape, dtype=torch.float64))


def test_what_an_unbatched_sequence_is_told_to_be_runs(make_layer, normal):
    layer = make_layer()
    assert layer(normal(6, 2).unsqueeze(1))[0].shape == (6, 1, layer.output_size)


def test_packed_sequences_are_an_error_that_says_what_to_do(make_layer, normal, unchecked):
    packed = nn.utils.rnn.pack_sequence([normal(4, 2), normal(3, 2)])
    with pytest.raises(TypeError, match=r"not a PackedSequence. Pad sequences .*pad_sequence"):
        make_layer()(packed)
