import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mann_bench.core.errors import UsageError
from mann_bench.core.message_text import bytes_text
from mann_bench.execution.ram import (
    WORKER_BYTES,
    RamNeed,
    check_fit,
    peak_ram,
    reset_peak_ram,
    workers_that_fit,
)
from mann_bench.execution.resolve import checked_model, checked_task, resolve_component
from mann_bench.models import backward_memory
from mann_bench.models.backward_memory import RECOMPUTE_ABOVE, backward_bytes, recomputes, shared_bytes
from mann_bench.models.ntm import NTMModel
from mann_bench.models.sam import SAMModel
from mann_bench.native.build import NativeBuildError
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

    def text(model, backend="eager"):
        run = make_run(model)
        return str(RamNeed.of(run.model, run.task, 32, backend=backend))

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
    assert (", so most steps are recomputed: " in text_of(NTM)) is (kept > 2**30)


@pytest.mark.parametrize("backend", ["auto", "native"])
def test_a_native_recurrence_recomputes_nothing(text_of, monkeypatch, backend):
    monkeypatch.setattr("mann_bench.execution.ram.backward_bytes", lambda *_: 2**40)
    assert text_of(NTM, backend) == "backward keeps 1024.0 GiB for the longest batch (32 sequences)"


def test_what_a_native_recurrence_keeps_is_counted_from_its_tape(make_run):
    run = make_run(NTM)
    native, eager = (RamNeed.of(run.model, run.task, 32, backend=each).kept for each in ("auto", "eager"))
    assert native < 0.7 * eager
    assert RamNeed.of(run.model, run.task, 32, "cuda").kept == eager


def test_where_no_native_library_can_be_built_the_eager_backend_is_counted(make_run, monkeypatch):
    run = make_run(NTM)
    eager = RamNeed.of(run.model, run.task, 32, backend="eager")
    monkeypatch.setattr(NTMModel, "native_forward", lambda *_: (_ for _ in ()).throw(NativeBuildError("no compiler")))
    assert RamNeed.of(run.model, run.task, 32) == eager


def test_what_is_held_at_the_peak_is_counted_where_steps_are_recomputed(make_run, limit):
    run = make_run(NTM, task="copy:min_length=50,max_length=50")
    kept = RamNeed.of(run.model, run.task, 32, backend="eager")
    limit(0)
    recomputed = RamNeed.of(run.model, run.task, 32, backend="eager")
    assert recomputed.kept == kept.kept == kept.held
    assert kept.kept / 10 < recomputed.held < kept.kept / 4


def test_a_model_with_a_vast_state_is_not_run_to_count(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: 2**50)
    monkeypatch.setattr("mann_bench.execution.ram.backward_bytes", None)
    model, task = component("model", "ntm:memory_slots=500000"), component("task", "copy:max_length=3")
    assert "the model is not tried with 42 MiB of state a sequence" in str(RamNeed.of(model, task, 2))


def test_states_that_do_not_fit_are_counted_alone(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: 2**20)
    monkeypatch.setattr("mann_bench.execution.ram.backward_bytes", None)
    need = RamNeed.of(component("model", "ntm"), component("task", "copy:max_length=3"), 200)
    assert need.held == 200 * NTMModel(9, 8).state_bytes()


def test_a_model_that_knows_no_steps_recomputes_none(text_of, limit):
    limit(0)
    assert "recomputed" in text_of(NTM)
    assert "recomputed" not in text_of(LSTM)


def test_the_longest_training_batch_is_counted(make_run):
    run = make_run(NTM, task="copy:min_length=2,max_length=4")
    model = NTMModel(9, 8, controller_size=8, memory_slots=6, slot_width=4)
    assert RamNeed.of(run.model, run.task, 5, backend="eager").kept == backward_bytes(model, 2 * 4 + 1, 5)


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


def need(kept, held=None):
    return RamNeed(kept, kept if held is None else held, 32)


def test_as_many_workers_fit_as_the_largest_need_allows(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: 3 * (WORKER_BYTES + 100))
    assert workers_that_fit([need(100), need(50)]) == 3


def test_one_worker_always_fits(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: 1)
    assert workers_that_fit([need(100)]) == 1


@pytest.mark.parametrize(("kept", "held"), [(2**40, 2**40), (2**40, 2**28)])
def test_a_worker_takes_what_is_held_whatever_that_is(kept, held):
    assert need(kept, held).worker_bytes == WORKER_BYTES + held


def test_what_cannot_fit_is_refused_with_the_batch_that_would(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: WORKER_BYTES + 2**30)
    with pytest.raises(UsageError, match=r"^lstm on copy: backward keeps 4\.0 GiB .*Expected at most batch_size=8\.$"):
        check_fit({("ntm", "copy"): need(2**30), ("lstm", "copy"): need(2**32)})


def test_where_not_one_sequence_fits_shorter_ones_are_asked_for(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: WORKER_BYTES + 2**20)
    with pytest.raises(UsageError, match="Expected shorter sequences or a smaller model: not one sequence fits"):
        check_fit({("lstm", "copy"): need(2**40)})


@pytest.mark.parametrize("free", [None, 2**32])
def test_what_fits_or_cannot_be_told_is_not_refused(monkeypatch, free):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: free)
    check_fit({("ntm", "copy"): need(2**40, 2**30), ("lstm", "copy"): need(2**30)})
    check_fit({("broken", "copy"): RamNeed(2**40, 2**40, 32, "running the model raised RuntimeError")})


