"""Resolve a study: its runs, and for each claim the runs that it speaks of."""

import dataclasses
import itertools
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mann_bench.core.errors import UsageError, located
from mann_bench.core.runs import CellName, Run
from mann_bench.core.variants import parse_seeds
from mann_bench.execution.plan import Block, Plan, by_cell, make_plan
from mann_bench.registry import Registry
from mann_bench.statistics.looks import Looks
from mann_bench.studies.claim_runs import claim_runs
from mann_bench.studies.claims import ClaimRuns
from mann_bench.studies.loading import load_study, study_file
from mann_bench.studies.names import check_distinct, component_texts, protocol_texts
from mann_bench.studies.schema import Cells, Study
from mann_bench.studies.tuning import run_at_rate, seeded
from mann_bench.studies.tuning_file import TunedCell, Tuning


@dataclass(frozen=True)
class StudyPlan:
    """A study, resolved.

    Attributes:
        study: as it stands in its file.
        plan: the runs of its seeds, those of the first look.
        looks: at how many seeds it is judged.
        cells: all runs that it may grow to, by cell, in the order of their seeds.
        claims: the runs of each claim, up to the last look, in the order of the file.
    """

    study: Study
    plan: Plan
    looks: Looks
    cells: Mapping[CellName, Sequence[Run]]
    claims: Sequence[ClaimRuns]

    @cached_property
    def names(self) -> Mapping[str, CellName]:
        """The cell of each run, by its key; runs at a tuned rate are of a cell of the study all the same."""
        return {run.key: name for name, cell in self.cells.items() for run in cell}

    @property
    def all_runs(self) -> list[Run]:
        """All runs that the study may grow to."""
        return [run for cell in self.cells.values() for run in cell]

    def begun(self, records: Container[str]) -> list[Run]:
        """Return the runs of each cell up to the look that its last record belongs to, by their keys."""
        runs: list[Run] = []
        for cell in self.cells.values():
            last = max((place for place, run in enumerate(cell, start=1) if run.key in records), default=1)
            runs += cell[: self.looks.after(last - 1)]
        return runs


def plan_study(registry: Registry, text: str, tuning: Tuning | None = None) -> StudyPlan:
    """Return the plan of a study that is given by its name or by the path of its file.

    Args:
        registry: answers which models, tasks and protocols there are.
        text: the name or the path.
        tuning: gives the runs of each cell a learning rate; by default they have that of the study's protocol.

    Raises:
        UsageError: what it names does not exist or does not fit; the message names the key and the remedy. The tuning
            is of another study, or lacks a cell.
        PluginUnavailableError: a name belongs to a plugin that cannot be used.
    """
    study = load_study(registry, text)
    with located(str(study_file(registry, text))):
        protocols = _protocols(registry, study.protocols)
        _check_cells(registry, study.cells)
        blocks = [Block(cells.models, cells.tasks, study.protocols) for cells in study.cells]
        seeds, looks = parse_seeds(study.seeds), study.all_looks()
        runs = make_plan(registry, blocks, range(looks.last) if study.looks else seeds).runs
        cells, claims = by_cell(runs), []
        for index, claim in enumerate(study.claims):
            with located(f"claims[{index}]", "."):
                claims.append(claim_runs(registry, claim, cells, protocols)._replace(looks=looks))
    planned = StudyPlan(study, Plan([run for run in runs if run.seed in seeds]), looks, cells, claims)
    return planned if tuning is None else at_tuned_rates(registry, planned, tuning)


def at_tuned_rates(registry: Registry, planned: StudyPlan, tuning: Tuning) -> StudyPlan:
    """Return a study whose runs have the learning rates that a tuning gives their cells, and nothing else changed.

    Raises:
        UsageError: the tuning is of another study, or not as the study states, or lacks a cell.
    """
    check_tuning(planned.study, tuning)
    found = tuning.by_name()
    cells = {name: _at_rate(registry, name, cell, found.get(name)) for name, cell in planned.cells.items()}
    seeds = {run.seed for run in planned.plan.runs}
    runs = sorted((run for cell in cells.values() for run in cell if run.seed in seeds), key=lambda run: run.seed)

    def moved(given: Sequence[Sequence[Run]]) -> list[Sequence[Run]]:
        return [cells[planned.names[cell[0].key]] for cell in given]

    claims = [
        each._replace(model=moved(each.model), against=[moved(row) for row in each.against]) for each in planned.claims
    ]
    return dataclasses.replace(planned, plan=Plan(runs), cells=cells, claims=claims)


def check_tuning(study: Study, tuning: Tuning) -> None:
    """Raise UsageError where a tuning is not of this version of a study, or not as its file states."""
    if (tuning.study, tuning.study_version) != (study.name, study.version):
        raise UsageError(
            f"the tuning is of {tuning.study}, version {tuning.study_version}, and this is {study.name}, version "
            f"{study.version}. Tune it with mann-bench tune."
        )
    if study.tuning is not None and tuning.table != study.tuning:
        raise UsageError(
            f"the tuning had {tuning.table.words()}, and {study.name} states {study.tuning.words()}. Tune it anew with "
            "mann-bench tune."
        )


def _at_rate(registry: Registry, name: CellName, cell: Sequence[Run], found: TunedCell | None) -> list[Run]:
    if found is None:
        raise UsageError(f"the tuning has no rate for {name}. Tune the study anew with mann-bench tune.")
    run = run_at_rate(registry, cell[0], found.rate)
    if run.protocol_text != found.tuned_protocol:
        raise UsageError(
            f"the tuning names {found.tuned_protocol!r} for {name}, which is {run.protocol_text!r} here. "
            "Tune the study anew with mann-bench tune."
        )
    return seeded(run, [each.seed for each in cell])


def _protocols(registry: Registry, given: Sequence[str]) -> list[str]:
    """Return the canonical texts of the study's protocols, none of which may stand there twice."""
    texts = protocol_texts(registry, given, "protocols")
    check_distinct(texts, given, "protocol")
    return texts


def _check_cells(registry: Registry, blocks: Sequence[Cells]) -> None:
    """Look all models and tasks up and see that no two of them make the same cell."""
    known: dict[tuple[str, str], str] = {}
    for index, block in enumerate(blocks):
        models = component_texts(registry, "model", block.models, f"cells[{index}].models")
        tasks = component_texts(registry, "task", block.tasks, f"cells[{index}].tasks")
        given = itertools.product(block.models, block.tasks)
        for cell, (model, task) in zip(itertools.product(models, tasks), given, strict=True):
            if cell in known:
                raise UsageError(
                    f"cells[{index}]: {model!r} on {task!r} is the same cell as {known[cell]}. Remove one of them."
                )
            known[cell] = f"{model!r} on {task!r} in cells[{index}]"
