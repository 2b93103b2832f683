import pytest
import torch

from mann_bench.models.backward_memory import backward_bytes
from mann_bench.models.sam import SAMModel
from mann_bench.models.sdnc import SDNCModel


def small(kind=SAMModel, **options):
    torch.manual_seed(0)
    return kind(3, 2, **({"controller_size": 8, "memory_slots": 6, "slot_width": 4} | options))


def test_the_parameters_do_not_grow_with_the_slots():
    controller = 4 * 100 * (9 + 4 * 20 + 100 + 1)
    interface = 4 * (2 * 20 + 3) * (100 + 1)
    readout = 8 * (100 + 4 * 20 + 1)
    for slots in (128, 100_000):
        model = SAMModel(9, 8, memory_slots=slots)
        assert sum(p.numel() for p in model.parameters()) == controller + interface + readout


def test_what_is_kept_for_backward_does_not_grow_with_the_slots():
    assert backward_bytes(small(memory_slots=20_000), 5, 3) == backward_bytes(small(), 5, 3)


def test_state_bytes_are_counted():
    floats = 2 * 8 + 4 * 4 + 4 * 4 + 6 * 4  # LSTM, read vectors, read weights, memory
    assert small().state_bytes() == 4 * floats + 8 * (4 * 4 + 6)  # slots read, ages


@pytest.mark.parametrize("part", ["reads", "age", "memory"])
def test_logits_depend_on_every_part_of_the_state(draw, part):
    model = small(read_heads=1, neighbours=2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(5)
    *before, last = draw(5, 4)
    state = model.initial_state(4)
    for inputs in before:
        _, state = model.step(inputs, state)
    changed = state._replace(**{part: getattr(state, part).flip(1)})
    if part == "reads":
        changed = state._replace(reads=0.5 * state.reads)
    assert not torch.equal(model.step(last, state)[0], model.step(last, changed)[0])


@pytest.mark.parametrize("clip", [0.25, 20.0])
def test_logits_are_clipped(draw, clip):
    model = small(clip=clip)
    torch.nn.init.normal_(model.readout.weight, std=1e3)
    assert model(draw(7, 4)).abs().max() == clip


def test_options_reach_the_cell():
    options = {"controller_size": 7, "memory_slots": 9, "slot_width": 4, "read_heads": 2, "neighbours": 3, "clip": 5.0}
    cell = SAMModel(3, 2, **options, memory_init="random").cell
    assert {name: getattr(cell, name) for name in options} == options
    assert cell.memory_init == "random"


@pytest.mark.parametrize("name", ["neighbours", "read_heads"])
def test_more_neighbours_or_heads_than_slots_are_refused(name):
    with pytest.raises(ValueError, match=f"^{name} must be at most memory_slots, 6, not 7$"):
        small(**{name: 7})


@pytest.mark.parametrize("kind", [SAMModel, SDNCModel])
def test_a_single_neighbour_which_would_leave_keys_untrained_is_refused(kind):
    with pytest.raises(ValueError, match=r"^neighbours must be at least 2, not 1: .* keys are not trained"):
        small(kind, neighbours=1)
