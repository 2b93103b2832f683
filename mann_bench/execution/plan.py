"""What is to be done: every model on every task with every seed, less what the store already answers."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import SupportsIndex

from mann_bench.core.errors import UsageError
from mann_bench.core.runs import Outcome, Run
from mann_bench.core.variants import LARGEST_SEED
from mann_bench.execution.resolve import checked_model, checked_task, resolve_component, resolve_protocol
from mann_bench.registry import Registry
from mann_bench.results.schema import Record
from mann_bench.results.store import CorruptRecordError, Store


@dataclass
class Plan:
    """The runs that were asked for, in order, and the records that exist already.

    Attributes:
        runs: all runs, each once.
        cached: records that answer a run, by key.
        set_aside: corrupt records that were renamed; their runs are done again.
    """

    runs: list[Run]
    cached: dict[str, Record] = field(default_factory=dict)
    set_aside: list[tuple[Path, str]] = field(default_factory=list)

    @property
    def missing(self) -> list[Run]:
        """The runs that have to be executed."""
        return [run for run in self.runs if run.key not in self.cached]


def make_plan(
    registry: Registry, models: Sequence[str], tasks: Sequence[str], seeds: Sequence[SupportsIndex], protocol: str
) -> Plan:
    """Resolve everything that was asked for, seed by seed over all cells.

    Raises:
        UsageError: an unknown name, a wrong option, nothing to run.
        PluginUnavailableError: a name belongs to a plugin that cannot be used.
    """
    for name, given in {"model": models, "task": tasks, "seed": seeds}.items():
        if isinstance(given, str):
            raise UsageError(f"{name}s must be a list, not the text {given!r}.")
        if not given:
            raise UsageError(f"nothing to run: give at least one {name}.")
    resolved = resolve_protocol(registry, protocol)
    model_components = [resolve_component(registry, "model", text) for text in models]
    task_components = [resolve_component(registry, "task", text) for text in tasks]
    for task in map(checked_task, task_components):
        for model in model_components:
            checked_model(model, task)
    runs = (
        Run(
            model=model,
            task=task,
            convergence=registry.task(task.name).spec.convergence,
            protocol=resolved.protocol,
            protocol_given=resolved.given,
            protocol_text=resolved.text,
            seed=seed,
        )
        for seed in map(_checked_seed, seeds)
        for task in task_components
        for model in model_components
    )
    return Plan(list({run.key: run for run in runs}.values()))


def _checked_seed(seed: SupportsIndex) -> int:
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if not 0 <= number <= LARGEST_SEED:
        raise UsageError(f"seed {seed!r}: expected an integer from 0 to {LARGEST_SEED}.")
    return number


def look_up(plan: Plan, store: Store, mend: bool = True) -> None:
    """Fill in the records that the store holds. Failed runs are done again, corrupt records set aside.

    Without `mend` nothing on disk is touched: corrupt records are reported where they lie.
    """
    for run in plan.runs:
        try:
            record = store.find(run.key)
        except CorruptRecordError as error:
            plan.set_aside.append((store.set_aside(error.path) if mend else error.path, str(error)))
            continue
        if record is not None and record.outcome is not Outcome.FAILED:
            plan.cached[run.key] = record
