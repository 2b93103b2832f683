import math

import pytest
import torch

from mann_bench.core.protocol import Protocol
from mann_bench.models.optimizing import protocol_optimizer, rate_schedule


def weight(value=1.0):
    return torch.nn.Parameter(torch.tensor([value]))


def rates(**fields):
    """Return the rate of each training step of a protocol of 10 steps at a rate of 1."""
    protocol = Protocol(learning_rate=1.0, max_steps=10, **fields)
    optimizer = protocol_optimizer(protocol, [weight()])
    schedule, found = rate_schedule(protocol, optimizer), []
    for _ in range(protocol.max_steps):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return [*found, optimizer.param_groups[0]["lr"]]


def test_weight_decay_makes_adamw_of_adam():
    optimizer = protocol_optimizer(Protocol(weight_decay=0.25), [weight()])
    assert type(optimizer) is torch.optim.AdamW
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.25]
    assert type(protocol_optimizer(Protocol(), [weight()])) is torch.optim.Adam


def test_weight_decay_shrinks_a_weight_without_gradient_by_rate_times_decay():
    parameter = weight(2.0)
    parameter.grad = torch.zeros(1)
    protocol_optimizer(Protocol(weight_decay=0.5, learning_rate=0.25), [parameter]).step()
    assert parameter.item() == pytest.approx(2.0 * (1 - 0.5 * 0.25))


def test_a_constant_rate_has_no_schedule():
    assert rate_schedule(Protocol(), protocol_optimizer(Protocol(), [weight()])) is None


def test_a_warm_up_rises_in_equal_steps_and_stays():
    assert rates(warmup_steps=3) == pytest.approx([0.25, 0.5, 0.75, *[1.0] * 8])


def test_a_warm_up_of_one_step_halves_the_first_rate():
    assert rates(warmup_steps=1) == pytest.approx([0.5, *[1.0] * 10])


def test_a_cosine_falls_to_zero_at_the_budget():
    assert rates(schedule="cosine") == pytest.approx([(1 + math.cos(math.pi * i / 10)) / 2 for i in range(11)])


def test_a_cosine_begins_where_the_warm_up_ends():
    cosine = [(1 + math.cos(math.pi * i / 8)) / 2 for i in range(9)]
    assert rates(schedule="cosine", warmup_steps=2) == pytest.approx([1 / 3, 2 / 3, *cosine])
