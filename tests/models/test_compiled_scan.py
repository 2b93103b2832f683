from typing import NamedTuple

import pytest
import torch

from mann_bench.core.backends import Backend
from mann_bench.models.base import RecurrentModel
from mann_bench.models.compiled_scan import CHUNK
from mann_bench.models.preparation import prepare

LENGTHS = (1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3)


@pytest.fixture(autouse=True)
def _no_type_checks(monkeypatch):
    """Leave the suite's own type checks out, which torch cannot compile and users do not have."""
    monkeypatch.setattr("jaxtyping.config.jaxtyping_disable", True)


class Level(NamedTuple):
    """What the state is made of."""

    level: torch.Tensor
    matrix: torch.Tensor


class Mixed(RecurrentModel):
    """Its state has a learned start, an integer, a part twice, and one that is transposed from step to step."""

    def __init__(self):
        super().__init__(3, 2)
        torch.manual_seed(0)
        self.start = torch.nn.Parameter(torch.rand(4))
        self.map, self.readout = torch.nn.Linear(7, 4), torch.nn.Linear(4, 2)

    def initial_state(self, batch_size):
        zeros = self.start.new_zeros(batch_size, 4, 4)
        last = zeros[:, 0, :2]
        return Level(self.start.expand(batch_size, -1), zeros), torch.zeros(batch_size, dtype=torch.int64), last, last

    def step(self, inputs, state):
        (level, matrix), steps, *_ = state
        found = (matrix @ level.unsqueeze(-1)).squeeze(-1)
        level = (self.map(torch.cat((inputs, level), -1)) + 0.3 * found).tanh()
        matrix = (0.5 * matrix + level.unsqueeze(1) * torch.arange(4.0).view(4, 1).to(level)).transpose(1, 2)
        logits = self.readout(level) * (1 + steps % 2).unsqueeze(-1)
        return logits, (Level(level, matrix), steps + 1, logits, logits)


@pytest.fixture
def graphs(monkeypatch):
    """The sizes of the graphs that are compiled."""
    from torch._dynamo import lookup_backend

    made = []

    def backend(graph, inputs, **_):
        made.append(len(graph.graph.nodes))
        return lookup_backend("aot_eager")(graph, inputs)

    monkeypatch.setattr("mann_bench.models.compiled_scan.lookup_backend", lambda name: backend)
    return made


def compiled(model, batch=4):
    prepared = prepare(model, "compiled", 1.0, batch)
    assert (prepared.backend, model.backend, prepared.notice) == (Backend.COMPILED, Backend.COMPILED, None)
    return model


def passed(model, backend, inputs):
    model.backend = backend
    model.zero_grad()
    logits = model(inputs)
    logits.square().sum().backward()
    return [logits.detach(), *(p.grad.clone() for p in model.parameters())]


def assert_agree(model, inputs):
    actual, expected = (passed(model, backend, inputs.double()) for backend in (Backend.COMPILED, Backend.EAGER))
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize("recompute", [False, True])
def test_outputs_and_gradients_are_those_of_the_plain_scan_at_any_length(recompute):
    model = compiled(Mixed().double())
    model.recompute = recompute
    for length in LENGTHS:
        for batch in (1, 4, 6):
            assert_agree(model, torch.rand(length, batch, 3))


@pytest.mark.parametrize("prepared_for", [1, 4])
def test_no_length_no_batch_size_and_no_inference_is_compiled_anew(graphs, prepared_for):
    model = compiled(Mixed(), prepared_for)
    for length in range(1, 42):
        model(torch.rand(length, 1 + length % 9, 3)).sum().backward()
        with torch.inference_mode():
            model(torch.rand(length, 9, 3))
    assert len(graphs) == 2


def test_a_call_does_several_steps(graphs):
    model = compiled(Mixed())
    before = model.graph_calls
    model(torch.rand(2 * CHUNK + 3, 4, 3))
    assert model.graph_calls - before == 2 + 3


def test_inference_gives_the_logits_of_training(graphs):
    model, inputs = compiled(Mixed()), torch.rand(9, 4, 3)
    expected = model(inputs).detach()
    for mode in (torch.inference_mode, torch.no_grad):
        with mode():
            logits = model(inputs)
        torch.testing.assert_close(logits, expected)
        assert not logits.requires_grad


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_gradients_reach_the_inputs(graphs):
    model, gradients = compiled(Mixed()), []
    for model.backend in (Backend.COMPILED, Backend.EAGER):
        inputs = torch.linspace(0, 1, 108).view(9, 4, 3).requires_grad_()
        model(inputs).square().sum().backward()
        gradients.append(inputs.grad)
    torch.testing.assert_close(*gradients)


def test_a_step_that_is_several_graphs_is_compiled_in_parts(graphs, monkeypatch):
    def broken(self, inputs, state):
        torch._dynamo.graph_break()
        return original(self, inputs, state)

    original = Mixed.step
    monkeypatch.setattr(Mixed, "step", broken)
    model = compiled(Mixed().double())
    before = len(graphs)
    assert_agree(model, torch.rand(2 * CHUNK, 4, 3))
    assert len(graphs) == before
