import pytest
import torch

from mann_bench.evaluation.trace import trace
from mann_bench.models.dnc import DNCModel
from mann_bench.models.lstm import LSTMModel
from mann_bench.models.ntm import NTMModel
from mann_bench.models.sam import SAMModel
from mann_bench.models.sdnc import SDNCModel

SIZES = {"controller_size": 8, "memory_slots": 6, "slot_width": 4, "read_heads": 2}
MODELS = {
    "ntm": lambda: NTMModel(9, 8, **SIZES, write_heads=3),
    "dnc": lambda: DNCModel(9, 8, **SIZES),
    "lstm": lambda: LSTMModel(9, 8, layers=1, units=5),
}
HEADS = {"ntm": (2, 3), "dnc": (2, 1)}


@pytest.fixture(params=MODELS)
def model(request):
    torch.manual_seed(0)
    return MODELS[request.param]()


@pytest.fixture
def inputs():
    return torch.randint(0, 2, (7, 3, 9), generator=torch.Generator().manual_seed(0)).float()


def test_logits_are_those_of_a_forward_pass(model, inputs):
    # As evaluation does: on some processors torch's LSTM rounds otherwise where it keeps gradients.
    with torch.no_grad():
        logits = model(inputs)
    assert torch.equal(trace(model, inputs).logits, logits)


@pytest.mark.parametrize("name", ["ntm", "dnc"])
def test_the_memory_has_the_shapes_it_documents(name, inputs):
    memory, (readers, writers) = trace(MODELS[name](), inputs).memory, HEADS[name]
    assert memory["read_weightings"].shape == (7, 3, readers, 6)
    assert memory["write_weightings"].shape == (7, 3, writers, 6)
    assert memory["memory_norm"].shape == (7, 3, 6)
    gates = {values.shape for key, values in memory.items() if key not in list(memory)[:3]}
    assert gates <= {(7, 3, heads) for heads in (readers, writers, readers + writers)}


def test_a_model_with_nothing_to_tell_has_an_empty_memory(inputs):
    assert trace(MODELS["lstm"](), inputs).memory == {}


def test_what_is_seen_is_in_the_order_of_steps(scripted):
    memory = trace(scripted([[0], [3], [5]]), torch.zeros(3, 2, 9)).memory
    assert memory["write_weightings"].argmax(-1)[:, 0, 0].tolist() == [0, 3, 5]
    assert memory["step"][:, 1, 1].tolist() == [0.0, 1.0, 2.0]


def test_the_norm_is_that_of_each_slot(scripted):
    norm = trace(scripted([[0], [0], [0]], memory_slots=2), torch.zeros(3, 1, 9)).memory["memory_norm"]
    assert norm[:, 0].tolist() == [[0.0, 0.0], [2.0, 2.0], [4.0, 4.0]]  # four entries of 0, 1 and 2


@pytest.mark.parametrize("training", [True, False])
def test_the_model_keeps_its_mode(model, inputs, training):
    model.train(training)
    trace(model, inputs)
    assert model.training is training


def test_the_model_is_in_evaluation_mode_and_keeps_nothing_for_backward(scripted, monkeypatch):
    model, seen = scripted([[0]]), []
    step = model.step
    monkeypatch.setattr(
        model, "step", lambda *each: (seen.append((model.training, torch.is_grad_enabled())), step(*each))[1]
    )
    trace(model, torch.zeros(3, 1, 9))
    assert set(seen) == {(False, False)}


def test_a_model_that_raises_gets_its_mode_back(scripted):
    model = scripted([[0]])
    with pytest.raises(TypeError):
        trace(model, None)
    assert model.training


@pytest.fixture(params=[SAMModel, SDNCModel])
def sparse(request):
    """Build a sparse model whose weights are not small."""

    def build(slots):
        torch.manual_seed(0)
        model = request.param(9, 8, controller_size=8, memory_slots=slots, slot_width=4, memory_init="random")
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter)
        return model

    return build


def densely(model, inputs):
    """Observe every slot at every step: read weightings, write weightings and norms over time."""
    state, seen = model.initial_state(inputs.shape[1]), []
    for at_time in inputs:
        _, state, told = model.observe(at_time, state)
        both = [each.dense(model.cell.memory_slots) for each in (told.read_weightings, told.write_weightings)]
        seen.append((*both, told.memory.norm(dim=-1)))
    return [torch.stack(each) for each in zip(*seen, strict=True)]


@torch.no_grad()
def test_of_a_sparse_memory_the_slots_visited_are_told(sparse, inputs):
    model = sparse(500)
    traced, (read, written, norms) = trace(model, inputs), densely(model, inputs)
    slots = traced.slots
    assert torch.equal(slots, (read.sum((0, 1, 2)) + written.sum((0, 1, 2))).nonzero()[:, 0])
    for name, expected in (("read_weightings", read), ("write_weightings", written), ("memory_norm", norms)):
        torch.testing.assert_close(traced.memory[name], expected[..., slots])


def test_what_is_told_of_a_sparse_memory_does_not_grow_with_its_slots(sparse, inputs):
    few, many = (trace(sparse(slots), inputs) for slots in (1_000, 100_000))
    heads, steps = few.memory["read_weightings"].shape[2], len(inputs)
    most = inputs.shape[1] * steps * heads * (2 * 4 + 1)
    assert max(len(few.slots), len(many.slots)) <= most
    assert many.slots_visited <= heads * (2 * 4 + 1)


def test_the_slots_visited_are_counted_step_by_step(sparse, inputs):
    model = sparse(500)
    with torch.no_grad():
        read, written, _ = densely(model, inputs)
    visited = ((read.sum(2) + written.sum(2)) > 0).sum(-1)  # [T, B]
    assert trace(model, inputs).slots_visited == pytest.approx(visited.float().mean().item())
