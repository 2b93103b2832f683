import weakref
from functools import partial

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from mann_bench.nn import DNCCell, NTMCell
from mann_bench.nn.scan import recompute, scan


@pytest.fixture(params=[NTMCell, DNCCell])
def cell(request):
    torch.manual_seed(0)
    return request.param(2, 5, memory_slots=4, slot_width=3, read_heads=2)


def recomputing_scan(step, inputs, state):
    return recompute(partial(scan, step), inputs, state)


def leaves(state):
    return [state] if isinstance(state, torch.Tensor) else [leaf for part in state for leaf in leaves(part)]


def passed(run, cell, inputs):
    """The outputs and the last state of a pass, and the gradients of both in inputs and weights."""
    cell.zero_grad()
    inputs = inputs.clone().requires_grad_()
    outputs, last = run(cell, inputs, cell.initial_state(inputs.shape[1]))
    results = [outputs, *leaves(last)]
    sum(result.square().sum() for result in results).backward()
    return [*results, inputs.grad, *(parameter.grad.clone() for parameter in cell.parameters())]


def bytes_kept(run, cell, steps):
    """What a forward pass allocates and does not free again."""
    inputs, start = torch.zeros(steps, 50, 2), cell.initial_state(50)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        held = run(cell, inputs, start)
    del held
    return sum(event.self_cpu_memory_usage for event in profiled.key_averages())


def test_a_scan_feeds_time_steps_in_order_and_returns_every_output_and_the_last_state():
    inputs = torch.tensor([1.0, 10.0, 100.0]).view(3, 1, 1).expand(3, 2, 1)
    outputs, state = scan(lambda x, total: (2 * total + x, total + x), inputs, torch.zeros(2, 1))
    assert outputs[:, 0, 0].tolist() == [1.0, 12.0, 122.0]
    assert state.tolist() == [[111.0], [111.0]]


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_without_gradients_outputs_and_state_are_the_same_to_the_bit(cell, steps):
    inputs = torch.randn(steps, 3, 2)
    outputs, state = scan(cell, inputs, cell.initial_state(3))
    with torch.inference_mode():
        plain, last = scan(cell, inputs, cell.initial_state(3))
    assert torch.equal(outputs, plain)
    assert all(torch.equal(one, other) for one, other in zip(leaves(state), leaves(last), strict=True))


def test_without_gradients_no_output_is_kept_beside_the_result():
    made, alive = [], []

    def step(x, state):
        output = x + state
        alive.append(sum(each() is not None for each in made))
        made.append(weakref.ref(output))
        return output, state

    with torch.no_grad():
        scan(step, torch.zeros(9, 2, 3), torch.zeros(2, 3))
    assert max(alive) <= 1


@pytest.mark.parametrize("steps", [1, 2, 7, 10])
def test_recomputing_changes_no_bit_of_outputs_state_and_gradients(cell, steps):
    inputs = torch.randn(steps, 3, 2)
    kept, recomputed = passed(scan, cell, inputs), passed(recomputing_scan, cell, inputs)
    assert all(torch.equal(one, other) for one, other in zip(kept, recomputed, strict=True))


def test_recomputing_draws_the_same_random_numbers_again():
    def noisy(x, total):
        total = total * torch.rand_like(x)
        return total, total

    gradients = []
    for run in (scan, recomputing_scan):
        torch.manual_seed(0)
        start = torch.ones(3, 1, requires_grad=True)
        run(noisy, torch.zeros(7, 3, 1), start)[0].sum().backward()
        gradients.append(start.grad)
    assert torch.equal(*gradients)


def test_recomputing_keeps_less_than_a_quarter_of_the_bytes(cell):
    assert bytes_kept(recomputing_scan, cell, 9) < 0.25 * bytes_kept(scan, cell, 9)
