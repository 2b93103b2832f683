import random
import warnings
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


@pytest.fixture
def whole(monkeypatch):
    """The lengths of the sequences for which Dynamo was asked once. Graphs of a step run as they are: it is faster."""
    with warnings.catch_warnings(action="ignore"):  # those of inductor's own imports
        from mann_bench.models.step_sequence import run_sequence
    lengths = []

    def counted(graphs, inputs, *given, **how):
        lengths.append(len(inputs))
        return run_sequence(graphs, inputs, *given, **how)

    monkeypatch.setattr("mann_bench.models.step_graphs._compiled", lambda graph, **_: lambda given: graph(*given))
    monkeypatch.setattr("mann_bench.models.step_sequence.run_sequence", counted)
    return lengths


def altered(monkeypatch, change):
    """A model of whose step `change` makes another one."""
    step = Mixed.step
    monkeypatch.setattr(Mixed, "step", lambda self, inputs, state: change(self, step, inputs, state))
    model = Mixed().double()
    model.calls, model.scale = 0, 1.0
    model.register_buffer("seen", torch.zeros(1, dtype=torch.float64))
    return model


@pytest.mark.parametrize("recompute", [False, True])
def test_dynamo_is_asked_once_for_a_sequence_of_any_length(whole, recompute, monkeypatch):
    model = compiled(Mixed().double())
    model.recompute = recompute
    monkeypatch.setattr("mann_bench.models.step_graphs.compile_graphs", None)
    for length in (1, 2, 7, 41):
        for batch in (1, 4, 6):
            assert_agree(model, torch.rand(length, batch, 3))
            with torch.inference_mode():
                model(torch.rand(length, batch, 3))
    assert model.whole_step_problem is None
    assert recompute or whole[-1] == 41


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_gradients_reach_the_inputs_of_a_sequence(whole):
    model, gradients = compiled(Mixed()), []
    for model.backend in (Backend.COMPILED, Backend.EAGER):
        inputs = torch.linspace(0, 1, 108).view(9, 4, 3).requires_grad_()
        model(inputs).square().sum().backward()
        gradients.append(inputs.grad)
    torch.testing.assert_close(*gradients)
    assert whole[-1] == 9


def test_a_sequence_keeps_what_is_its_own_until_backward_and_after(whole):
    model, inputs = compiled(Mixed()), torch.rand(9, 4, 3)
    alone = passed(model, Backend.COMPILED, inputs)[1:]
    logits = model(inputs)
    model(torch.rand(5, 4, 3))
    for _ in range(2):
        model.zero_grad()
        logits.square().sum().backward(retain_graph=True)
        torch.testing.assert_close([p.grad for p in model.parameters()], alone)
    assert whole[-1] == 5


def test_each_step_draws_its_own_random_numbers(whole, monkeypatch):
    def dropping(self, step, inputs, state):
        logits, state = step(self, inputs, state)
        return torch.nn.functional.dropout(torch.rand_like(logits), 0.5) + 0 * logits, state

    logits = compiled(altered(monkeypatch, dropping))(torch.zeros(20, 4, 3).double())
    assert len({tuple(step.flatten().tolist()) for step in logits}) == 20
    assert 0.2 < (logits == 0).double().mean() < 0.8
    assert whole[-1] == 20


def test_a_part_of_the_state_through_which_no_gradient_goes_stays_so(whole, monkeypatch):
    def detaching(self, step, inputs, state):
        logits, ((level, matrix), *others) = step(self, inputs, state)
        return logits, (Level(level, matrix.detach()), *others)

    assert_agree(compiled(altered(monkeypatch, detaching)), torch.rand(11, 4, 3))
    assert whole[-1] == 11


def test_what_changes_between_sequences_is_seen(whole, monkeypatch):
    def scaling(self, step, inputs, state):
        return step(self, self.scale * inputs if self.training else inputs, state)

    model = compiled(altered(monkeypatch, scaling))
    for model.scale, training in ((1.0, True), (2.0, True), (2.0, False), (1.0, True)):
        model.train(training)
        with torch.no_grad():
            model.map.weight.mul_(1.1)
        assert_agree(model, torch.rand(11, 4, 3))
    assert whole[-4:] == [11] * 4


def counting(self, step, inputs, state):
    self.calls += 1
    return step(self, inputs, state)


def drawing(self, step, inputs, state):
    logits, state = step(self, inputs, state)
    return logits + random.random(), state


def moving(self, step, inputs, state):
    self.seen.add_(1)
    logits, state = step(self, inputs, state)
    return logits + self.seen, state


def breaking(self, step, inputs, state):
    torch._dynamo.graph_break()
    return step(self, inputs, state)


def growing(self, step, inputs, state):
    logits, (level, steps, last, twice) = step(self, inputs, state)
    return logits + state[-1].sum(), (level, steps, last, torch.cat((twice, state[-1]))[:8])


def emptying(self, step, inputs, state):
    logits, (level, steps, last, _) = step(self, inputs, state)
    return logits, (level, steps, last, None)


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (counting, "it changes more than the state"),
        (drawing, ""),
        (moving, "mutat"),
        (breaking, "graph_break"),
        (growing, "its state changes shape"),
        (emptying, ""),
    ],
)
def test_a_step_that_does_more_than_return_a_state_is_done_in_chunks(change, reason, whole, graphs, monkeypatch):
    monkeypatch.setattr("mann_bench.models.compiled_scan.inductor", lookup())
    model = compiled(altered(monkeypatch, change))
    results = []
    for backend in (Backend.COMPILED, Backend.EAGER):
        random.seed(0)
        model.calls = 0
        model.seen.zero_()
        logits = passed(model, backend, torch.ones(CHUNK + 3, 4, 3).double())
        results.append([*logits, model.calls, model.seen.clone()])
    torch.testing.assert_close(*results)
    assert reason in model.whole_step_problem
    assert not whole


def test_a_torch_that_does_not_tell_enough_leaves_the_chunks(whole, graphs, monkeypatch):
    monkeypatch.setattr("mann_bench.models.compiled_scan.inductor", lookup())
    monkeypatch.delattr("mann_bench.models.step_graphs.InstructionTranslator")
    model = compiled(Mixed().double())
    assert_agree(model, torch.rand(11, 4, 3))
    assert "InstructionTranslator" in model.whole_step_problem
    assert not whole


def lookup():
    """What `graphs` put in the place of inductor."""
    from mann_bench.models.compiled_scan import lookup_backend

    return lookup_backend("inductor")