@pytest.mark.parametrize(("left", "fit"), [(2 * (WORKER_BYTES + 100), 2), (None, 5)])
def test_no_more_workers_fit_than_the_container_carries(monkeypatch, tmp_path, left, fit):
    (tmp_path / "meminfo").write_text(f"MemTotal: 1 kB\nMemAvailable: {5 * (WORKER_BYTES + 1024) // 1024} kB\n")
    monkeypatch.setattr("mann_bench.core.machine._MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr("mann_bench.core.machine.ram_left", lambda: left)
    assert workers_that_fit([need(100)]) == fit


def test_nothing_is_said_of_memory_where_the_system_does_not_tell(monkeypatch):
    monkeypatch.setattr("mann_bench.core.machine._MEMINFO", Path("/nowhere"))
    assert workers_that_fit([need(100)]) is None


def test_a_model_that_cannot_run_is_told_in_words(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.backward_bytes", lambda *_: 1 / 0)
    run = "lstm:layers=1,units=4"
    found = str(RamNeed.of(component("model", run), component("task", "copy"), 32))
    unknown = "what backward keeps is unknown, and taken for 1.0 GiB"
    assert found == f"{unknown}: running the model raised ZeroDivisionError: division by zero"


def test_an_unknown_need_counts_as_much_as_a_model_may_keep(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.backward_bytes", lambda *_: 1 / 0)
    need = RamNeed.of(component("model", "lstm:layers=1,units=4"), component("task", "copy"), 32)
    assert need.worker_bytes == WORKER_BYTES + RECOMPUTE_ABOVE


def test_the_words_of_a_model_that_cannot_run_end_in_one_full_stop(monkeypatch):
    def fail(*_):
        raise RuntimeError("no memory.")

    monkeypatch.setattr("mann_bench.execution.ram.backward_bytes", fail)
    need = RamNeed.of(component("model", "lstm:layers=1,units=4"), component("task", "copy"), 32)
    assert f"{need}.".endswith("raised RuntimeError: no memory.")


PEAK = """
import sys, torch
from mann_bench.core.backends import Backend
from mann_bench.evaluation.trace import trace
from mann_bench.execution.ram import peak_ram, reset_peak_ram
from mann_bench.models.sam import SAMModel

torch.set_num_threads(1)
what, slots, steps, sequences = sys.argv[1], *map(int, sys.argv[2:])
model = SAMModel(9, 8, memory_slots=slots)
model.backend = Backend.NATIVE if what == "train" else Backend.EAGER

def work(steps, sequences):
    if what == "train":
        model(torch.ones(steps, sequences, 9)).sum().backward()
    else:
        trace(model, torch.ones(steps, sequences, 9), norms=False)

work(1, 1)
model.zero_grad()
reset_peak_ram("cpu")
before = peak_ram("cpu")
work(steps, sequences)
print(peak_ram("cpu") - before)
"""


def measured(*arguments):
    """The bytes that a process of its own really takes at the peak, beyond those that it had."""
    command = [sys.executable, "-c", PEAK, *map(str, arguments)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak cannot start anew")
def test_what_a_large_sparse_memory_takes_is_foretold_to_a_factor_of_three(monkeypatch):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: 2**40)
    need = RamNeed.of(component("model", "sam:memory_slots=20000"), component("task", "copy"), 32)
    assert need.kept / 3 <= measured("train", 20_000, 2 * 20 + 1, 32) <= 3 * need.kept


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak cannot start anew")
def test_what_watching_a_sparse_memory_takes_is_foretold_to_a_factor_of_two(monkeypatch):
    slots = 500_000
    need = shared_bytes(SAMModel(9, 8, memory_slots=slots))
    assert need / 2 <= measured("watch", slots, 3, 1) <= 2 * need


@pytest.mark.parametrize("model", ["sam", "sdnc"])
def test_a_sparse_memory_that_does_not_fit_is_refused_before_it_is_built(monkeypatch, model):
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: 2**30)
    text = f"{model}:memory_slots=10000000"
    need = RamNeed.of(component("model", text), component("task", "copy"), 32)
    with pytest.raises(UsageError, match=r"the memory takes .* GiB, and 1\.0 GiB of memory are free here"):
        check_fit({(text, "copy"): need})


@pytest.mark.parametrize("start", ["random", "learned"])
def test_a_start_that_memory_has_no_room_for_is_not_drawn(start):
    text = f"sam:memory_slots={10**12},memory_init={start}"
    with pytest.raises(UsageError, match=r"a tensor of .* GiB is asked for, and .* Expected a smaller model"):
        checked_model(component("model", text), checked_task(component("task", "copy")))


def test_what_does_not_depend_on_the_batch_is_taken_before_it(monkeypatch):
    need = RamNeed(2**32, 2**32, 32, shared=2**30)
    assert need.worker_bytes == WORKER_BYTES + 2**32 + 2**30
    monkeypatch.setattr("mann_bench.execution.ram.available_ram", lambda: WORKER_BYTES + 2**31)
    with pytest.raises(UsageError, match=r"Expected at most batch_size=8\.$"):
        check_fit({("sam", "copy"): need})


@pytest.mark.parametrize("model", ["sam:neighbours=129", "sam:read_heads=129", "sdnc:neighbours=129"])
def test_more_neighbours_or_heads_than_slots_are_refused_before_training(model):
    with pytest.raises(UsageError, match="must be at most memory_slots, 128, not 129"):
        RamNeed.of(component("model", model), component("task", "copy"), 32)


def component(kind, text):
    return resolve_component(Registry.discover(third_party=False), kind, text)
