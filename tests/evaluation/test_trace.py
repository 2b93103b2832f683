import pytest
import torch

from mann_bench.evaluation.trace import trace
from mann_bench.models.dnc import DNCModel
from mann_bench.models.lstm import LSTMModel
from mann_bench.models.ntm import NTMModel

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
    assert torch.equal(trace(model, inputs).logits, model(inputs))


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
