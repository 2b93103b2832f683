"""The native recurrences of sparse memories against their plain twins, and what backward leaves behind."""

import copy
import math
import statistics
from collections import defaultdict

import pytest
import torch

from mann_bench.native import arguments, memory, sam, sdnc, sparse
from mann_bench.native.sparse import SPARSE
from mann_bench.nn import SAMCell, SDNCCell
from mann_bench.nn.scan import scan
from mann_bench.nn.sparse import SparseWeighting

KINDS = {"sam": (SAMCell, sam, sam.sam_sequence), "sdnc": (SDNCCell, sdnc, sdnc.sdnc_sequence)}

# Each set of sizes costs a compilation of some seconds.
DEFAULT_LIKE = {"controller_size": 20, "memory_slots": 130, "slot_width": 20, "read_heads": 4, "neighbours": 4}
ODD = {"controller_size": 5, "memory_slots": 11, "slot_width": 3, "read_heads": 2, "neighbours": 3}
WHOLE = {"controller_size": 9, "memory_slots": 5, "slot_width": 4, "read_heads": 5, "neighbours": 5}
WIDE = {"controller_size": 33, "memory_slots": 200, "slot_width": 40, "read_heads": 9, "neighbours": 2, "clip": None}
ONE = {"controller_size": 4, "memory_slots": 37, "slot_width": 16, "read_heads": 1, "neighbours": 1, "clip": 0.1}
MANY = {"controller_size": 5, "memory_slots": 1500, "slot_width": 6, "read_heads": 3, "neighbours": 4}
kinds = pytest.mark.parametrize("kind", KINDS)
NO_BUCKETS = torch.empty(0, dtype=torch.uint8)


def cell_of(kind, sizes, seed=0, memory_init="random"):
    """A cell whose rows differ: of equally good slots, rounding would choose one here and another one there."""
    torch.manual_seed(seed)
    return KINDS[kind][0](3, memory_init=memory_init, **sizes, **({"links": 3} if kind == "sdnc" else {}))


def sequence_of(kind):
    return KINDS[kind][2]


def state_of(kind, tensors):
    return KINDS[kind][1]._to_state(tensors)


def names_of(kind, cell):
    return [part.name for part in KINDS[kind][1]._sizes(cell).state(1)]


def start_of(kind, cell, batch, aged=False):
    """The tensors of a first state, each of them alone; where they are aged, slots were accessed at other times."""
    tensors = [part.detach().clone() for part in arguments.tensors_of(cell.initial_state(batch))]
    if aged:
        tensors[5] = torch.randint(4, tensors[5].shape, generator=torch.Generator().manual_seed(2))
    return tensors


def relative_error(actual, expected):
    return ((actual - expected).norm() / expected.norm().clamp_min(1e-30)).item()


def differentiate(kind, recurrence, cell, inputs, dtype=torch.float32, aged=False):
    """Run and differentiate a random function of all that is returned: results and gradients by name, in float64."""
    cell, inputs = copy.deepcopy(cell).to(dtype), inputs.to(dtype).requires_grad_()
    start = start_of(kind, cell, inputs.shape[1], aged)
    leaves = {name: part for name, part in cell.named_parameters() if not name.startswith("memory_start")}
    names = names_of(kind, cell)
    smooth = {name: part.requires_grad_() for name, part in zip(names, start, strict=True) if name in DIFFERENTIABLE}
    leaves |= {"inputs": inputs} | {f"first {name}": part for name, part in smooth.items()}
    outputs, end = recurrence(cell, inputs, state_of(kind, start))
    results = {"outputs": outputs} | dict(zip(names, arguments.tensors_of(end), strict=True))
    for name, weights in LINKS.items() if kind == "sdnc" else ():
        results[name] = SparseWeighting(results[name], results.pop(weights)).dense(cell.memory_slots)
    generator = torch.Generator().manual_seed(1)
    used = [part for name, part in results.items() if name == "outputs" or name in DIFFERENTIABLE]
    loss = sum((part * torch.randn(part.shape, generator=generator).to(dtype)).sum() for part in used)
    gradients = torch.autograd.grad(loss, list(leaves.values()))
    made = results | {f"gradient of {name}": part for name, part in zip(leaves, gradients, strict=True)}
    return {name: part.detach().double() for name, part in made.items()}


