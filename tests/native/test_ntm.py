import copy
import statistics
from collections import defaultdict

import pytest
import torch

from mann_bench.native import memory, ntm
from mann_bench.native.ntm import ntm_outputs, ntm_sequence, problem_of
from mann_bench.native.recurrence import _library
from mann_bench.nn import NTMCell
from mann_bench.nn.scan import scan

# Each set of sizes costs a compilation of some seconds.
DEFAULT_LIKE = {"input_size": 3, "controller_size": 20}
ODD = {"input_size": 2, "controller_size": 5, "memory_slots": 7, "slot_width": 3, "read_heads": 3, "write_heads": 4}
UNCLIPPED = {"input_size": 1, "controller_size": 33, "memory_slots": 200, "slot_width": 40, "read_heads": 2}
UNCLIPPED |= {"shift_range": 2, "clip": None}
CLIPPED_HARD = {"input_size": 4, "controller_size": 17, "memory_slots": 9, "slot_width": 4, "read_heads": 4}
CLIPPED_HARD |= {"write_heads": 2, "shift_range": 0, "clip": 0.1}
FEEDFORWARD = DEFAULT_LIKE | {"controller": "feedforward"}
ODD_FEEDFORWARD = ODD | {"controller": "feedforward"}
TWO_LAYERS = DEFAULT_LIKE | {"controller_layers": 2}
ODD_LAYERS = ODD | {"controller_layers": 3}
ODD_FEEDFORWARD_LAYERS = ODD_FEEDFORWARD | {"controller_layers": 3}
POWER = DEFAULT_LIKE | {"sharpening": "power"}
CONTENT = DEFAULT_LIKE | {"addressing": "content"}
# From equal rows, the parts of the memory's gradient nearly cancel: float32 leaves four digits, eager as well.
ODD_CONTENT = ODD | {"addressing": "content", "memory_init": "random"}
OF_EVERY_KIND = [ODD, ODD_FEEDFORWARD, ODD_LAYERS, ODD_FEEDFORWARD_LAYERS, ODD_CONTENT]


def cell_of(sizes, seed=0, **options):
    torch.manual_seed(seed)
    return NTMCell(**(sizes | options))


def relative_error(actual, expected):
    return ((actual - expected).norm() / expected.norm().clamp_min(1e-30)).item()


@pytest.fixture
def compare(bits, differentiate):
    """Return a function that asserts, for every tensor, an error of at most twice that of eager float32.

    Both are measured against float64; the floor is a few roundings. Sequences of dozens of steps multiply one
    rounding by chance as often as another, so the median over seeds decides.
    """

    def check(sizes, steps, batch, change=lambda cell: None, **options):
        errors = defaultdict(list)
        for seed in range(10, 21):
            cell, inputs = cell_of(sizes, seed, **options), bits(steps, batch, sizes["input_size"], seed=seed)
            change(cell)
            exact = differentiate(scan, cell, inputs, torch.float64)
            eager, native = differentiate(scan, cell, inputs), differentiate(ntm_sequence, cell, inputs)
            for name, expected in exact.items():
                errors[name].append((relative_error(native[name], expected), relative_error(eager[name], expected)))
        for name, pairs in errors.items():
            native, eager = (statistics.median(each) for each in zip(*pairs, strict=True))
            assert native <= 2 * eager + 5e-7, name

    return check


@pytest.mark.parametrize(
    ("sizes", "steps", "batch"),
    [
        (DEFAULT_LIKE, 1, 1),
        (DEFAULT_LIKE, 41, 29),
        (DEFAULT_LIKE, 241, 2),
        (ODD, 5, 7),
        (ODD, 120, 1),
        (UNCLIPPED, 41, 7),
        (CLIPPED_HARD, 41, 29),
        (FEEDFORWARD, 1, 1),
        (FEEDFORWARD, 41, 29),
        (FEEDFORWARD, 241, 2),
        (ODD_FEEDFORWARD, 5, 7),
        (CLIPPED_HARD | {"controller": "feedforward"}, 41, 29),
        (POWER, 41, 29),
        (UNCLIPPED | {"sharpening": "power"}, 41, 7),
        (ODD | {"sharpening": "power"}, 5, 7),
        (TWO_LAYERS, 41, 29),
        (TWO_LAYERS | {"controller": "feedforward"}, 41, 29),
        (ODD_LAYERS, 1, 1),
        (ODD_LAYERS, 40, 7),
        (ODD_FEEDFORWARD_LAYERS, 5, 37),
        (CONTENT, 1, 1),
        (CONTENT, 41, 29),
        (CONTENT, 241, 2),
        (ODD_CONTENT, 5, 37),
        (ODD_FEEDFORWARD_LAYERS | {"addressing": "content"}, 40, 7),
        (UNCLIPPED | {"addressing": "content"}, 41, 7),
        (CLIPPED_HARD | {"addressing": "content"}, 41, 29),
    ],
)
def test_outputs_and_gradients_are_those_of_the_plain_twin(sizes, steps, batch, compare):
    compare(sizes, steps, batch, memory_init="random")


