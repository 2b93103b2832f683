"""The native DNC against its plain twin: `dnc_sequence` equals `scan` over a `DNCCell`."""

import shutil
import statistics
from collections import defaultdict
from typing import NamedTuple

import pytest
import torch

from mann_bench.native import dnc as native
from mann_bench.native.dnc import dnc_outputs, dnc_sequence, problem_of
from mann_bench.nn.controller import LSTMState
from mann_bench.nn.dnc import DNCCell, DNCState
from mann_bench.nn.scan import scan

pytestmark = pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++", "c++"))), reason="needs a C++ compiler")

INPUTS = 3

# Every entry is compiled once, which takes seconds.
SIZES = {
    "tiny": {"controller_size": 5, "memory_slots": 7, "slot_width": 3, "read_heads": 2},
    "usual": {"controller_size": 20, "memory_slots": 128, "slot_width": 20, "read_heads": 1},
    "unclipped": {"controller_size": 17, "memory_slots": 33, "slot_width": 5, "read_heads": 3, "clip": None},
    "links stored at every other step": {"controller_size": 7, "memory_slots": 150, "slot_width": 3, "read_heads": 2},
    "clipping": {"controller_size": 9, "memory_slots": 16, "slot_width": 4, "read_heads": 4, "clip": 0.5},
}
SWITCHES = ("masked", "deallocation", "sharpened")
SIZES |= {
    "masked": SIZES["tiny"] | {"masked": True},
    "deallocation": SIZES["unclipped"] | {"deallocation": True},
    "sharpened": SIZES["clipping"] | {"sharpened": True},
    "switched": SIZES["links stored at every other step"] | dict.fromkeys(SWITCHES, True),
}


def make_cell(sizes="tiny", dtype=torch.float32, seed=0):
    """Return a cell with weights large enough for gates to open and close."""
    torch.manual_seed(seed)
    cell = DNCCell(INPUTS, **SIZES[sizes])
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.mul_(2).add_(0.1 * torch.randn_like(parameter))
    return cell.to(dtype)


def make_inputs(steps, batch, seed=0):
    return torch.randn(steps, batch, INPUTS, generator=torch.Generator().manual_seed(seed))


def make_state(cell, batch, seed=0):
    """Return a state as in the midst of a sequence, its usages well apart: float32 and float64 sort them alike."""
    generator = torch.Generator().manual_seed(seed)
    slots, heads, width, units = cell.memory_slots, cell.read_heads, cell.slot_width, cell.controller_size

    def uniform(*shape):
        return torch.rand(batch, *shape, generator=generator) - 0.5

    def weighting(*shape):
        return 0.9 * (10 * uniform(*shape, slots)).softmax(-1)

    order = torch.stack([torch.randperm(slots, generator=generator) for _ in range(batch)])
    return DNCState(
        controller=(LSTMState(uniform(units), uniform(units)),),
        reads=uniform(heads, width),
        read_weightings=weighting(heads),
        write_weighting=weighting(),
        usage=(order + 0.5) / slots,
        precedence=weighting(),
        link=weighting(slots) * (1 - torch.eye(slots)),
        memory=uniform(slots, width),
    )


def tensors(state):
    return [*state.controller[0], *state[1:]]


def from_tensors(parts):
    return DNCState((LSTMState(*parts[:2]),), *parts[2:])


class Results(NamedTuple):
    values: list
    gradients: list


def run(sequence, cell, inputs, state, weigh=("outputs", "state")):
    """Return outputs and last state, and the gradients of inputs, state and parameters of a random functional."""
    dtype = cell.interface.weight.dtype
    leaves = [t.detach().to(dtype).requires_grad_() for t in (inputs, *tensors(state))]
    outputs, end = sequence(cell, leaves[0], from_tensors(leaves[1:]))
    generator = torch.Generator().manual_seed(1)
    values = [outputs, *tensors(end)]
    coefficients = [torch.randn(value.shape, generator=generator).to(dtype) for value in values]
    chosen = slice("outputs" not in weigh, None if "state" in weigh else 1)
    loss = sum((value * c).sum() for value, c in zip(values[chosen], coefficients[chosen], strict=True))
    gradients = torch.autograd.grad(loss, [*leaves, *cell.parameters()], allow_unused=True, materialize_grads=True)
    return Results([value.detach() for value in values], list(gradients))


def relative_error(result, reference):
    return ((result.double() - reference).norm() / reference.norm().clamp_min(1e-12)).item()


