import pytest
import torch

from mann_bench.models import preparation
from mann_bench.models.base import RecurrentModel
from mann_bench.models.experience import AGAIN, FIRST, SAVED, Experience


class Leaky(RecurrentModel):
    def __init__(self, units=2):
        super().__init__(3, units)
        self.map, self.slots = torch.nn.Linear(3, units), 2

    def initial_state(self, batch_size):
        return (torch.zeros(batch_size, self.slots),)

    def step(self, inputs, state):
        return self.map(inputs), state


@pytest.fixture(autouse=True)
def _cache(monkeypatch, tmp_path):
    monkeypatch.setenv("MANN_BENCH_CACHE", str(tmp_path / "cache"))


def test_a_model_that_was_never_compiled_pays_by_what_is_stated():
    known = Experience(Leaky(), 4)
    assert not known.pays(0.99 * FIRST / SAVED)
    assert known.pays(1.01 * FIRST / SAVED)


def test_a_model_that_was_compiled_pays_by_what_was_measured():
    Experience(Leaky(), 4).keep(0.5)
    known = Experience(Leaky(), 4)
    assert not known.pays(0.99 * AGAIN / 0.5)
    assert known.pays(1.01 * AGAIN / 0.5)


@pytest.mark.parametrize("saved", [0.0, -0.2, -float("inf")])
def test_a_model_that_compiling_does_not_make_faster_never_pays(saved):
    Experience(Leaky(), 4).keep(saved)
    assert not Experience(Leaky(), 4).pays(1e12)


def test_what_was_measured_is_of_one_model_of_one_size_alone():
    Experience(Leaky(), 4).keep(0.0)
    assert Experience(Leaky(units=5), 4).pays(1e12)
    other = Leaky()
    other.slots = 9
    assert Experience(other, 4).pays(1e12)
    assert Experience(Leaky(), 8).pays(1e12)


def test_a_model_that_cannot_run_is_not_compiled(monkeypatch):
    monkeypatch.setattr(preparation, "_seconds_a_step", lambda *_: float("inf"))
    monkeypatch.setattr(preparation, "_build_compiled", None)
    assert preparation.prepare(Leaky(), "auto", 1e12, 4).backend == "eager"


def test_without_a_cache_it_goes_by_what_is_stated(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("MANN_BENCH_CACHE", str(tmp_path / "file" / "below"))
    Experience(Leaky(), 4).keep(0.0)
    assert Experience(Leaky(), 4).pays(1e12)


@pytest.mark.parametrize(("compiled", "builds", "second"), [(0.5, 1, True), (1.5, 1, False)])
def test_auto_compiles_a_second_time_only_what_became_faster(monkeypatch, compiled, builds, second):
    built = []
    seconds = {"eager": 1.0, "compiled": compiled}
    monkeypatch.setattr(preparation, "_seconds_a_step", lambda model, _: seconds[model.backend])

    def build(model, batch_size):
        built.append(batch_size)
        model.backend = "compiled"

    monkeypatch.setattr(preparation, "_build_compiled", build)
    preparation.prepare(Leaky(), "auto", 2 * FIRST / SAVED, 4)
    assert len(built) == builds
    preparation.prepare(Leaky(), "auto", 2 * AGAIN / 0.5, 4)
    assert (len(built) > builds) is second