@pytest.mark.parametrize("memory_init", ["constant", "learned"])
@pytest.mark.parametrize("sizes", [DEFAULT_LIKE, CONTENT])
def test_it_agrees_from_a_memory_of_nearly_equal_rows(sizes, memory_init, compare):
    compare(sizes, 20, 3, memory_init=memory_init)


@torch.no_grad()
def enlarge_interface(cell):
    cell.interface.weight.mul_(10)
    cell.interface.bias.add_(10)


@pytest.mark.parametrize("sizes", [DEFAULT_LIKE, POWER])
def test_it_agrees_where_weightings_are_sharp(sizes, compare, differentiate, bits):
    cell = cell_of(sizes, memory_init="random")
    enlarge_interface(cell)
    assert differentiate(scan, cell, bits(10, 3, 3))["weightings"].amax() > 0.9
    compare(sizes, 3, 29, enlarge_interface, memory_init="random")


def test_it_agrees_where_content_alone_is_sharp(compare):
    compare(CONTENT, 3, 29, enlarge_interface, memory_init="random")


# Powers of 1/128, subnormal from 18 on, underflow beyond 21.4; gradients overflow before that, PyTorch's as well.
@pytest.mark.parametrize(
    ("sharpening", "outputs", "gradients"), [(17, True, True), (21, True, False), (22, False, False)]
)
def test_sharpening_as_a_power_fails_where_the_plain_twin_does(sharpening, outputs, gradients, bits, differentiate):
    cell = cell_of(POWER, clip=None, memory_init="random")
    with torch.no_grad():
        head = torch.zeros(2, cell.slot_width + 6)
        head[:, cell.slot_width :] = torch.tensor([-50.0, 30, 0, 0, 0, sharpening - 1])  # content alone, and all alike
        cell.interface.weight.zero_()
        cell.interface.bias.zero_()[: head.numel()] = head.flatten()
    for recurrence in (scan, ntm_sequence):
        made = differentiate(recurrence, cell, bits(2, 3, 3))
        assert made["outputs"].isfinite().all() == outputs, recurrence
        assert made["gradient of interface.bias"].isfinite().all() == gradients, recurrence


@torch.no_grad()
def clear_memory(cell):
    cell.initial_memory.zero_()


def test_it_agrees_from_a_memory_of_zeros(compare):
    compare(DEFAULT_LIKE, 1, 3, clear_memory)


@pytest.mark.parametrize("sizes", OF_EVERY_KIND)
def test_learned_initial_states_train_through_it(sizes, bits):
    gradients = []
    for recurrence, cell in ((scan, cell_of(sizes).double()), (ntm_sequence, cell_of(sizes))):
        dtype = cell.initial_memory.dtype
        outputs, _ = recurrence(cell, bits(5, 7, 2).to(dtype), cell.initial_state(7))
        outputs.square().sum().backward()
        gradients.append({name: parameter.grad.double() for name, parameter in cell.named_parameters()})
    exact, native = gradients
    assert all(relative_error(native[name], exact[name]) < 1e-5 for name in exact)


@pytest.mark.parametrize("sizes", OF_EVERY_KIND)
def test_a_state_of_one_sequence_stands_for_that_of_all(sizes, bits):
    cell, inputs = cell_of(sizes), bits(5, 37, 2)  # in three groups
    outputs, gradients = [], []
    for run, state in ((ntm_outputs, cell.initial_state(1)), (ntm_sequence, cell.initial_state(37))):
        made = run(cell, inputs, state)
        outputs.append(made if run is ntm_outputs else made[0])
        gradients.append(torch.autograd.grad(outputs[-1].square().sum(), list(cell.parameters())))
    assert torch.equal(*outputs)
    for shared, expanded in zip(*gradients, strict=True):
        torch.testing.assert_close(shared, expanded, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("sizes", OF_EVERY_KIND)
def test_two_halves_with_the_state_passed_on_are_one_pass(sizes, bits):
    cell, inputs = cell_of(sizes), bits(10, 3, 2)
    outputs, end = ntm_sequence(cell, inputs, cell.initial_state(3))
    early, middle = ntm_sequence(cell, inputs[:4], cell.initial_state(3))
    late, last = ntm_sequence(cell, inputs[4:], middle)
    assert torch.equal(torch.cat([early, late]), outputs)
    assert torch.equal(last.memory, end.memory)
    gradients = [
        torch.autograd.grad(o.sum(), cell.controller.layers[0].weight)[0] for o in (outputs, torch.cat([early, late]))
    ]
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-6)