def assert_as_exact_as_eager(sizes, steps, batch, floor=1e-6, **options):
    """Compare with float64, where the error may be twice that of eager float32.

    Where two usages come close to each other, a rounding decides which slot is written, and all that follows
    differs: hence the median over seeds.
    """
    errors = defaultdict(list)
    for seed in range(5):
        cell, exact_cell = make_cell(sizes, seed=seed), make_cell(sizes, torch.float64, seed=seed)
        inputs, state = make_inputs(steps, batch, seed), make_state(cell, batch, seed)
        exact = run(scan, exact_cell, inputs, state, **options)
        eager, ours = run(scan, cell, inputs, state, **options), run(dnc_sequence, cell, inputs, state, **options)
        for kind in Results._fields:
            parts = zip(getattr(eager, kind), getattr(ours, kind), getattr(exact, kind), strict=True)
            for number, (a, b, reference) in enumerate(parts):
                errors[kind, number].append((relative_error(a, reference), relative_error(b, reference)))
    for name, pairs in errors.items():
        expected, error = (statistics.median(each) for each in zip(*pairs, strict=True))
        assert error <= 2 * expected + floor, name


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("steps", "batch"), [(1, 1), (5, 7), (5, 29), (41, 7)])
def test_values_and_gradients_equal_the_cell(sizes, steps, batch):
    assert_as_exact_as_eager(sizes, steps, batch)


@pytest.mark.parametrize(("sizes", "steps"), [("unclipped", 120), ("tiny", 241)])
def test_long_sequences_equal_the_cell(sizes, steps):
    assert_as_exact_as_eager(sizes, steps, batch=2, floor=1e-5)


@pytest.mark.parametrize("weigh", ["outputs", "state"])
def test_outputs_or_last_state_alone_may_have_a_gradient(weigh):
    assert_as_exact_as_eager("tiny", 5, 7, weigh=[weigh])


@pytest.mark.parametrize("sizes", ["usual", "switched"])
def test_start_from_an_empty_memory_equals_the_cell(sizes):
    cell = make_cell(sizes)
    inputs, state = make_inputs(12, 3), cell.initial_state(3)
    eager, ours = (run(sequence, cell, inputs, state, ["outputs"]) for sequence in (scan, dnc_sequence))
    torch.testing.assert_close(ours.values[0], eager.values[0], rtol=1e-4, atol=1e-5)
    for result, expected in zip(ours.gradients[-4:], eager.gradients[-4:], strict=True):
        assert relative_error(result, expected.double()) < 1e-4


def test_two_forwards_before_the_backwards():
    cell = make_cell()
    state = make_state(cell, 7)
    sequences = [make_inputs(6, 7, seed) for seed in (0, 1)]
    alone = [run(dnc_sequence, cell, inputs, state, ["outputs"]).gradients[-1] for inputs in sequences]
    outputs = [dnc_sequence(cell, inputs, state)[0] for inputs in sequences]
    weights = torch.randn(outputs[0].shape, generator=torch.Generator().manual_seed(1))
    together = [torch.autograd.grad((out * weights).sum(), cell.interface.bias)[0] for out in outputs]
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


@pytest.mark.parametrize("sizes", ["tiny", "switched"])
@pytest.mark.parametrize("threads", [1, 2])
def test_two_runs_give_the_same_bytes_whatever_the_threads(threads, sizes):
    cell = make_cell(sizes)
    inputs, state = make_inputs(9, 29), make_state(cell, 29)
    first = run(dnc_sequence, cell, inputs, state)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        second = run(dnc_sequence, cell, inputs, state)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for kind in range(2) for a, b in zip(first[kind], second[kind], strict=True))


def test_a_sequence_does_not_depend_on_its_batch():
    cell = make_cell()
    inputs, state = make_inputs(9, 7), make_state(cell, 7)
    together, _ = dnc_sequence(cell, inputs, state)
    alone, _ = dnc_sequence(cell, inputs[:, 5:6], from_tensors([part[5:6] for part in tensors(state)]))
    torch.testing.assert_close(alone, together[:, 5:6], rtol=0, atol=0)


@pytest.mark.parametrize("sizes", ["tiny", "switched"])
def test_without_gradients_the_values_are_the_same(sizes):
    cell = make_cell(sizes)
    inputs, state = make_inputs(9, 7), make_state(cell, 7)
    kept = [t.detach() for t in (dnc_sequence(cell, inputs, state)[0], *tensors(dnc_sequence(cell, inputs, state)[1]))]
    with torch.no_grad():
        outputs, end = dnc_sequence(cell, inputs, state)
    assert all(torch.equal(a, b) for a, b in zip(kept, (outputs, *tensors(end)), strict=True))


@pytest.mark.parametrize("sizes", ["tiny", "switched"])
def test_sequences_can_be_cut(sizes):
    cell = make_cell(sizes)
    inputs, state = make_inputs(9, 7), make_state(cell, 7)
    whole, _ = dnc_sequence(cell, inputs, state)
    first, between = dnc_sequence(cell, inputs[:4], state)
    second, _ = dnc_sequence(cell, inputs[4:], between)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=0)


