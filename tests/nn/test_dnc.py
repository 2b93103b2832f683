"""The DNC, beside what `test_reference_dnc` compares with a plain twin."""

import math

import pytest
import torch

from mann_bench.nn import DNC, DNCCell

SWITCHES = ["masked", "deallocation", "sharpened"]
PARTS = ["read_keys", "read_strengths", "write_key", "write_strength", "erase", "write_vector"]
PARTS += ["free_gates", "allocation_gate", "write_gate", "read_modes"]
SWITCHED = ["read_masks", "write_mask", "forward_exponents", "backward_exponents"]


def small(read_heads=2, **options):
    """A cell in float64 with weights large enough that nothing is near its start."""
    torch.manual_seed(0)
    cell = DNCCell(2, 5, memory_slots=6, slot_width=3, read_heads=read_heads, **options).double()
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter)
    return cell


def leaves(state):
    return [part for layer in state.controller for part in layer] + list(state[1:])


def after_steps(cell, inputs):
    """The outputs and the last state of a run from the initial state."""
    state, outputs = None, []
    for at_time in inputs:
        output, state = cell(at_time, state)
        outputs.append(output)
    return torch.stack(outputs), state


def assert_same(actual, expected):
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12)


def told(**values):
    """A cell whose controller tells the memory the same at every step, before the gates' functions."""
    cell = small(clip=None)
    with torch.no_grad():
        cell.interface.weight.zero_()
        biases = dict(zip(PARTS, cell.interface.bias.split(cell._interface_sizes), strict=True))
        for name, value in values.items():
            biases[name].copy_(torch.as_tensor(value).flatten().expand(biases[name].shape))
    return cell


def test_the_initial_state_is_zero():
    assert not any(part.any() for part in leaves(small().initial_state(4)))


def test_the_state_has_the_shapes_it_documents(normal):
    batch, units, heads, slots, width = 4, 5, 2, 6, 3
    _, state = small()(normal(batch, 2))
    shapes = [(units,), (units,), (heads, width), (heads, slots), (slots,), (slots,), (slots,)]
    shapes += [(slots, slots), (slots, width)]
    assert [tuple(part.shape) for part in leaves(state)] == [(batch, *shape) for shape in shapes]


def test_the_output_is_hidden_activation_beside_read_vectors(normal):
    cell = small()
    output, after = cell(normal(4, 2))
    assert cell.output_size == 5 + 2 * 3
    assert torch.equal(output, torch.cat([after.controller[-1].hidden, after.reads.flatten(1)], dim=-1))


def test_reads_see_what_the_same_step_wrote(normal):
    _, after = small()(normal(4, 2))
    assert after.reads.any()
    assert_same(after.reads, after.read_weightings @ after.memory)


@pytest.mark.parametrize("head", [0, 1])
def test_the_output_depends_on_every_read_vector_of_the_step_before(head, normal):
    cell, inputs = small(), normal(4, 2)
    _, state = after_steps(cell, normal(3, 4, 2))
    reads = state.reads.clone()
    reads[:, head] = 0
    assert not torch.equal(cell(inputs, state)[0], cell(inputs, state._replace(reads=reads))[0])


def test_the_gradient_of_a_step_reaches_the_write_of_the_step_before(normal):
    cell = small()
    first = normal(4, 2).requires_grad_()
    _, state = cell(first)
    state = state._replace(controller=tuple(type(layer)(*(p.detach() for p in layer)) for layer in state.controller))
    cell(normal(4, 2), state)[0].square().sum().backward()
    assert (first.grad.abs().sum(-1) > 0).all()


@pytest.mark.parametrize("layer", [DNC, DNCCell])
@pytest.mark.parametrize("name", ["controller_size", "memory_slots", "slot_width", "read_heads", "clip"])
@pytest.mark.parametrize("value", [0, -1])
def test_a_bad_size_is_an_error_that_names_it(layer, name, value):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        layer(2, **{name: value})


def test_a_clip_that_is_no_number_is_an_error():
    with pytest.raises(ValueError, match=r"^clip must be positive, not nan$"):
        DNCCell(2, clip=float("nan"))


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_changes_what_is_read_with_the_same_weights_otherwise(switch, normal):
    plain, switched, inputs = small(), small(**{switch: True}), normal(4, 3, 2)
    with torch.no_grad():  # what a switch adds to the interface comes last
        for own, other in zip(switched.parameters(), plain.parameters(), strict=True):
            own[: len(other)] = other
    outputs, expected = after_steps(switched, inputs)[0], after_steps(plain, inputs)[0]
    assert torch.equal(outputs[0, :, :5], expected[0, :, :5])
    assert not torch.allclose(outputs, expected)


@pytest.mark.parametrize(
    ("switches", "more"),
    [
        ([], 0),
        (["masked"], 2 * 3 + 3),
        (["deallocation"], 0),
        (["sharpened"], 2 + 2),
        (SWITCHES, 2 * 3 + 3 + 2 + 2),
    ],
)
def test_a_switch_adds_its_interface(switches, more):
    plain = 2 * 3 + 5 * 2 + 3 * 3 + 3  # R W + 5 R + 3 W + 3, as in the paper
    assert small(**dict.fromkeys(switches, True)).interface.out_features == plain + more