def test_two_forwards_before_a_backward_do_not_disturb_each_other(bits):
    cell = cell_of(ODD)
    alone = []
    for seed in (0, 1):
        outputs, _ = ntm_sequence(cell, bits(5, 7, 2, seed=seed), cell.initial_state(7))
        alone.append(torch.autograd.grad(outputs.square().sum(), cell.controller.layers[0].weight)[0])
    both = [ntm_sequence(cell, bits(5, 7, 2, seed=seed), cell.initial_state(7))[0] for seed in (0, 1)]
    together = [torch.autograd.grad(outputs.square().sum(), cell.controller.layers[0].weight)[0] for outputs in both]
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def test_without_gradients_the_outputs_are_the_same(bits):
    cell, inputs = cell_of(ODD), bits(9, 7, 2)
    outputs, end = ntm_sequence(cell, inputs, cell.initial_state(7))
    with torch.inference_mode():
        inferred, last = ntm_sequence(cell, inputs, cell.initial_state(7))
    assert torch.equal(inferred, outputs)
    assert torch.equal(last.memory, end.memory)
    assert torch.equal(last.weightings, end.weightings)


def test_inputs_and_states_of_any_strides_are_taken(bits):
    cell, inputs = cell_of(ODD), bits(7, 9, 2)
    expected, _ = ntm_sequence(cell, inputs.transpose(0, 1).contiguous(), cell.initial_state(7))
    outputs, _ = ntm_sequence(cell, inputs.transpose(0, 1), cell.initial_state(7))
    assert torch.equal(outputs, expected)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_call_gives_the_same_bits_on_any_number_of_threads(threads, bits, differentiate):
    cell, inputs = cell_of(ODD), bits(9, 70, 2)
    expected = differentiate(ntm_sequence, cell, inputs)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        again = differentiate(ntm_sequence, cell, inputs)
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(again[name], expected[name]) for name in expected)


@pytest.mark.parametrize(
    "name", ["controller.layers.0.weight", "interface.weight", "initial_memory", "initial_weightings"]
)
def test_nan_in_a_parameter_shows_in_the_outputs(name, bits):
    cell = cell_of(ODD)
    with torch.no_grad():
        cell.get_parameter(name).view(-1)[1] = torch.nan
    outputs, _ = ntm_sequence(cell, bits(9, 3, 2), cell.initial_state(3))
    assert not outputs[-1].isfinite().all()


def test_nan_in_one_sequence_stays_there(bits):
    cell, inputs = cell_of(ODD), bits(9, 3, 2)
    expected, _ = ntm_sequence(cell, inputs, cell.initial_state(3))
    inputs[4, 1, 0] = torch.nan
    outputs, _ = ntm_sequence(cell, inputs, cell.initial_state(3))
    assert outputs[4:, 1].isnan().all()
    assert torch.equal(outputs[:4], expected[:4])
    assert torch.equal(outputs[:, [0, 2]], expected[:, [0, 2]])


def test_a_tape_holds_less_than_half_of_what_the_steps_make():
    sizes = ntm._sizes(cell := cell_of(DEFAULT_LIKE))
    made = 7 * cell.controller_size + 2 * cell.interface.out_features + 9 * 128 + 128 * 20  # floats
    assert ntm.NTM.tape_bytes(sizes, cell.clip, 640, 32, True) / (640 * 32) < 4 * made / 2


@pytest.mark.parametrize("sizes", OF_EVERY_KIND)
def test_the_operators_keep_torchs_contract(sizes, bits, monkeypatch):
    # A tape's padding is never written, and would differ from call to call.
    monkeypatch.setattr(memory, "tape", lambda library, size: torch.zeros(size, dtype=torch.uint8))
    cell, inputs = cell_of(sizes), bits(3, 2, 2).requires_grad_()
    state = [part.detach().clone().requires_grad_() for part in ntm._to_tensors(cell.initial_state(2))]
    weights = [weight.detach().requires_grad_() for weight in ntm._weights(cell)]
    arguments = [inputs, *weights, *state, ntm._sizes(cell), 20.0, True, True]
    torch.library.opcheck(torch.ops.mann_bench.ntm_forward, arguments)