def test_a_state_of_one_sequence_stands_for_that_of_all():
    cell, inputs = make_cell(), make_inputs(5, 7)
    outputs, gradients = [], []
    for shared in (True, False):
        start = [part.requires_grad_() for part in tensors(make_state(cell, 1))]
        state = from_tensors(start if shared else [part.expand(7, *part.shape[1:]) for part in start])
        outputs.append(dnc_outputs(cell, inputs, state) if shared else dnc_sequence(cell, inputs, state)[0])
        gradients.append(torch.autograd.grad(outputs[-1].square().sum(), [*start, *cell.parameters()]))
    assert torch.equal(*outputs)
    assert all(torch.equal(ours, expected) for ours, expected in zip(*gradients, strict=True))


def test_a_state_of_one_sequence_need_not_be_differentiated():
    cell, inputs, results = make_cell(), make_inputs(5, 7), []
    for count in (1, 7):
        outputs = dnc_outputs(cell, inputs, cell.initial_state(count))
        results.append([outputs, *torch.autograd.grad(outputs.square().sum(), list(cell.parameters()))])
    assert all(torch.equal(ours, expected) for ours, expected in zip(*results, strict=True))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_inputs_that_are_not_finite_show_in_the_outputs(value):
    cell = make_cell()
    inputs = make_inputs(5, 7)
    inputs[1, 3, 0] = value
    outputs, _ = dnc_sequence(cell, inputs, cell.initial_state(7))
    expected, _ = scan(cell, inputs, cell.initial_state(7))
    assert outputs[:, :3].isfinite().all()
    assert torch.equal(outputs[:, 3].isfinite(), expected[:, 3].isfinite())


@pytest.mark.parametrize("sizes", ["tiny", "switched"])
def test_every_interface_weight_that_is_not_a_number_shows_in_the_outputs(sizes):
    cell = make_cell(sizes)
    inputs, state = make_inputs(2, 1), make_state(cell, 1)
    for row in range(cell.interface.out_features):
        broken = make_cell(sizes)
        broken.interface.bias.detach()[row] = float("nan")
        assert dnc_sequence(broken, inputs, state)[0][:, :, -cell.slot_width :].isnan().any(), row


def test_the_operator_keeps_the_contract_of_torch_library():
    cell = make_cell()
    leaves = [t.requires_grad_() for t in (make_inputs(3, 2), *tensors(make_state(cell, 2)))]
    arguments = (leaves[0], *native._weights(cell), *leaves[1:], list(native._sizes(cell)), 20.0, True, True)
    # Not the comparison of all outputs under torch.compile: padding on the tape is never set.
    tests = ("test_schema", "test_autograd_registration", "test_faketensor")
    torch.library.opcheck(torch.ops.mann_bench.dnc_forward, arguments, test_utils=tests)


def test_it_can_be_part_of_a_compiled_graph():
    cell = make_cell()
    constants = (*native._weights(cell), *tensors(make_state(cell, 3)), list(native._sizes(cell)), 20.0, True, True)

    def graph(inputs):
        return native._sequence(2 * inputs, *constants)[0].square().sum()

    ours, expected = make_inputs(4, 3).requires_grad_(), make_inputs(4, 3).requires_grad_()
    torch.compile(graph, backend="aot_eager", fullgraph=True)(ours).backward()
    graph(expected).backward()
    assert torch.equal(ours.grad, expected.grad)


def test_a_second_derivative_is_an_error():
    cell = make_cell()
    outputs, _ = dnc_sequence(cell, make_inputs(3, 2), make_state(cell, 2))
    weight = cell.interface.weight
    (gradient,) = torch.autograd.grad(outputs.square().sum(), weight, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


@pytest.mark.parametrize("sizes", SIZES)
def test_a_cell_that_is_supported(sizes):
    assert problem_of(make_cell(sizes)) is None


def test_double_precision_is_not_supported():
    assert "float64" in problem_of(make_cell().double())


def test_other_devices_are_not_supported():
    assert "meta" in problem_of(make_cell().to("meta"))


def test_a_state_of_another_shape_is_refused():
    cell = make_cell()
    with pytest.raises(ValueError, match=r"hidden must have shape \(7, 5\)"):
        dnc_sequence(cell, make_inputs(3, 7), cell.initial_state(6))


def test_no_time_steps_are_refused():
    cell = make_cell()
    with pytest.raises(ValueError, match="at least one time step"):
        dnc_sequence(cell, make_inputs(0, 7), cell.initial_state(7))
