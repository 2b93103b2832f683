"""The exact command that reproduces runs, and doing what it says."""

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from mann_bench.analysis.commands import run_commands
from mann_bench.core.errors import StoreError, UsageError
from mann_bench.core.events import Observer
from mann_bench.core.jobs import Device, Job
from mann_bench.core.runs import Run, short_key
from mann_bench.execution.plan import Block, make_plan
from mann_bench.execution.resolve import resolve_device
from mann_bench.execution.worker import execute_job
from mann_bench.leaderboard.checks.identity import requirements
from mann_bench.leaderboard.checks.publishable import REQUIREMENT
from mann_bench.registry import Registry
from mann_bench.results.schema import Provenance, Record
from mann_bench.results.store import Store


class _Installed(NamedTuple):
    """What runs were done with."""

    packages: tuple[str, ...]
    commit: str


def commands(records: Iterable[Record], out: Path) -> Iterator[str]:
    """Yield shell lines that do the runs of `records` again, with the versions that did them.

    Args:
        records: of the runs. Those that differ in their seed alone are one command.
        out: folder for the new records.

    Raises:
        UsageError: a record names a distribution or a version that is none.
    """
    where = shlex.join(["--jobs", "1", "--out", str(out)])
    for installed, group in itertools.groupby(sorted(records, key=_installed), key=_installed):
        yield shlex.join(["pip", "install", *installed.packages])
        if installed.commit:
            yield f"# mann-bench was a checkout of commit {installed.commit}"
        yield from (f"{command} {where}" for command in run_commands(group))


def _installed(record: Record) -> _Installed:
    packages = requirements(record)
    for package in packages:
        if not REQUIREMENT.fullmatch(package):
            raise UsageError(f"{record.text}: {package!r} is nothing that pip could install. Validate the entry.")
    return _Installed(tuple(packages), _commit(record.provenance))


def _commit(where: Provenance) -> str:
    """Return the commit of the package, and whether it was changed; empty where it was installed."""
    if where.git_commit is None or not re.fullmatch(r"[0-9a-f]+", where.git_commit):
        return ""
    return f"{where.git_commit}{', with changes of its own' if where.git_dirty else ''}"


def run_of(registry: Registry, record: Record) -> Run:
    """Return the run of a record, as it is resolved here.

    Raises:
        UsageError: what is installed here would do another run.
        PluginUnavailableError: a name belongs to a plugin that cannot be used.
    """
    block = Block([record.model.text], [record.task.text], [record.protocol.text])
    run = make_plan(registry, [block], [record.seed]).runs[0]
    if run.key != record.key:
        installed = _installed(record)
        install = " ".join(installed.packages) + (f" (mann-bench at {installed.commit})" if installed.commit else "")
        raise UsageError(
            f"{record.text}: what is installed here has another version of its model, task or protocol, and would do "
            f"run {short_key(run.key)}, not {short_key(record.key)}. Try: pip install {install}."
        )
    return run


def run_again(registry: Registry, record: Record, out: Path, observe: Observer) -> Record:
    """Do the run of a record again, with its backend and threads, and return its new record.

    Args:
        registry: answers which models, tasks and protocols there are.
        record: of the run.
        out: folder for the new record; what it holds of this run is replaced.
        observe: is told what happens.

    Raises:
        UsageError: as of `run_of`.
        PluginUnavailableError: as of `run_of`.
        StoreError: there is no new record.
    """
    return do_run(run_of(registry, record), record, out, observe)


def device_for(record: Record) -> Device:
    """Return where the run of a record is done again: on a GPU where it was and there is one, else on the CPU."""
    return resolve_device("auto" if record.provenance.device == "cuda" else "cpu")


def do_run(run: Run, like: Record, out: Path, observe: Observer) -> Record:
    """Do a run with the backend and threads of a record, and return its new record; other arguments as above.

    Raises:
        StoreError: there is no new record.
    """
    execute_job(
        Job(run, device_for(like), like.backend, out, like.provenance.threads, fresh=True), observe, patient=True
    )
    found = Store(out).find(run.key)
    if found is None:
        raise StoreError(f"{like.text} was done again and left no record in {out}. Give the same command again.")
    return found