@pytest.mark.parametrize("on", [False, True])
def test_the_interface_has_the_parts_of_the_switches_alone(on, normal):
    interface = small(masked=on, sharpened=on).parse(normal(4, 5))
    assert all((getattr(interface, name) is not None) is on for name in SWITCHED)


def test_every_part_of_the_interface_is_in_its_range(normal):
    interface = small(masked=True, sharpened=True).parse(5 * normal(100, 5))._asdict()
    for name in ("erase", "free_gates", "allocation_gate", "write_gate", "read_masks", "write_mask"):
        assert ((interface[name] >= 0) & (interface[name] <= 1)).all()
    for name in ("read_strengths", "write_strength", "forward_exponents", "backward_exponents"):
        assert (interface[name] >= 1).all()
    assert_same(interface["read_modes"].sum(-1), torch.ones(100, 2).double())


@pytest.mark.parametrize("mode", ["backward", "content", "forward"])
def test_read_modes_are_backward_content_and_forward_in_this_order(mode, normal):
    chosen = 1e3 * torch.eye(3)[["backward", "content", "forward"].index(mode)]
    cell = told(read_modes=chosen.expand(2, 3))
    _, before = after_steps(small(clip=None), normal(5, 4, 2))
    _, after = cell(normal(4, 2), before)
    if mode == "content":
        assert_same(after.read_weightings.sum(-1), torch.ones(4, 2).double())
    else:
        link = after.link if mode == "backward" else after.link.mT
        assert_same(after.read_weightings, before.read_weightings @ link)


def test_a_closed_write_gate_leaves_memory_links_and_precedence(normal):
    _, before = after_steps(small(), normal(5, 4, 2))
    _, after = told(write_gate=-1e3)(normal(4, 2), before)
    assert not after.write_weighting.any()
    for name in ("memory", "link", "precedence"):
        assert_same(getattr(after, name), getattr(before, name))


def test_an_allocating_cell_writes_to_one_empty_slot_after_the_other(normal):
    cell = told(write_gate=1e3, allocation_gate=1e3, free_gates=-1e3, write_vector=[1.0, 2.0, 3.0])
    _, state = after_steps(cell, normal(6, 1, 2))
    expected = torch.tensor([1.0, 2.0, 3.0]).double().expand(6, 3)
    torch.testing.assert_close(state.memory[0], expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("deallocation", [False, True])
def test_deallocation_erases_what_is_freed(deallocation, normal):
    cell = told(write_gate=-1e3, free_gates=1e3)
    cell.deallocation = deallocation
    _, before = after_steps(small(), normal(5, 1, 2))
    slot = torch.eye(6).double()[2].expand(1, 2, 6)
    _, after = cell(normal(1, 2), before._replace(read_weightings=slot))
    assert after.usage[0, 2] == 0
    assert (after.memory[0, 2] == 0).all() == deallocation
    assert_same(after.memory[0, 3:], before.memory[0, 3:])


@pytest.mark.parametrize("sharpened", [False, True])
def test_before_anything_is_linked_there_is_something_to_read_by_links_only_if_they_are_sharpened(sharpened, normal):
    cell = small(sharpened=sharpened)
    output, after = cell(normal(4, 2))
    content = cell.parse(output[:, :5]).read_modes[:, :, 1]
    assert_same(after.read_weightings.sum(-1), torch.ones_like(content) if sharpened else content)


@pytest.mark.parametrize("clip", [0.05, 0.5])
def test_the_controllers_activations_are_clipped(clip, normal):
    _, state = after_steps(small(clip=clip), 10 * normal(5, 4, 2))
    assert state.controller[0].cell.abs().max() == clip
    assert state.controller[0].hidden.abs().max() <= clip


@pytest.mark.parametrize("clip", [0.05, 0.5])
def test_the_interface_is_clipped(clip, normal):
    interface = small(clip=clip).parse(10 * normal(50, 5))
    assert interface.read_keys.abs().max() == interface.write_vector.abs().max() == clip
    assert interface.write_gate.max().item() == pytest.approx(1 / (1 + math.exp(-clip)))


def test_without_clip_nothing_is_clipped(normal):
    cell = small(clip=None)
    with torch.no_grad():
        cell.controller.layers[0].bias.fill_(30.0)
    _, state = after_steps(cell, normal(40, 4, 2))
    assert state.controller[0].cell.max() > 20
    assert cell.parse(100 * normal(50, 5)).read_keys.abs().max() > 20


@pytest.mark.parametrize("switches", [{}, dict.fromkeys(SWITCHES, True)])
def test_the_gradient_reaches_every_part_of_the_interface(switches, normal):
    cell = small(**switches)
    after_steps(cell, normal(8, 4, 2))[0].square().sum().backward()
    names = PARTS + (SWITCHED if switches else [])
    gradients = dict(zip(names, cell.interface.bias.grad.split(cell._interface_sizes), strict=True))
    assert [name for name, gradient in gradients.items() if not gradient.all()] == []


def test_the_mask_of_the_links_is_no_weight():
    assert "_off_diagonal" not in small().state_dict()
