"""What models with a memory tell about a step."""

import pytest
import torch

from mann_bench.models.base import RecurrentModel
from mann_bench.models.dnc import DNCModel
from mann_bench.models.ntm import NTMModel
from mann_bench.models.sam import SAMModel
from mann_bench.models.sdnc import SDNCModel
from mann_bench.nn.sparse import SparseWeighting

SIZES = {"controller_size": 8, "memory_slots": 6, "slot_width": 4}
MODELS = {
    "ntm": lambda: NTMModel(3, 2, **SIZES),
    "ntm_heads": lambda: NTMModel(3, 2, **SIZES, read_heads=2, write_heads=3, shift_range=2),
    "ntm_feedforward": lambda: NTMModel(3, 2, **SIZES, controller="feedforward", controller_layers=2),
    "ntm_layers": lambda: NTMModel(3, 2, **SIZES, controller_layers=2),
    "ntm_content": lambda: NTMModel(3, 2, **SIZES, addressing="content"),
    "sam": lambda: SAMModel(3, 2, **SIZES, read_heads=3),
    "sdnc": lambda: SDNCModel(3, 2, **SIZES, read_heads=3),
    "dnc": lambda: DNCModel(3, 2, **SIZES),
    "dnc_heads": lambda: DNCModel(3, 2, **SIZES, read_heads=2, masked=True, sharpened=True),
}
NTM_GATES = ["key_strength", "interpolation_gate", "shift", "sharpening"]
SAM_GATES = ["key_strength", "write_gate", "interpolation_gate", "read_age"]
MODES = ["backward_mode", "content_mode", "forward_mode"]
DNC_GATES = ["free_gate", "allocation_gate", "write_gate", "backward_mode", "content_mode", "forward_mode"]


def made(name):
    torch.manual_seed(0)
    model = MODELS[name]()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    return model


@pytest.fixture(params=MODELS)
def observed(request, draw):
    """A model, and the inputs, the state before, and what `observe` returned of the third step."""
    model = made(request.param)
    *before, inputs = draw(3, 4)
    state = model.initial_state(4)
    for at_time in before:
        _, state = model.step(at_time, state)
    return model, inputs, state, model.observe(inputs, state)


def dense(weighting):
    return weighting.dense(6) if isinstance(weighting, SparseWeighting) else weighting


def leaves(state):
    return [state] if isinstance(state, torch.Tensor) else [leaf for part in state for leaf in leaves(part)]


def test_observing_is_a_step(observed):
    model, inputs, state, (logits, after, _) = observed
    expected, last = model.step(inputs, state)
    assert all(
        torch.equal(one, other) for one, other in zip(leaves((logits, after)), leaves((expected, last)), strict=True)
    )


@pytest.mark.parametrize("name", MODELS)
def test_observing_computes_the_interface_once(draw, name):
    model, calls = made(name), []
    model.cell.interface.register_forward_hook(lambda *_: calls.append(1))
    model.observe(draw(1, 4)[0], model.initial_state(4))
    assert len(calls) == 1


def test_weightings_and_memory_are_those_of_the_state_after_the_step(observed):
    _, _, _, (_, after, observation) = observed
    assert torch.equal(observation.memory, after.memory)
    if hasattr(after, "weightings"):
        both = torch.cat([observation.read_weightings, observation.write_weightings], dim=1)
        assert torch.equal(both[..., : after.weightings.shape[-1]], after.weightings)  # content alone carries none
    elif hasattr(after, "read_weighting"):
        assert observation.read_weightings is after.read_weighting
    else:
        assert torch.equal(observation.read_weightings, after.read_weightings)
        assert torch.equal(observation.write_weightings[:, 0], after.write_weighting)


@pytest.mark.parametrize(
    ("name", "readers", "writers"),
    [
        ("ntm", 1, 1),
        ("ntm_heads", 2, 3),
        ("ntm_content", 1, 1),
        ("sam", 3, 3),
        ("sdnc", 3, 1),
        ("dnc", 1, 1),
        ("dnc_heads", 2, 1),
    ],
)
def test_every_head_has_its_weighting(draw, name, readers, writers):
    model = made(name)
    _, _, observation = model.observe(draw(1, 4)[0], model.initial_state(4))
    assert dense(observation.read_weightings).shape == (4, readers, 6)
    assert dense(observation.write_weightings).shape == (4, writers, 6)
    assert observation.memory.shape == (4, 6, 4)


@pytest.mark.parametrize(
    ("name", "heads"),
    [
        ("ntm", dict.fromkeys(NTM_GATES, 2)),
        ("ntm_heads", dict.fromkeys(NTM_GATES, 5)),
        ("ntm_content", {"key_strength": 2}),
        ("sam", dict.fromkeys(SAM_GATES, 3)),
        ("sdnc", dict.fromkeys([*MODES, "key_strength", "read_age"], 3) | {"write_gate": 1, "interpolation_gate": 1}),
        ("dnc", dict.fromkeys(DNC_GATES, 1)),
        ("dnc_heads", dict.fromkeys(DNC_GATES, 2) | {"allocation_gate": 1, "write_gate": 1}),
    ],
)
def test_every_gate_has_a_value_a_head(draw, name, heads):
    model = made(name)
    _, _, observation = model.observe(draw(1, 4)[0], model.initial_state(4))
    assert {gate: tuple(values.shape) for gate, values in observation.gates.items()} == {
        gate: (4, count) for gate, count in heads.items()
    }


