"""What is to be done: every model on every task with every seed, less what the store already answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mann_bench.core.errors import UsageError
from mann_bench.core.runs import Outcome, Run
from mann_bench.execution.resolve import check_buildable, resolve_component, resolve_protocol
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
    registry: Registry, models: Sequence[str], tasks: Sequence[str], seeds: Sequence[int], protocol: str
) -> Plan:
    """Resolve everything that was asked for, seed by seed over all cells.

    Raises:
        UsageError: an unknown name, a wrong option, nothing to run.
        PluginUnavailableError: a name belongs to a plugin that cannot be used.
    """
    for name, given in {"model": models, "task": tasks, "seed": seeds}.items():
        if not given:
            raise UsageError(f"nothing to run: give at least one {name}.")
    resolved = resolve_protocol(registry, protocol)
    model_components = [resolve_component(registry, "model", text) for text in models]
    task_components = [resolve_component(registry, "task", text) for text in tasks]
    for task in task_components:
        for model in model_components:
            check_buildable(model, task)
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
        for seed in seeds
        for task in task_components
        for model in model_components
    )
    return Plan(list({run.key: run for run in runs}.values()))


def look_up(plan: Plan, store: Store) -> None:
    """Fill in the records that the store holds. Failed runs are done again, corrupt records set aside."""
    for run in plan.runs:
        try:
            record = store.find(run.key)
        except CorruptRecordError as error:
            plan.set_aside.append((store.set_aside(error.path), str(error)))
            continue
        if record is not None and record.outcome is not Outcome.FAILED:
            plan.cached[run.key] = record