LINKS = {"predecessors": "predecessor weights", "successors": "successor weights", "precedence": "precedence weights"}
DIFFERENTIABLE = {"hidden", "cell", "reads", "read weights", "memory"}


@pytest.mark.parametrize("aged", [False, True])
@pytest.mark.parametrize(
    ("sizes", "steps", "batch"),
    [(DEFAULT_LIKE, 1, 1), (DEFAULT_LIKE, 25, 9), (ODD, 7, 5), (WHOLE, 6, 3), (WIDE, 9, 4), (ONE, 12, 6), (MANY, 8, 6)],
)
@kinds
def test_outputs_states_and_gradients_are_those_of_the_plain_twin(kind, sizes, steps, batch, aged, bits):
    errors = defaultdict(list)
    for seed in range(10, 17):
        cell, inputs = cell_of(kind, sizes, seed), bits(steps, batch, 3, seed=seed)
        exact = differentiate(kind, scan, cell, inputs, torch.float64, aged)
        eager = differentiate(kind, scan, cell, inputs, aged=aged)
        native = differentiate(kind, sequence_of(kind), cell, inputs, aged=aged)
        for name, expected in exact.items():
            errors[name].append((relative_error(native[name], expected), relative_error(eager[name], expected)))
    # A gradient that cancels, such as that of keys with one neighbour, has no digits in either.
    for name, pairs in errors.items():
        ours, plain = (statistics.median(each) for each in zip(*pairs, strict=True))
        assert ours <= 4 * plain + 1e-6, name


def test_a_slot_that_links_outweighed_once_is_found_again():
    torch.manual_seed(8)  # with these draws a later key leads to such a slot
    cell = SDNCCell(3, memory_init="random", links=3, **ODD)
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter)
    inputs, state = torch.randint(2, (30, 4, 3)).float(), cell.initial_state(4)
    with torch.no_grad():
        native, plain = (recurrence(cell, inputs, state)[0] for recurrence in (sdnc.sdnc_sequence, scan))
    torch.testing.assert_close(native, plain, rtol=0, atol=1e-3)


def approximate(kind, **sizes):
    torch.manual_seed(0)
    cell = KINDS[kind][0](3, memory_init="random", index="approximate", **(MANY | sizes))
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter)
    return cell


@kinds
def test_an_approximate_search_finds_and_differentiates_as_the_plain_twin_does(kind, bits):
    cell, inputs = approximate(kind), bits(30, 6, 3)
    native, plain = (each(cell, inputs, cell.initial_state(n))[0] for each, n in ((sequence_of(kind), 1), (scan, 6)))
    torch.testing.assert_close(native, plain, rtol=0, atol=1e-5)
    own, other = (torch.autograd.grad(each.square().sum(), list(cell.parameters())) for each in (native, plain))
    assert max(map(relative_error, own, other)) < 1e-5


@kinds
def test_an_approximate_search_misses_slots_that_an_exact_one_finds(kind, bits):
    cell, inputs = approximate(kind), bits(30, 6, 3)
    found = sequence_of(kind)(cell, inputs, cell.initial_state(1))[0]
    copied = cell.initial_state(1)._replace(memory=cell.initial_state(1).memory.clone())  # no buckets are known of it
    assert not torch.allclose(sequence_of(kind)(cell, inputs, copied)[0], found, atol=1e-3)


@kinds
def test_an_approximate_search_follows_new_weights(kind, bits):
    cell, inputs = approximate(kind), bits(9, 6, 3)
    before = sequence_of(kind)(cell, inputs, cell.initial_state(1))[0]
    cell.memory_start.raw.mul_(-1)
    after, plain = (each(cell, inputs, cell.initial_state(n))[0] for each, n in ((sequence_of(kind), 1), (scan, 6)))
    assert not torch.allclose(before, after, atol=1e-3)
    torch.testing.assert_close(after, plain, rtol=0, atol=1e-5)