def test_it_can_be_part_of_a_compiled_graph(bits):
    cell = cell_of(ODD)
    start = [part.detach() for part in ntm._to_tensors(cell.initial_state(2))]
    constants = (*ntm._weights(cell), *start, ntm._sizes(cell), 20.0, True, True)

    def graph(inputs):
        return ntm._sequence(2 * inputs, *constants)[0].square().sum()

    ours, expected = bits(3, 2, 2).requires_grad_(), bits(3, 2, 2).requires_grad_()
    torch.compile(graph, backend="aot_eager", fullgraph=True)(ours).backward()
    graph(expected).backward()
    assert torch.equal(ours.grad, expected.grad)


def test_a_second_derivative_is_an_error(bits):
    cell = cell_of(ODD)
    outputs, _ = ntm_sequence(cell, bits(3, 2, 2), cell.initial_state(2))
    weight = cell.interface.weight
    (gradient,) = torch.autograd.grad(outputs.square().sum(), weight, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        gradient.sum().backward()


def test_differentiating_what_kept_no_tape_is_an_error(bits):
    cell = cell_of(ODD)
    arguments = [bits(3, 2, 2), *ntm._weights(cell), *ntm._to_tensors(cell.initial_state(2)), ntm._sizes(cell)]
    outputs = ntm._sequence(*arguments, 20.0, False, True)[0]
    with pytest.raises(RuntimeError, match="keep_tape"):
        outputs.sum().backward()


@pytest.mark.parametrize("sizes", OF_EVERY_KIND)
def test_a_cell_in_float32_on_the_cpu_is_supported(sizes):
    assert problem_of(cell_of(sizes)) is None


def test_a_cell_in_float64_is_not_supported():
    assert "float64" in problem_of(cell_of(ODD).double())


def test_a_subclass_is_not_supported():
    class Other(NTMCell):
        pass

    assert "NTMCell" in problem_of(Other(2))


@pytest.mark.parametrize("name", ["hidden", "cell", "reads", "weightings", "memory"])
def test_a_state_of_the_wrong_shape_is_an_error_that_names_it(name, bits):
    cell = cell_of(ODD)
    state = cell.initial_state(2)
    parts = {"hidden": 0, "cell": 1, "reads": 2, "weightings": 3, "memory": 4}
    tensors = ntm._to_tensors(state)
    tensors[parts[name]] = tensors[parts[name]][:1]
    with pytest.raises(ValueError, match=f"^{name} must have shape"):
        ntm_sequence(cell, bits(3, 2, 2), ntm._to_state(cell, tensors))


def test_inputs_in_float64_are_an_error(bits):
    cell = cell_of(ODD)
    with pytest.raises(ValueError, match="float32"):
        ntm_sequence(cell, bits(3, 2, 2).double(), cell.initial_state(2))


def test_a_sequence_of_no_steps_is_an_error():
    cell = cell_of(ODD)
    with pytest.raises(ValueError, match="at least one time step"):
        ntm_sequence(cell, torch.zeros(0, 2, 2), cell.initial_state(2))


def test_options_without_effect_need_no_compilation_of_their_own():
    cells = [cell_of(ODD_CONTENT), cell_of(ODD_CONTENT, shift_range=2, sharpening="power")]
    assert ntm._sizes(cells[0]) == ntm._sizes(cells[1])


def test_a_copied_cell_needs_no_compilation_of_its_own(bits):
    cell = cell_of(ODD)
    ntm_sequence(cell, bits(1, 1, 2), cell.initial_state(1))
    before = _library.cache_info().misses
    other = copy.deepcopy(cell)
    ntm_sequence(other, bits(1, 1, 2), other.initial_state(1))
    assert _library.cache_info().misses == before


def test_memories_too_large_for_the_stack_are_computed_with(bits):
    cell = cell_of({"input_size": 1, "controller_size": 2, "memory_slots": 400_000, "slot_width": 1})
    outputs, _ = ntm_sequence(cell, bits(2, 1, 1), cell.initial_state(1))
    expected, _ = scan(cell, bits(2, 1, 1), cell.initial_state(1))
    torch.testing.assert_close(outputs, expected)
    gradient, plain = (torch.autograd.grad(each.sum(), cell.interface.weight)[0] for each in (outputs, expected))
    torch.testing.assert_close(gradient, plain, rtol=1e-3, atol=1e-6)
