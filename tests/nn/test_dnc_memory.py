import pytest
import torch

from mann_bench.nn.dnc_memory import allocation, precedence, retention, temporal_link, usage

OFF_DIAGONAL = 1 - torch.eye(3, dtype=torch.float64)


def row(*values):
    return torch.tensor([values], dtype=torch.float64)


def one_hot(slot):
    return torch.eye(3, dtype=torch.float64)[slot : slot + 1]


def assert_same(actual, expected, tolerance=1e-12):
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=tolerance)


def test_retention_is_the_product_over_heads_of_what_each_leaves():
    weightings = torch.tensor([[[0.5, 0.25, 0.0], [1.0, 0.0, 0.5]]], dtype=torch.float64)
    assert_same(retention(row(1.0, 0.5), weightings), row(0.5 * 0.5, 0.75 * 1.0, 1.0 * 0.75))


def test_closed_free_gates_retain_everything():
    assert_same(retention(row(0.0, 0.0), torch.rand(1, 2, 3).double()), row(1.0, 1.0, 1.0))


def test_an_open_free_gate_frees_the_slot_that_is_read():
    assert_same(retention(row(1.0), one_hot(1).unsqueeze(0)), row(1.0, 0.0, 1.0))


def test_usage_grows_by_what_is_written_to_the_unused_part():
    assert_same(usage(row(0.0, 0.5, 1.0), row(0.5, 0.5, 0.5), row(1.0, 1.0, 1.0)), row(0.5, 0.75, 1.0))


def test_usage_falls_by_what_is_freed():
    assert_same(usage(row(1.0, 1.0, 0.5), row(0.0, 0.0, 0.5), row(1.0, 0.0, 0.5)), row(1.0, 0.0, 0.375))


def test_allocation_by_hand():
    expected = row(0.2 * 0.3, 0.7, 0.1 * 0.3 * 0.8)  # in the order of rising usage: slots 1, 0, 2
    assert_same(allocation(row(0.8, 0.3, 0.9)), expected, tolerance=2e-6)


@pytest.mark.parametrize("slot", [0, 1, 2])
def test_an_unused_slot_is_allocated_alone(slot):
    assert_same(allocation(1 - one_hot(slot)), one_hot(slot), tolerance=2e-6)


@pytest.mark.parametrize("slots", [3, 128])
def test_of_equally_unused_slots_the_first_is_allocated(slots):
    weighting = allocation(torch.zeros(2, slots))
    assert (weighting.argmax(-1) == 0).all()
    assert_same(weighting.sum(-1), torch.ones(2), tolerance=2e-6)


def test_a_slot_index_decides_between_equals_among_others():
    assert_same(allocation(row(0.5, 0.25, 0.25)), row(0.03125, 0.75, 0.1875), tolerance=2e-6)


def test_of_two_slots_the_less_used_gets_more():
    torch.manual_seed(0)
    used = torch.rand(50, 9)
    assert (allocation(used).gather(-1, used.argsort(-1)).diff(dim=-1) < 0).all()


@pytest.mark.parametrize("largest", [1e-9, 0.5, 1.0])
def test_an_allocation_is_not_negative_and_sums_to_one_at_most(largest):
    torch.manual_seed(0)
    weighting = allocation(largest * torch.rand(50, 64))
    assert (weighting >= 0).all()
    assert (weighting.sum(-1) <= 1 + 1e-6).all()


def test_a_full_memory_allocates_nothing():
    assert not allocation(torch.ones(2, 64)).any()


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5])
def test_the_gradient_of_an_allocation_is_finite_and_reaches_the_usage(value):
    used = torch.full((2, 128), value, requires_grad=True)
    (allocation(used) * torch.arange(128.0)).sum().backward()
    assert used.grad.isfinite().all()
    assert used.grad.any()


def test_the_gradient_of_an_allocation_is_finite_where_usage_vanishes():
    torch.manual_seed(0)
    used = (10 ** (-45 * torch.rand(20, 128))).requires_grad_()
    (allocation(used) * torch.arange(128.0)).sum().backward()
    assert used.grad.isfinite().all()


def written(*slots):
    """The links and the precedence after writing fully to one slot after the other."""
    link, last = torch.zeros(1, 3, 3, dtype=torch.float64), torch.zeros(1, 3, dtype=torch.float64)
    for slot in slots:
        link = temporal_link(link, one_hot(slot), last, OFF_DIAGONAL)
        last = precedence(last, one_hot(slot))
    return link[0], last


def entries(link):
    return [tuple(place) for place in link.nonzero().tolist()]


@pytest.mark.parametrize(
    ("slots", "links"),
    [
        ([2], []),
        ([2, 0], [(0, 2)]),
        ([2, 0, 1], [(0, 2), (1, 0)]),
        ([2, 0, 2], [(2, 0)]),  # slot 2 is no longer the one before slot 0
        ([0, 1, 2, 1], [(1, 2)]),  # nor is slot 1 the one after slot 0
        ([0, 0], []),
    ],
)
def test_a_link_leads_from_each_slot_to_the_one_written_next(slots, links):
    link, _ = written(*slots)
    assert entries(link) == links
    assert set(link.flatten().tolist()) <= {0.0, 1.0}


def test_links_lead_forward_and_back_through_the_order_of_writing():
    link, _ = written(2, 0, 1)
    first = one_hot(2)
    assert_same(first @ link.mT, one_hot(0))
    assert_same(first @ link.mT @ link.mT, one_hot(1))
    assert_same(one_hot(1) @ link, one_hot(0))


def test_a_link_by_hand():
    previous = torch.tensor([[[0.0, 0.2, 0.1], [0.3, 0.0, 0.2], [0.1, 0.4, 0.0]]], dtype=torch.float64)
    expected = [
        [0.0, (1 - 0.5 - 0.2) * 0.2 + 0.5 * 0.3, (1 - 0.5 - 0.1) * 0.1 + 0.5 * 0.1],
        [(1 - 0.2 - 0.5) * 0.3 + 0.2 * 0.6, 0.0, (1 - 0.2 - 0.1) * 0.2 + 0.2 * 0.1],
        [(1 - 0.1 - 0.5) * 0.1 + 0.1 * 0.6, (1 - 0.1 - 0.2) * 0.4 + 0.1 * 0.3, 0.0],
    ]
    link = temporal_link(previous, row(0.5, 0.2, 0.1), row(0.6, 0.3, 0.1), OFF_DIAGONAL)
    assert_same(link[0].tolist(), expected)


def test_no_slot_is_linked_to_itself():
    torch.manual_seed(0)
    weighting, last = torch.rand(2, 5, 3).double().softmax(-1)
    link = temporal_link(torch.rand(5, 3, 3).double(), weighting, last, OFF_DIAGONAL)
    assert not link.diagonal(dim1=1, dim2=2).any()


def test_without_a_write_links_and_precedence_stay():
    link, last = written(2, 0, 1)
    nothing = torch.zeros_like(last)
    assert_same(temporal_link(link.unsqueeze(0), nothing, last, OFF_DIAGONAL)[0], link)
    assert_same(precedence(last, nothing), last)


def test_precedence_is_what_was_written_last():
    assert_same(written(2, 0, 1)[1], one_hot(1))


def test_precedence_keeps_what_a_partial_write_leaves():
    assert_same(precedence(row(0.5, 0.25, 0.0), row(0.0, 0.25, 0.5)), row(0.125, 0.3125, 0.5))