@kinds
def test_backward_undoes_the_writes_bit_for_bit(kind, bits):
    cell, inputs = cell_of(kind, DEFAULT_LIKE), bits(25, 9, 3)
    module, start = KINDS[kind][1], start_of(kind, cell, 9)
    sizes = module._sizes(cell)
    *_, end, tape = sparse.forward(inputs, arguments.weights_of(cell), start, NO_BUCKETS, sizes, cell.clip, True, True)
    before = start[-1]
    assert not torch.equal(end, before)
    assert SPARSE.library(sizes, cell.clip).sparse_undo(arguments.pointer(tape), arguments.pointer(end), 25, 9) == 0
    assert torch.equal(end, before)


@kinds
def test_a_tape_can_be_differentiated_through_twice(kind, bits):
    cell = cell_of(kind, ODD)
    outputs, _ = sequence_of(kind)(cell, bits(7, 5, 3), cell.initial_state(5))
    first, second = (
        torch.autograd.grad(outputs.square().sum(), list(cell.parameters()), retain_graph=True) for _ in range(2)
    )
    assert all(map(torch.equal, first, second))


@pytest.mark.parametrize("memory_init", ["learned", "constant"])
@kinds
def test_a_state_of_one_sequence_stands_for_that_of_all(kind, memory_init, bits):
    cell, inputs = cell_of(kind, ODD, memory_init=memory_init), bits(5, 11, 3)
    outputs, gradients = [], []
    for state in (cell.initial_state(1), state_of(kind, [part.clone() for part in expanded(cell, 11)])):
        outputs.append(sequence_of(kind)(cell, inputs, state)[0])
        gradients.append(torch.autograd.grad(outputs[-1].square().sum(), list(cell.parameters())))
    assert torch.equal(*outputs)
    for shared, own in zip(*gradients, strict=True):
        torch.testing.assert_close(shared, own, rtol=1e-5, atol=1e-6)


def expanded(cell, batch):
    return [part.expand(batch, *part.shape[1:]) for part in arguments.tensors_of(cell.initial_state(1))]


@kinds
def test_the_gradients_of_a_last_memory_reach_a_shared_start(kind, bits):
    cell, inputs = cell_of(kind, ODD, memory_init="learned"), bits(5, 6, 3)
    gradients = []
    for state in (cell.initial_state(1), cell.initial_state(6)):
        memory = sequence_of(kind)(cell, inputs, state)[1].memory
        gradients.append(
            torch.autograd.grad(
                (memory * torch.linspace(0, 1, memory.numel()).view_as(memory)).sum(), cell.memory_start.raw
            )[0]
        )
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-6)


@kinds
def test_two_halves_with_the_state_passed_on_are_one_pass(kind, bits):
    cell, inputs = cell_of(kind, ODD), bits(20, 3, 3)
    outputs, end = sequence_of(kind)(cell, inputs, cell.initial_state(3))
    early, middle = sequence_of(kind)(cell, inputs[:9], cell.initial_state(3))
    late, last = sequence_of(kind)(cell, inputs[9:], middle)
    halves = torch.cat([early, late])
    close = {"rtol": 0, "atol": 0} if kind == "sam" else {}  # links fade by products, in whose order roundings differ
    torch.testing.assert_close(halves, outputs, **close)
    torch.testing.assert_close(last.memory, end.memory, **close)
    assert torch.equal(last.age, end.age)
    for one, other in zip(last.links, end.links, strict=True) if kind == "sdnc" else ():
        torch.testing.assert_close(one.dense(11), other.dense(11))
    gradients = [torch.autograd.grad(each.sum(), cell.interface.weight)[0] for each in (outputs, halves)]
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-6)


@kinds
def test_equal_slots_are_read_in_the_order_of_their_numbers(kind, bits):
    sizes = ODD | {"memory_slots": 70}
    cell = cell_of(kind, sizes, memory_init="constant")
    for state in (cell.initial_state(2), state_of(kind, start_of(kind, cell, 2))):  # alike by its strides, or not
        _, last = sequence_of(kind)(cell, bits(1, 2, 3), state)
        _, expected = scan(cell, bits(1, 2, 3), cell.initial_state(2))
        assert torch.equal(last.read_weighting.slots, expected.read_weighting.slots)


