"""What is to be done: every model on every task with every seed, less what the store already answers."""

import itertools
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, SupportsIndex, TypeVar

from mann_bench.core.errors import UsageError
from mann_bench.core.runs import CellName, Component, Outcome, Run
from mann_bench.core.variants import LARGEST_SEED, MOST_RUNS
from mann_bench.execution.mending import mend_idle
from mann_bench.execution.recording import check_recordable
from mann_bench.execution.resolve import (
    checked_model,
    checked_syllabus,
    checked_task,
    resolve_component,
    resolve_protocol,
)
from mann_bench.models.base import SequenceModule, own_training
from mann_bench.registry import Registry
from mann_bench.results.schema import Record
from mann_bench.results.store import CorruptRecordError, NewerRecordError, Store
from mann_bench.tasks.base import SequenceTask

Item = TypeVar("Item")

_MOST_DIGITS = 9


class Block(NamedTuple):
    """Every one of `models` on every one of `tasks` under every one of `protocols`, all as typed."""

    models: Sequence[str]
    tasks: Sequence[str]
    protocols: Sequence[str]


class Shard(NamedTuple):
    """The `number`-th of `parts` of a plan, counted from 1: every `parts`-th run, counted cell by cell.

    So no part has more than one run more of a cell than another: parts take about as long. Together they are the
    plan, and no two of them share a run.
    """

    number: int
    parts: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Parse ``2/8``; raises UsageError."""
        number, slash, parts = (part.strip() for part in text.partition("/"))
        digits = all(part.isascii() and part.isdecimal() and len(part) <= _MOST_DIGITS for part in (number, parts))
        if not (slash and digits and 1 <= int(number) <= int(parts)):
            raise UsageError(f"shard {text!r}: expected a part and how many there are, from 1/8 to 8/8.")
        return cls(int(number), int(parts))

    def of(self, plan: "Plan") -> "Plan":
        """Return the plan of this part's runs, before anything is looked up, so that caches move no run."""
        ordered = [run.key for runs in by_cell(plan.runs).values() for run in runs]
        chosen = set(ordered[self.number - 1 :: self.parts])
        return Plan([run for run in plan.runs if run.key in chosen])


def by_cell(runs: Iterable[Run]) -> dict[CellName, list[Run]]:
    """Return `runs` by their cell, both in the order in which they come."""
    cells: dict[CellName, list[Run]] = {}
    for run in runs:
        cells.setdefault(CellName.of(run), []).append(run)
    return cells


@dataclass
class Plan:
    """The runs that were asked for, in order, and the records that exist already.

    Attributes:
        runs: all runs, each once.
        cached: records that answer a run, by key.
        failed: records of runs that failed and are done again, by key.
        set_aside: corrupt records that were renamed; their runs are done again.
    """

    runs: list[Run]
    cached: dict[str, Record] = field(default_factory=dict)
    failed: dict[str, Record] = field(default_factory=dict)
    set_aside: list[tuple[Path, str]] = field(default_factory=list)

    @property
    def missing(self) -> list[Run]:
        """The runs that have to be executed."""
        return [run for run in self.runs if run.key not in self.cached]


def make_plan(registry: Registry, blocks: Sequence[Block], seeds: Sequence[SupportsIndex]) -> Plan:
    """Resolve everything that was asked for, each text once, and go seed by seed over all cells.

    Raises:
        UsageError: an unknown name, a wrong option, nothing to run, a cell of which no record can be kept.
        PluginUnavailableError: a name belongs to a plugin that cannot be used.
    """
    _check_asked(blocks, seeds)
    models = {text: resolve_component(registry, "model", text) for text in _each(block.models for block in blocks)}
    tasks = {text: resolve_component(registry, "task", text) for text in _each(block.tasks for block in blocks)}
    protocols = {text: resolve_protocol(registry, text) for text in _each(block.protocols for block in blocks)}
    built = {text: checked_task(task) for text, task in tasks.items()}
    for task, model in _each(itertools.product(block.tasks, block.models) for block in blocks):
        trained = checked_model(models[model], built[task])
        for text in _each(block.protocols for block in blocks if model in block.models and task in block.tasks):
            _check_syllabus(protocols[text].syllabus, built[task], models[model], trained)
    runs = [
        Run(
            model=models[model],
            task=tasks[task],
            convergence=registry.task(tasks[task].name).spec.convergence,
            protocol=protocols[protocol].protocol,
            protocol_given=protocols[protocol].given,
            protocol_text=protocols[protocol].text,
            seed=seed,
            syllabus=protocols[protocol].syllabus,
        )
        for seed in map(_checked_seed, seeds)
        for block in blocks
        for protocol in block.protocols
        for task in block.tasks
        for model in block.models
    ]
    for run in runs[: len(runs) // len(seeds)]:  # each cell once, with the first seed
        check_recordable(run)
    return Plan(list({run.key: run for run in runs}.values()))


def _check_syllabus(component: Component | None, task: SequenceTask, model: Component, trained: SequenceModule) -> None:
    """Raise UsageError where a syllabus cannot be followed on a task, or by a model."""
    if component is None:
        return
    syllabus = checked_syllabus(component, task)
    if syllabus.needs_trained and "training_step" in own_training(trained):
        raise UsageError(
            f"syllabus {component.text!r} has to be told of each training step, and model {model.text!r} has its own "
            "training_step, which tells nothing. Use another syllabus for it."
        )


def _each(lists: Iterable[Iterable[Item]]) -> Iterable[Item]:
    """Return what stands in any of `lists`, in order, each once."""
    return dict.fromkeys(itertools.chain.from_iterable(lists))


def _check_asked(blocks: Sequence[Block], seeds: Sequence[SupportsIndex]) -> None:
    lists = [(name, given) for block in blocks for name, given in block._asdict().items()]
    for name, given in [("blocks", blocks), *lists, ("seeds", seeds)]:
        if isinstance(given, str):
            raise UsageError(f"{name} must be a list, not the text {given!r}.")
        if not given:
            raise UsageError(f"nothing to run: give at least one {name[:-1]}.")
    runs = len(seeds) * sum(len(block.models) * len(block.tasks) * len(block.protocols) for block in blocks)
    if runs > MOST_RUNS:
        raise UsageError(
            f"{runs:,} runs: expected at most {MOST_RUNS:,} at once. Give fewer seeds, or several commands."
        )


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

    What a killed process left half done is finished or undone, unless another one is at the run. A record of a newer
    version of mann-bench is neither answer nor corrupt: it is refused.

    Without `mend` nothing on disk is touched: corrupt records are reported where they lie.
    """
    for run in plan.runs:
        if mend:
            mend_idle(store, run.key)
        try:
            record = store.find(run.key)
        except CorruptRecordError as error:
            if mend and isinstance(error, NewerRecordError):
                raise
            plan.set_aside.append((store.set_aside(error.path) if mend else error.path, str(error)))
            continue
        if record is not None:
            (plan.failed if record.outcome is Outcome.FAILED else plan.cached)[run.key] = record
