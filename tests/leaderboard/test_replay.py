"""Runs that failed, there or here. Others: tests/integration/test_leaderboard.py."""

import dataclasses

import pytest
import torch

from mann_bench.core.errors import UsageError
from mann_bench.leaderboard import replay
from mann_bench.registry import Registry
from mann_bench.results.schema import ComponentRecord, ProtocolRecord, Record


@pytest.fixture
def replayed(make_run, make_record, make_failed_record, monkeypatch):
    """Return a function that replays a small run that failed as its record says, and fails as `here` says."""
    run = make_run()
    identity = {
        "key": run.key,
        "model": ComponentRecord.of(run.model),
        "task": ComponentRecord.of(run.task),
        "protocol": ProtocolRecord.of(run.protocol, run.protocol_given, run.protocol_text),
        "convergence": dataclasses.asdict(run.convergence),
        "provenance": make_record().provenance.model_copy(update={"torch": torch.__version__}),
    }

    def call(there=None, here=None):
        def train(*arguments):
            if here:
                raise here

        monkeypatch.setattr(replay, "train", train)
        made = make_failed_record().model_copy(update={"error": there}) if there else make_record()
        record = Record.model_validate({name: getattr(made, name) for name in Record.model_fields} | identity)
        return replay.replay_run(Registry.discover(third_party=False), record).compared

    return call


def test_a_run_that_failed_at_its_start_must_fail_in_the_same_way(replayed):
    there = 'Traceback\n  File "a.py", line 1\nacme.errors.NoMemoryError: no\nmore of it'
    assert not replayed(there, here=RuntimeError("no")).agrees
    same = replayed(there, here=type("NoMemoryError", (Exception,), {})())
    assert (same.agrees, same.text) == (True, "the run failed with NoMemoryError, the replay with NoMemoryError.")


def test_a_run_that_did_not_fail_may_not_fail_in_its_replay(replayed):
    compared = replayed(here=RuntimeError("no"))
    assert (compared.agrees, compared.text) == (False, "the replay failed with RuntimeError.")


def test_a_run_that_failed_later_cannot_be_replayed(replayed):
    with pytest.raises(UsageError, match="its start does not fail here"):
        replayed("Traceback\nOSError: disk full")