@pytest.mark.parametrize("reach", [0, 1, 2])
def test_the_shift_is_expected_slots_forward_within_the_reach(draw, reach):
    model = NTMModel(3, 2, **SIZES, shift_range=reach)
    torch.nn.init.normal_(model.cell.interface.bias, std=3)
    _, _, observation = model.observe(draw(1, 4)[0], model.initial_state(4))
    assert (observation.gates["shift"].abs() <= reach).all()
    assert observation.gates["shift"].any() == (reach > 0)


@pytest.mark.parametrize("slots", [-1, 0, 1])
def test_a_head_that_shifts_by_so_many_slots_says_so(draw, slots):
    model = NTMModel(3, 2, **SIZES, clip=None)
    with torch.no_grad():
        model.cell.interface.weight.zero_()
        # The bias of the read head: key 0 to 3, key strength 4, interpolation gate 5, shifts -1 to 1 in 6 to 8.
        model.cell.interface.bias[5], model.cell.interface.bias[7 + slots] = -1e3, 1e3
    state = model.initial_state(4)._replace(weightings=torch.eye(6)[2].expand(4, 2, 6))
    _, after, observation = model.observe(draw(1, 4)[0], state)
    assert (observation.gates["shift"][:, 0] == slots).all()
    assert (after.weightings[:, 0].argmax(-1) == 2 + slots).all()


@pytest.mark.parametrize("name", ["sam", "sdnc"])
def test_what_a_sparse_memory_is_observed_to_write_is_what_its_step_writes(draw, name):
    model = made(name)
    *before, inputs = draw(4, 4)
    state = model.initial_state(4)
    for at_time in before:
        _, state = model.step(at_time, state)
    _, after, observation = model.observe(inputs, state)
    changed = (after.memory != state.memory).any(-1)
    assert torch.equal(changed, dense(observation.write_weightings).sum(1) > 0)


@pytest.mark.parametrize("name", ["sam", "sdnc"])
def test_what_is_read_has_the_age_of_its_last_access(draw, name):
    model, accessed = made(name), torch.full((4, 6), -1)
    state = model.initial_state(4)
    for step, at_time in enumerate(draw(5, 4)):
        _, state, seen = model.observe(at_time, state)
        read, written = dense(seen.read_weightings), dense(seen.write_weightings)
        accessed = torch.where(written.sum(1) > 0.005, step, accessed)
        expected = (read * (step - accessed).unsqueeze(1)).sum(-1) / read.sum(-1)
        torch.testing.assert_close(seen.gates["read_age"], expected)
        accessed = torch.where((read.sum(1) + written.sum(1)) > 0.005, step, accessed)


def test_the_gates_of_an_ntm_are_in_their_ranges(draw):
    model = made("ntm_heads")
    _, _, observation = model.observe(draw(1, 4)[0], model.initial_state(4))
    gates = observation.gates
    assert (gates["key_strength"] >= 0).all()
    assert (gates["sharpening"] >= 1).all()
    assert ((gates["interpolation_gate"] >= 0) & (gates["interpolation_gate"] <= 1)).all()


def test_the_read_modes_of_a_dnc_sum_to_one(draw):
    model = made("dnc_heads")
    _, _, observation = model.observe(draw(1, 4)[0], model.initial_state(4))
    modes = [observation.gates[f"{mode}_mode"] for mode in ("backward", "content", "forward")]
    torch.testing.assert_close(sum(modes), torch.ones(4, 2))


@pytest.mark.parametrize("mode", ["backward", "content", "forward"])
def test_a_dnc_that_reads_in_one_mode_says_so(draw, mode):
    model = DNCModel(3, 2, **SIZES, clip=None)
    with torch.no_grad():
        model.cell.interface.bias[-3 + ["backward", "content", "forward"].index(mode)] = 1e3
    first, second = draw(2, 4)
    _, state = model.step(first, model.initial_state(4))
    _, after, observation = model.observe(second, state)
    assert (observation.gates[f"{mode}_mode"] == 1).all()
    if mode != "content":
        link = after.link if mode == "backward" else after.link.mT
        torch.testing.assert_close(after.read_weightings, state.read_weightings @ link)


def test_the_gates_of_a_dnc_lie_between_zero_and_one(draw):
    model = made("dnc_heads")
    _, _, observation = model.observe(draw(1, 4)[0], model.initial_state(4))
    assert all(((gate >= 0) & (gate <= 1)).all() for gate in observation.gates.values())


class Silent(RecurrentModel):
    def __init__(self):
        super().__init__(1, 1)

    def initial_state(self, batch_size):
        return (torch.zeros(batch_size, 1),)

    def step(self, inputs, state):
        return inputs + state[0], (state[0] + 1,)


def test_by_default_observing_is_a_step_with_nothing_to_tell():
    logits, (after,), observation = Silent().observe(torch.ones(2, 1), (torch.ones(2, 1),))
    assert (logits.tolist(), after.tolist(), observation) == ([[2.0], [2.0]], [[2.0], [2.0]], None)
