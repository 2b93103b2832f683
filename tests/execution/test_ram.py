from pathlib import Path

import numpy as np
import pytest

from mann_bench.execution.ram import (
    WORKER_BYTES,
    RamNeed,
    bytes_text,
    peak_ram,
    reset_peak_ram,
    workers_that_fit,
)
from mann_bench.execution.resolve import resolve_component
from mann_bench.models import backward_memory
from mann_bench.models.backward_memory import RECOMPUTE_ABOVE, backward_bytes, recomputes
from mann_bench.models.ntm import NTMModel
from mann_bench.registry import Registry
from mann_bench.training import trainer
from mann_bench.training.trainer import train

NTM, LSTM = "ntm:controller_size=8,memory_slots=6,slot_width=4", "lstm:layers=1,units=4"


def test_the_peak_covers_what_was_freed_again():
    reset_peak_ram("cpu")
    before = peak_ram("cpu")
    block = np.ones(20_000_000)
    del block
    assert peak_ram("cpu") - before > 100_000_000


def test_the_peak_starts_anew():
    block = np.ones(40_000_000)
    high = peak_ram("cpu")
    del block
    reset_peak_ram("cpu")
    assert peak_ram("cpu") < high - 200_000_000


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 MiB"),
        (2**20, "1 MiB"),
        (157 * 2**20 + 1, "157 MiB"),
        (1023 * 2**20, "1023 MiB"),
        (2**30, "1.0 GiB"),
        (int(1.6 * 2**30), "1.6 GiB"),
        (2**40, "1024.0 GiB"),
    ],
)
def test_bytes_for_people(count, text):
    assert bytes_text(count) == text


@pytest.fixture
def text_of(make_run):
    """Return a function that states what training a model keeps for a batch of 32."""

    def text(model):
        run = make_run(model)
        return str(RamNeed.of(run.model, run.task, 32))

    return text


@pytest.fixture
def limit(monkeypatch):
    """Return a function that sets the bytes above which steps are recomputed."""
    return lambda count: monkeypatch.setattr(backward_memory, "RECOMPUTE_ABOVE", count)


@pytest.mark.parametrize("model", [NTM, LSTM])
def test_what_backward_keeps_is_stated(text_of, monkeypatch, model):
    monkeypatch.setattr("mann_bench.execution.ram.backward_bytes", lambda *_: 300 * 2**20)
    assert text_of(model) == "backward keeps 300 MiB for the longest batch (32 sequences)"


@pytest.mark.parametrize(("kept", "says"), [(2**30, "keeps 1.0 GiB"), (2**30 + 1, "would keep 1.0 GiB")])
def test_above_a_gibibyte_steps_are_recomputed(text_of, monkeypatch, kept, says):
    monkeypatch.setattr("mann_bench.execution.ram.backward_bytes", lambda *_: kept)
    assert says in text_of(NTM)
    assert text_of(NTM).endswith(", so most steps are recomputed") is (kept > 2**30)


def test_a_model_that_knows_no_steps_recomputes_none(text_of, limit):
    limit(0)
    assert "recomputed" in text_of(NTM)
    assert "recomputed" not in text_of(LSTM)


def test_the_longest_training_batch_is_counted(make_run):
    run = make_run(NTM, task="copy:min_length=2,max_length=4")
    model = NTMModel(9, 8, controller_size=8, memory_slots=6, slot_width=4)
    assert RamNeed.of(run.model, run.task, 5).kept == backward_bytes(model, 2 * 4 + 1, 5)


@pytest.mark.parametrize(("kept", "expected"), [(9_999, False), (10_000, False), (10_001, True)])
def test_a_recurrent_model_recomputes_above_the_limit(limit, kept, expected):
    limit(10_000)
    assert recomputes(NTMModel(9, 8), kept) is expected


@pytest.fixture
def trained(make_run, monkeypatch):
    """Return a function that trains a small NTM and returns its curve, and whether it recomputed."""
    seen, fit = [], trainer._fit

    def watch(model, *arguments):
        seen.append(getattr(model, "recompute", None))
        fit(model, *arguments)

    monkeypatch.setattr(trainer, "_fit", watch)
    monkeypatch.setattr("mann_bench.tasks.copy.Copy.test_sizes", lambda task: task.training_sizes())

    def curve(model=NTM):
        return [point.scores for point in train(make_run(model), "cpu", "eager", lambda event: None).curve], seen.pop()

    return curve


@pytest.mark.parametrize(("count", "expected"), [(0, True), (2**30, False)])
def test_training_recomputes_where_the_limit_asks_for_it(trained, limit, count, expected):
    limit(count)
    assert trained()[1] is expected


def test_recomputing_changes_no_score(trained, limit):
    kept, _ = trained()
    limit(0)
    assert trained()[0] == kept


def test_an_lstm_is_trained_as_it_is(trained, limit):
    limit(0)
    assert trained(LSTM)[1] is None


def need(kept, recomputed=False):
    return RamNeed(kept, recomputed, 32)


def test_as_many_workers_fit_as_the_largest_need_allows(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: 3 * (WORKER_BYTES + 100))
    assert workers_that_fit([need(100), need(50)]) == 3


def test_one_worker_always_fits(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: 1)
    assert workers_that_fit([need(100)]) == 1


def test_a_run_that_recomputes_needs_no_more_than_the_limit(monkeypatch):
    assert need(2**40, recomputed=True).worker_bytes == WORKER_BYTES + RECOMPUTE_ABOVE


@pytest.mark.parametrize(("left", "fit"), [(2 * (WORKER_BYTES + 100), 2), (None, 5)])
def test_no_more_workers_fit_than_the_container_carries(monkeypatch, tmp_path, left, fit):
    (tmp_path / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {5 * (WORKER_BYTES + 1024) // 1024} kB\n")
    monkeypatch.setattr("mann_bench.execution.ram._MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr("mann_bench.execution.ram.ram_left", lambda: left)
    assert workers_that_fit([need(100)]) == fit


def test_nothing_is_said_of_memory_where_the_system_does_not_tell(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram._MEMINFO", Path("/nowhere"))
    assert workers_that_fit([need(100)]) is None


def test_a_model_that_cannot_run_is_told_in_words(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.backward_bytes", lambda *_: 1 / 0)
    run = "lstm:layers=1,units=4"
    found = str(RamNeed.of(component("model", run), component("task", "copy"), 32))
    assert found == "what backward keeps is unknown: running the model raised ZeroDivisionError: division by zero"


def test_the_words_of_a_model_that_cannot_run_end_in_one_full_stop(monkeypatch):
    def fail(*_):
        raise RuntimeError("no memory.")

    monkeypatch.setattr("mann_bench.execution.ram.backward_bytes", fail)
    need = RamNeed.of(component("model", "lstm:layers=1,units=4"), component("task", "copy"), 32)
    assert f"{need}.".endswith("raised RuntimeError: no memory.")


def component(kind, text):
    return resolve_component(Registry.discover(third_party=False), kind, text)