@kinds
def test_a_memory_of_equal_rows_takes_the_shortcut_to_the_same_bits(kind, bits):
    cell, inputs = cell_of(kind, ODD | {"memory_slots": 70}, memory_init="constant"), bits(6, 5, 3)
    tensors = start_of(kind, cell, 5)
    alike = list(tensors)
    alike[5], alike[-1] = tensors[5][:, :1].expand(-1, 70), tensors[-1][:, :1].expand(-1, 70, -1)
    short, long = (sequence_of(kind)(cell, inputs, state_of(kind, each)) for each in (alike, tensors))
    assert torch.equal(short[0], long[0])
    assert all(map(torch.equal, arguments.tensors_of(short[1]), arguments.tensors_of(long[1])))


@kinds
def test_many_slots_that_are_almost_equally_good_are_told_apart(kind, bits):
    cell, inputs = cell_of(kind, MANY), bits(6, 5, 3)
    with torch.no_grad():
        cell.memory_start.raw.mul_(1e-3).add_(torch.linspace(-1, 1, 6))
        for parameter in cell.parameters():
            parameter.mul_(2)
    native, plain = (run(cell, inputs, cell.initial_state(5)) for run in (sequence_of(kind), scan))
    exact = scan(cell.double(), inputs.double(), cell.initial_state(5))
    assert relative_error(native[0].double(), exact[0]) <= 4 * relative_error(plain[0].double(), exact[0]) + 1e-6


@kinds
def test_without_gradients_the_outputs_are_the_same(kind, bits):
    cell, inputs = cell_of(kind, ODD), bits(9, 7, 3)
    outputs, end = sequence_of(kind)(cell, inputs, cell.initial_state(7))
    with torch.inference_mode():
        inferred, last = sequence_of(kind)(cell, inputs, cell.initial_state(7))
    assert torch.equal(inferred, outputs)
    assert torch.equal(last.memory, end.memory)


@kinds
def test_inputs_and_states_of_any_strides_are_taken(kind, bits):
    cell, inputs = cell_of(kind, ODD), bits(7, 9, 3)
    expected, _ = sequence_of(kind)(cell, inputs.transpose(0, 1).contiguous(), cell.initial_state(7))
    outputs, _ = sequence_of(kind)(cell, inputs.transpose(0, 1), cell.initial_state(7))
    assert torch.equal(outputs, expected)


@kinds
def test_the_same_call_gives_the_same_bits_on_any_number_of_threads(kind, bits):
    cell, inputs, made = cell_of(kind, ODD), bits(9, 30, 3), []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            made.append(differentiate(kind, sequence_of(kind), cell, inputs))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(made[0][name], made[1][name]) for name in made[0])


@kinds
def test_nan_in_one_sequence_stays_there(kind, bits):
    cell, inputs = cell_of(kind, ODD), bits(9, 3, 3)
    expected, _ = sequence_of(kind)(cell, inputs, cell.initial_state(3))
    inputs[4, 1, 0] = math.nan
    outputs, _ = sequence_of(kind)(cell, inputs, cell.initial_state(3))
    assert outputs[4:, 1].isnan().all()
    assert torch.equal(outputs[:4], expected[:4])
    assert torch.equal(outputs[:, [0, 2]], expected[:, [0, 2]])


@pytest.mark.parametrize("name", ["controller.layers.0.weight", "interface.weight", "memory_start.raw"])
@kinds
def test_nan_in_all_of_a_parameter_shows_in_the_outputs(kind, name, bits):
    cell = cell_of(kind, ODD, memory_init="learned")
    with torch.no_grad():
        cell.get_parameter(name).fill_(math.nan)
    outputs, _ = sequence_of(kind)(cell, bits(9, 3, 3), cell.initial_state(3))
    assert not outputs[-1].isfinite().all()


