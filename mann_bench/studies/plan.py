"""Resolve a study: its runs, and for each claim the runs that it speaks of."""

import itertools
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from mann_bench.core.errors import UsageError, located
from mann_bench.core.runs import Run
from mann_bench.core.variants import parse_seeds
from mann_bench.execution.plan import Block, CellName, Plan, by_cell, make_plan
from mann_bench.registry import Registry
from mann_bench.statistics.looks import Looks
from mann_bench.studies.claim_runs import claim_runs
from mann_bench.studies.claims import ClaimRuns
from mann_bench.studies.loading import load_study, study_file
from mann_bench.studies.names import check_distinct, component_texts, protocol_texts
from mann_bench.studies.schema import Cells, Study


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


def plan_study(registry: Registry, text: str) -> StudyPlan:
    """Return the plan of a study that is given by its name or by the path of its file.

    Raises:
        UsageError: what it names does not exist or does not fit; the message names the key and the remedy.
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
    return StudyPlan(study, Plan([run for run in runs if run.seed in seeds]), looks, cells, claims)


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
