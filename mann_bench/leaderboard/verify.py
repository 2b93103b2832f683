"""Check what an entry states by doing it again: runs from their seeds, tests from their weights."""

import datetime
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from mann_bench.analysis.cells import cells
from mann_bench.core.backends import Backend
from mann_bench.core.errors import StoreError
from mann_bench.core.events import Observer
from mann_bench.core.global_settings import run_settings
from mann_bench.core.streams import Stream
from mann_bench.evaluation.measure import grid_scores
from mann_bench.execution.arithmetic import provenance_here
from mann_bench.execution.restore import restore
from mann_bench.leaderboard.compare import Compared, compare_runs, compare_tests, why_inexact
from mann_bench.leaderboard.files import LoadedEntry, entry_content
from mann_bench.leaderboard.fresh import compare_fresh, drawn_cell, fresh_seeds
from mann_bench.leaderboard.replay import LAST_STEP, replay_run
from mann_bench.leaderboard.reproduce import device_for, run_again
from mann_bench.leaderboard.schema import Check, Entry, Evidence, earned_badge
from mann_bench.leaderboard.traces import TOLERANCE, same_trace
from mann_bench.models.preparation import prepare
from mann_bench.registry import Registry
from mann_bench.results.files import write_atomically
from mann_bench.results.schema import Provenance, Record, SizeRow
from mann_bench.results.store import RECORD_NAME, WEIGHTS_NAME, Store


def choose(records: Sequence[Record], count: int, seed: int) -> list[Record]:
    """Return `count` records drawn at random, however the runs ended; all of them where there are fewer.

    The same records in whatever order and the same seed give the same choice.
    """
    ordered = sorted(records, key=lambda record: record.key)
    drawn = np.random.default_rng(seed).permutation(len(ordered))[:count]
    return [ordered[index] for index in drawn]


def rerun(registry: Registry, loaded: LoadedEntry, record: Record, observe: Observer) -> Evidence:
    """Do a run of an entry again in a temporary folder and compare; raises as `run_again`."""
    with tempfile.TemporaryDirectory() as folder:
        again = run_again(registry, record, Path(folder), observe)
    compared = compare_again(loaded.records, record, again)
    return _evidence(loaded, record, Check.RERUN, compared, again.backend, again.provenance)


def replay(registry: Registry, loaded: LoadedEntry, record: Record, steps: int = LAST_STEP) -> Evidence:
    """Repeat the start of a run of an entry and compare; raises as `replay_run`."""
    compared, here = replay_run(registry, record, steps)
    return _evidence(loaded, record, Check.REPLAY, compared, record.backend, here)


def verify_fresh(registry: Registry, loaded: LoadedEntry, count: int, seed: int, observe: Observer) -> Evidence:
    """Do runs of fresh seeds for a cell of an entry, both drawn by `seed`, and compare; raises as `run_of`."""
    cell = drawn_cell(registry, loaded.records, seed)
    fresh = compare_fresh(registry, cell, fresh_seeds(cell, count, seed), observe)
    again = fresh.records[0]
    return _evidence(loaded, cell.records[0], Check.FRESH, fresh.compared, again.backend, again.provenance)


def compare_again(records: Iterable[Record], record: Record, again: Record) -> Compared:
    """Compare a run that was done again with its record, one of `records`."""
    cell = next(cell.records for cell in cells(records) if any(each.key == record.key for each in cell.records))
    return compare_runs(record, again, cell)


def remeasure_all(registry: Registry, loaded: LoadedEntry, weights: Path) -> Iterator[Evidence]:
    """Measure all runs of an entry whose weights lie in a folder; raises as `remeasure`, and where there are none."""
    found = [
        record
        for record in loaded.records
        if record.weights_sha256 is not None and (Store(weights).folder(record.key) / WEIGHTS_NAME).exists()
    ]
    if not found:
        raise StoreError(f"{weights}: no weights of this entry. Expected <run key>/{WEIGHTS_NAME}.")
    return (remeasure(registry, loaded, record, weights) for record in found)


def remeasure(registry: Registry, loaded: LoadedEntry, record: Record, weights: Path) -> Evidence:
    """Measure the weights of a run on the test stream again, and compare.

    Args:
        registry: answers which models and tasks there are.
        loaded: the entry.
        record: one of its records.
        weights: a folder that holds <run key>/weights.safetensors.

    Raises:
        StoreError: the weights are missing, or not those of the record.
        UsageError: the model or task is installed in another version than the one that ran.
        PluginUnavailableError: the plugin that brought the model or the task cannot be used.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = Store(Path(folder)).write(record, None)
        source = Store(weights).folder(record.key) / WEIGHTS_NAME
        try:
            shutil.copyfile(source, run / WEIGHTS_NAME)
        except OSError as error:
            raise StoreError(f"{source}: the weights cannot be read: {error.strerror}.") from error
        restored = restore(registry, run / RECORD_NAME)
    traced = next((same_trace(trace, restored) for trace in loaded.traces if trace.key == record.key), None)
    _, model, task = restored
    device = device_for(record)
    backend = prepare(
        model.to(device), record.backend, record.protocol.integer("max_steps"), record.protocol.integer("batch_size")
    ).backend
    with run_settings(record.provenance.threads):
        here = provenance_here(device, backend, record.provenance.threads)
        rows = grid_scores(model, task, Stream.TEST, record.protocol.integer("test_sequences"))
    compared = compare_tests(record, [SizeRow.of(row) for row in rows], why_inexact(record, here, backend))
    if traced is not None:
        text = f"{compared.text} Its trace: {f'within {TOLERANCE:.0%} of its scales' if traced else 'differs'}."
        compared = compared._replace(agrees=compared.agrees and traced, text=text)
    return _evidence(loaded, record, Check.WEIGHTS, compared, backend, here)


def write_evidence(loaded: LoadedEntry, found: Iterable[Evidence]) -> Entry:
    """Add evidence to an entry, in place of older of the same run, set its badge and write it; return it."""
    known = {(each.check, each.key): each for each in (*loaded.entry.evidence, *found)}
    evidence = [known[place] for place in sorted(known)]
    entry = loaded.entry.model_copy(update={"evidence": evidence, "badge": earned_badge(loaded.entry.runs, evidence)})
    try:
        write_atomically({loaded.entry_file: entry_content(entry)})
    except OSError as error:
        raise StoreError(f"{loaded.entry_file}: cannot be written: {error.strerror}.") from error
    return entry


def _evidence(
    loaded: LoadedEntry, record: Record, check: Check, compared: Compared, backend: Backend, here: Provenance
) -> Evidence:
    digests = {run.key: run.sha256 for run in loaded.entry.runs}
    return Evidence(
        check=check,
        key=record.key,
        sha256=digests[record.key],
        comparison=compared.comparison,
        agrees=compared.agrees,
        text=compared.text,
        backend=backend,
        device_name=here.device_name,
        torch=here.torch,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