@kinds
def test_what_is_kept_for_backward_does_not_grow_with_the_slots(kind):
    kept = []
    for slots in (4096, 2**20):
        sizes = KINDS[kind][1]._sizes(cell_of(kind, ODD, memory_init="constant"))._replace(memory_slots=slots)
        kept.append(SPARSE.tape_bytes(sizes, 20.0, 100, 8, True))
    assert kept[0] == kept[1] < 2**24


@kinds
def test_the_operators_keep_torchs_contract(kind, bits, monkeypatch):
    # A tape's padding is never written, and would differ from call to call.
    monkeypatch.setattr(memory, "tape", lambda library, size: torch.zeros(size, dtype=torch.uint8))
    cell, inputs, module = cell_of(kind, ODD), bits(3, 2, 3).requires_grad_(), KINDS[kind][1]
    start = [p.requires_grad_() if p.is_floating_point() else p for p in start_of(kind, cell, 2)]
    weights = [weight.detach().requires_grad_() for weight in arguments.weights_of(cell)]
    given = [inputs, *weights, *start, NO_BUCKETS, module._sizes(cell), 20.0, True, True]
    torch.library.opcheck(getattr(torch.ops.mann_bench, f"{kind}_forward"), given)


@kinds
def test_it_can_be_part_of_a_compiled_graph(kind, bits):
    cell, module = cell_of(kind, ODD), KINDS[kind][1]
    weights = [weight.detach() for weight in arguments.weights_of(cell)]
    constants = (*weights, *start_of(kind, cell, 2), NO_BUCKETS, module._sizes(cell), 20.0, True, True)

    def graph(inputs):
        return module._sequence(2 * inputs, *constants)[0].square().sum()

    ours, expected = bits(3, 2, 3).requires_grad_(), bits(3, 2, 3).requires_grad_()
    torch.compile(graph, backend="aot_eager", fullgraph=True)(ours).backward()
    graph(expected).backward()
    assert torch.equal(ours.grad, expected.grad)


@kinds
def test_differentiating_what_kept_no_tape_is_an_error(kind, bits):
    cell, module = cell_of(kind, ODD), KINDS[kind][1]
    given = [bits(3, 2, 3), *arguments.weights_of(cell), *start_of(kind, cell, 2), NO_BUCKETS, module._sizes(cell)]
    outputs = module._sequence(*given, 20.0, False, True)[0]
    with pytest.raises(RuntimeError, match="keep_tape"):
        outputs.sum().backward()


@kinds
def test_a_cell_in_float32_on_the_cpu_is_supported_and_others_are_not(kind):
    cell = cell_of(kind, ODD)

    class Other(KINDS[kind][0]):
        pass

    problem_of = KINDS[kind][1].problem_of
    assert problem_of(cell) is None
    assert "float64" in problem_of(cell.double())
    assert KINDS[kind][0].__name__ in problem_of(Other(2))


@kinds
def test_a_state_of_the_wrong_shape_or_kind_is_an_error_that_names_it(kind, bits):
    cell = cell_of(kind, ODD)
    for place, name in enumerate(names_of(kind, cell)):
        tensors = start_of(kind, cell, 2)
        tensors[place] = tensors[place][:1]
        with pytest.raises(ValueError, match=f"^{name} must have shape"):
            sequence_of(kind)(cell, bits(3, 2, 3), state_of(kind, tensors))
        tensors[place] = start_of(kind, cell, 2)[place].half()
        with pytest.raises(ValueError, match=f"^{name} must be (int64|float32)"):
            sequence_of(kind)(cell, bits(3, 2, 3), state_of(kind, tensors))


@pytest.mark.parametrize("slot", [-1, 11])
@kinds
def test_a_slot_that_the_memory_does_not_have_is_an_error(kind, slot, bits):
    cell = cell_of(kind, ODD)
    tensors = start_of(kind, cell, 2)
    tensors[3][1, 0, 1] = slot
    with pytest.raises(ValueError, match=r"^read slots must be from 0 to 10"):
        sequence_of(kind)(cell, bits(3, 2, 3), state_of(kind, tensors))
