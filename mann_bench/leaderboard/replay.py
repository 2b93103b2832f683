"""Repeat the start of a run, in seconds: its untrained model, and its first steps."""

import re
from typing import NamedTuple

import pytorch_lightning as pl

from mann_bench.core.backends import Backend
from mann_bench.core.errors import UsageError
from mann_bench.core.events import Evaluated, Event, Notice
from mann_bench.core.global_settings import run_settings
from mann_bench.core.jobs import Device
from mann_bench.core.runs import Run
from mann_bench.core.streams import torch_seed
from mann_bench.core.turns import GENERATORS
from mann_bench.execution.arithmetic import provenance_here
from mann_bench.leaderboard.compare import Compared, compare_starts, other_sample, same_weights, why_inexact
from mann_bench.leaderboard.reproduce import device_for, run_of
from mann_bench.leaderboard.schema import Comparison
from mann_bench.models.base import draws_portably
from mann_bench.models.building import build_model, build_task
from mann_bench.registry import Registry
from mann_bench.results.schema import CurveRow, InitialWeightsRecord, Provenance, Record
from mann_bench.training.trainer import train
from mann_bench.training.weights import weights_digest, weights_of

LAST_STEP = 200
"""The step after which processors of different types still agree."""


class Replayed(NamedTuple):
    """What a replay found, and on what."""

    compared: Compared
    here: Provenance


class _EnoughError(Exception):
    """All evaluations that were asked for are there."""


class _Start(NamedTuple):
    """The first evaluations of a run, why it failed before them, and what was said of its backend."""

    rows: list[CurveRow]
    error: str | None
    notices: list[str]


def replay_run(registry: Registry, record: Record, steps: int = LAST_STEP) -> Replayed:
    """Repeat the start of a run, with its backend and threads, and compare its evaluations.

    Args:
        registry: answers which models, tasks and protocols there are.
        record: of the run; it may have failed or diverged.
        steps: the replay ends with the last evaluation that is not after this step.

    Raises:
        UsageError: the run cannot be replayed: its model, task or protocol is installed in another version, it starts
            from other weights here, or it failed later than the replay goes.
        PluginUnavailableError: a name belongs to a plugin that cannot be used.
    """
    run = run_of(registry, record)
    device = device_for(record)
    with GENERATORS, run_settings(record.provenance.threads):
        here = provenance_here(device, record.backend, record.provenance.threads)
        weights = _initial_weights(run)
        if record.error is None and (why := other_sample(record, weights, here)):
            raise UsageError(f"{record.text} cannot be replayed: {why}.")
        every = record.protocol.integer("evaluate_every")
        start = _start(run, device, record.backend, min(steps // every * every, run.protocol.max_steps))
    if record.error is not None or start.error is not None:
        return Replayed(_compare_failures(record, start), here)
    why = "; ".join(start.notices) or why_inexact(record, here, record.backend)
    compared = compare_starts(record, start.rows, why)
    if (equal := same_weights(record, weights)) is not None:
        text = f"initial weights {'equal' if equal else 'DIFFER'}, {compared.text}"
        compared = compared._replace(agrees=compared.agrees and equal, text=text)
    return Replayed(compared, here)


def _initial_weights(run: Run) -> InitialWeightsRecord | None:
    """Return the weights before training; None where there are none: the replay then fails as well."""
    pl.seed_everything(torch_seed(run.seed), verbose=False)
    try:
        model = build_model(run.model, build_task(run.task))
        model.draw_weights(run.seed)
    except Exception:
        return None
    return InitialWeightsRecord(sha256=weights_digest(weights_of(model)), portable=draws_portably(model))


def _start(run: Run, device: Device, backend: Backend, last: int) -> _Start:
    start = _Start([], None, [])

    def listen(event: Event) -> None:
        if isinstance(event, Notice):
            start.notices.append(event.text.rstrip("."))
        if isinstance(event, Evaluated):
            start.rows.append(CurveRow.of(event.point))
            if event.point.step >= last:
                raise _EnoughError

    try:
        train(run, device, backend, listen)
    except _EnoughError:
        return start
    except Exception as error:
        return start._replace(error=f"{type(error).__name__}: {error}")
    return start  # it diverged before


def _compare_failures(record: Record, start: _Start) -> Compared:
    """A run that failed must fail in the same way, and no other run may."""
    if record.error is None:
        return Compared(Comparison.STATISTICAL, False, f"the replay failed with {_kind(start.error)}.")
    if start.error is None:
        raise UsageError(f"{record.text} cannot be replayed: it failed, and its start does not fail here.")
    kinds = _kind(record.error), _kind(start.error)
    text = "the run failed with {}, the replay with {}.".format(*kinds)
    return Compared(Comparison.STATISTICAL, kinds[0] == kinds[1], text)


def _kind(error: str | None) -> str:
    """Return the name of the exception of a traceback."""
    found = re.findall(r"^([A-Za-z_][\w.]*)(?=:|$)", error or "", re.MULTILINE)
    return found[-1].rpartition(".")[2] if found else "an unnamed exception"
