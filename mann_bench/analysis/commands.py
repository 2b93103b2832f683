"""The commands that repeat runs."""

import itertools
import shlex
from collections.abc import Iterable
from typing import NamedTuple

from mann_bench.core.variants import seeds_text
from mann_bench.results.schema import Record


class _Setting(NamedTuple):
    """What runs share that one command does; each field is the option of its name."""

    model: str
    task: str
    protocol: str
    device: str
    threads: int
    backend: str


def run_commands(records: Iterable[Record]) -> list[str]:
    """Return the commands that repeat runs on the device, with the threads and the backend that they had.

    Args:
        records: of the runs, in any order. Those that differ in their seed alone are one command.

    Returns: shell lines, quoted.
    """
    ordered = sorted(records, key=_setting)
    return [
        _command(setting, seeds_text(record.seed for record in group))
        for setting, group in itertools.groupby(ordered, key=_setting)
    ]


def _setting(record: Record) -> _Setting:
    where = record.provenance
    return _Setting(
        record.model.text, record.task.text, record.protocol.text, where.device, where.threads, record.backend
    )


def _command(setting: _Setting, seeds: str) -> str:
    options = {"model": setting.model, "task": setting.task, "seeds": seeds} | setting._asdict()
    words = (word for name, value in options.items() for word in (f"--{name}", str(value)))
    return shlex.join(["mann-bench", "run", *words])
