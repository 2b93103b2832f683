"""The SDNC, against a dense twin, and what its links must do."""

import pytest
import torch
from nn.dense_sdnc import dense_state, dense_step

from mann_bench.nn import SDNC, SDNCCell, sparse_links
from mann_bench.nn.dnc_memory import precedence
from mann_bench.nn.scan import scan
from mann_bench.nn.sparse import SparseWeighting

# memory_slots, slot_width, read_heads, neighbours, links
SIZES = [(12, 3, 1, 2, 1), (12, 4, 2, 3, 3), (5, 3, 3, 4, 8), (30, 3, 4, 4, 8), (4, 2, 4, 4, 2)]


def make_cell(sizes=SIZES[1], memory_init="random", **options):
    """A cell in float64 with normal weights."""
    names = ("memory_slots", "slot_width", "read_heads", "neighbours", "links")
    torch.manual_seed(0)
    cell = SDNCCell(2, 5, memory_init=memory_init, **dict(zip(names, sizes, strict=True)), **options).double()
    for parameter in cell.parameters():
        torch.nn.init.normal_(parameter)
    return cell


def weighting(slots, weights):
    return SparseWeighting(torch.tensor([[slots]]), torch.tensor([[weights]], dtype=torch.float64))


@pytest.mark.parametrize("memory_init", ["learned", "random"])
@pytest.mark.parametrize("sizes", SIZES)
def test_outputs_and_gradients_are_those_of_the_dense_twin(sizes, memory_init, normal):
    cell, inputs = make_cell(sizes, memory_init), normal(10, 3, 2).requires_grad_()
    outputs, _ = scan(cell, inputs, cell.initial_state(3))
    start = dense_state(cell.initial_state(3), cell.memory_slots)
    expected, _ = scan(lambda x, state: dense_step(cell, x, state), inputs, start)
    probe, leaves = normal(*outputs.shape), [inputs, *cell.parameters()]
    torch.testing.assert_close(outputs, expected, rtol=1e-10, atol=1e-12)
    own, dense = (torch.autograd.grad((each * probe).sum(), leaves) for each in (outputs, expected))
    for one, other in zip(own, dense, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-10 * float(other.abs().max()))


@pytest.mark.parametrize("sizes", SIZES)
def test_the_state_is_that_of_the_dense_twin(sizes, normal):
    cell, inputs = make_cell(sizes), normal(12, 3, 2)
    _, last = scan(cell, inputs, cell.initial_state(3))
    start = dense_state(cell.initial_state(3), cell.memory_slots)
    _, expected = scan(lambda x, state: dense_step(cell, x, state), inputs, start)
    for own, other in zip(dense_state(last, cell.memory_slots)[1:], expected[1:], strict=True):
        torch.testing.assert_close(own, other, rtol=1e-9, atol=1e-10)


def test_a_slot_listed_twice_is_kept_once_and_of_equals_the_first():
    found = sparse_links.strongest(weighting([5, 2, 5, 1, 7], [0.125, 0.25, 0.125, 0.25, 0.125]), 3)
    assert found.slots.tolist() == [[[1, 2, 5]]]
    torch.testing.assert_close(found.weights, weighting([0] * 3, [0.25, 0.25, 0.25]).weights)


def test_links_lead_from_slot_to_slot_in_the_order_of_writing_and_back():
    links = sparse_links.no_links(torch.zeros(1).double(), 1, 6, 2)
    for slot in (3, 1, 4):
        links = sparse_links.linked(links, weighting([slot], [1.0]), 6)
    at = weighting([1], [1.0])
    assert sparse_links.followed(links.successors, at).dense(6).tolist() == [[[0, 0, 0, 0, 1, 0]]]
    assert sparse_links.followed(links.predecessors, at).dense(6).tolist() == [[[0, 0, 0, 1, 0, 0]]]


def test_with_as_many_links_as_slots_the_precedence_is_that_of_the_dnc(normal):
    links, expected = sparse_links.no_links(torch.zeros(1).double(), 1, 6, 6), torch.zeros(1, 6).double()
    for _ in range(5):
        weights = 0.8 * normal(1, 1, 6).softmax(-1)
        links = sparse_links.linked(links, SparseWeighting(torch.arange(6).expand(1, 1, 6), weights), 6)
        expected = precedence(expected, weights[0])
    torch.testing.assert_close(links.precedence.dense(6)[0], expected)


def test_what_is_kept_for_backward_does_not_grow_with_the_slots(normal):
    def kept(slots):
        saved = {}

        def pack(tensor):
            saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            scan(cell := make_cell((slots, 3, 2, 2, 3)), inputs, cell.initial_state(3))
        return sum(storage.nbytes() for storage in saved.values())

    inputs = normal(6, 3, 2)
    assert kept(5000) == kept(50)


def test_the_gradient_reaches_every_part_of_the_interface(normal):
    cell = make_cell()
    scan(cell, normal(8, 3, 2), cell.initial_state(3))[0].square().sum().backward()
    assert cell.interface.bias.grad.all()


@pytest.mark.parametrize("layer", [SDNC, SDNCCell])
@pytest.mark.parametrize("name", ["memory_slots", "slot_width", "read_heads", "neighbours", "links", "clip"])
def test_a_bad_size_is_an_error_that_names_it(layer, name):
    with pytest.raises(ValueError, match=f"^{name} must be"):
        layer(2, **{name: 0})


def test_more_neighbours_than_slots_are_an_error():
    with pytest.raises(ValueError, match=r"^neighbours must be at most memory_slots, 8, not 9$"):
        SDNCCell(2, memory_slots=8, neighbours=9)
