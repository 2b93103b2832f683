import math
import random

import numpy as np
import pytest
import torch
from torch._dynamo import lookup_backend

from mann_bench.core.backends import Backend
from mann_bench.models import preparation
from mann_bench.models.base import RecurrentModel
from mann_bench.models.dnc import DNCModel
from mann_bench.models.lstm import LSTMModel
from mann_bench.models.ntm import NTMModel
from mann_bench.models.preparation import prepare

SIZES = {"controller_size": 8, "memory_slots": 6, "slot_width": 4}
LONG = 1e12
"""Time steps for which compiling pays, however fast the model is."""


class Leaky(RecurrentModel):
    """A recurrent model as a third party writes it: without a native recurrence."""

    def __init__(self):
        super().__init__(3, 2)
        self.map = torch.nn.Linear(3, 2)

    def initial_state(self, batch_size):
        return (torch.zeros(batch_size, 2),)

    def step(self, inputs, state):
        level = 0.5 * state[0] + self.map(inputs).tanh()
        return level, (level,)


@pytest.fixture
def make(request):
    def with_seed(kind=NTMModel):
        torch.manual_seed(0)
        return kind() if kind is Leaky else kind(3, 2, **SIZES)

    return with_seed


@pytest.fixture
def no_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("MANN_BENCH_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def as_at_first(monkeypatch, tmp_path):
    """Nothing is known of earlier compiling; nor are there the suite's checks of types, which Dynamo does not trace."""
    monkeypatch.setattr("jaxtyping.config.jaxtyping_disable", True)
    monkeypatch.setenv("MANN_BENCH_CACHE", str(tmp_path / "cache"))


def logits_and_gradients(model, inputs):
    model.zero_grad()
    logits = model(inputs)
    logits.square().sum().backward()
    return [logits.detach(), *(p.grad.clone() for p in model.parameters())]


def test_a_model_that_is_not_recurrent_is_left_as_it_is():
    assert prepare(LSTMModel(3, 2, layers=1, units=4), "auto", LONG, 4) == (Backend.EAGER, 0.0, None)


def test_asking_for_another_backend_of_a_model_without_a_time_step_is_answered_in_words():
    prepared = prepare(LSTMModel(3, 2, layers=1, units=4), "compiled", LONG, 4)
    assert prepared.backend is Backend.EAGER
    assert "compiled backend: the model has no time step" in prepared.notice


def test_auto_takes_the_native_recurrence_where_there_is_one(make):
    model = make()
    assert prepare(model, "auto", 1, 4).backend is model.backend is Backend.NATIVE


def test_auto_does_not_compile_for_a_short_run(make):
    prepared = prepare(make(Leaky), "auto", 1_000, 4)
    assert (prepared.backend, prepared.notice) == (Backend.EAGER, None)


@pytest.mark.usefixtures("as_at_first")
@pytest.mark.parametrize(("compiled", "taken"), [(0.1, Backend.COMPILED), (0.3, Backend.EAGER)])
def test_auto_takes_the_faster_of_the_two_that_it_measured(make, monkeypatch, compiled, taken):
    seconds = {Backend.EAGER: 0.2, Backend.COMPILED: compiled}
    monkeypatch.setattr(preparation, "_seconds_a_step", lambda model, batch_size: seconds[model.backend])
    model = make(Leaky)
    assert prepare(model, "auto", LONG, 4).backend is model.backend is taken


def test_each_of_many_variants_in_one_process_runs_compiled(make, monkeypatch):
    monkeypatch.setattr("jaxtyping.config.jaxtyping_disable", True)
    backend = lookup_backend("aot_eager")  # takes less time, and Dynamo's count is the same
    monkeypatch.setattr("mann_bench.models.compiled_scan.lookup_backend", lambda _: lambda *given, **_: backend(*given))
    for batch in range(1, 12):
        prepared = prepare(model := make(Leaky), "compiled", LONG, batch)
        before = model.graph_calls
        model(torch.zeros(5, batch, 3))
        assert (prepared.backend, prepared.notice, model.graph_calls - before) == (Backend.COMPILED, None, 2)


def test_a_step_in_which_nothing_can_be_compiled_is_said_to_run_eagerly(make, monkeypatch):
    monkeypatch.setattr(Leaky, "step", torch.compiler.disable(Leaky.step))
    prepared = prepare(make(Leaky), "compiled", LONG, 4)
    assert prepared.backend is Backend.EAGER
    assert "found nothing in the step" in prepared.notice


def test_trying_backends_moves_no_buffer(monkeypatch):
    monkeypatch.setattr("jaxtyping.config.jaxtyping_disable", True)
    model = Leaky()
    model.norm = torch.nn.BatchNorm1d(3)
    monkeypatch.setattr(Leaky, "step", lambda self, x, state: (self.map(self.norm(x + 1)), state))
    prepare(model, "auto", 1.0, 4)
    assert model.norm.num_batches_tracked == 0
    assert torch.equal(model.norm.running_mean, torch.zeros(3))


@pytest.mark.parametrize("batch", [1, 4, 7])
@pytest.mark.parametrize(("choice", "kind"), [("compiled", Leaky), ("native", NTMModel), ("native", DNCModel)])
def test_the_backends_agree_with_eager_at_any_batch_size(make, choice, kind, batch, monkeypatch):
    monkeypatch.setattr("jaxtyping.config.jaxtyping_disable", True)
    plain, other, inputs = make(kind), make(kind), torch.rand(5, batch, 3)
    prepared = prepare(other, choice, LONG, 4)
    assert (prepared.backend, prepared.notice) == (choice, None)
    for actual, expected in zip(*(logits_and_gradients(m, inputs) for m in (other, plain)), strict=True):
        torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


def test_asking_a_model_for_a_native_recurrence_that_it_lacks_is_answered_in_words(make):
    prepared = prepare(make(Leaky), "native", LONG, 4)
    expected = "native backend: the model has no native recurrence. Running on the eager backend."
    assert (prepared.backend, prepared.notice) == (Backend.EAGER, expected)


@pytest.mark.parametrize(("kind", "choice"), [(NTMModel, "native"), (Leaky, "compiled"), (NTMModel, "auto")])
def test_without_a_compiler_it_runs_eager_and_says_what_to_install(no_compiler, kind, choice):
    model = Leaky() if kind is Leaky else kind(3, 2, **SIZES, shift_range=0)  # a size that no test builds
    prepared = prepare(model, choice, LONG, 4)
    assert prepared.backend is model.backend is Backend.EAGER
    assert "install g++" in prepared.notice
    assert model(torch.zeros(2, 1, 3)).shape == (2, 1, 2)


def test_a_step_that_cannot_be_compiled_runs_eager(make, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("no such luck\nand more")

    monkeypatch.setattr(torch, "compile", lambda step, **_: broken)
    model = make(Leaky)
    prepared = prepare(model, "compiled", LONG, 4)
    assert prepared.notice == (
        "compiled backend: torch.compile failed with RuntimeError: no such luck. Running on the eager backend."
    )
    assert prepared.backend is model.backend is Backend.EAGER


def test_preparing_leaves_no_gradients_and_no_random_numbers_behind(make):
    model = make()
    before = torch.get_rng_state()
    prepare(model, "native", LONG, 4)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(p.grad is None for p in model.parameters())


class Moving(Leaky):
    """Its buffer is another tensor after each step, and it draws from every generator."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(3))

    def step(self, inputs, state):
        self.mean = self.mean + torch.rand(()) + np.random.rand() + random.random()
        return self.map(inputs + self.mean), state


def test_measuring_leaves_buffers_and_generators_as_they_were():
    model = Moving()
    before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    prepare(model, "auto", 1.0, 4)
    assert torch.equal(model.mean, torch.zeros(3))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1].tolist(), random.getstate()) == before[1:]


@pytest.mark.usefixtures("as_at_first")
def test_a_second_measurement_that_fails_leaves_the_eager_backend(make, monkeypatch):
    seconds = {Backend.EAGER: 0.2, Backend.COMPILED: math.inf}
    monkeypatch.setattr(preparation, "_seconds_a_step", lambda model, batch_size: seconds[model.backend])
    assert prepare(make(Leaky), "auto", LONG, 4).backend is Backend.EAGER
