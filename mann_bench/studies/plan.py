"""Resolve a study: its runs, and for each claim the runs that it speaks of."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from mann_bench.core.errors import UsageError, located
from mann_bench.core.variants import parse_seeds
from mann_bench.execution.plan import Block, Plan, by_cell, make_plan
from mann_bench.registry import Registry
from mann_bench.studies.claim_runs import claim_runs
from mann_bench.studies.claims import ClaimRuns
from mann_bench.studies.loading import load_study, study_file
from mann_bench.studies.names import component_texts, protocol_texts
from mann_bench.studies.schema import Cells, Study


@dataclass(frozen=True)
class StudyPlan:
    """A study, all of its runs, and the runs of each claim in the order of the file."""

    study: Study
    plan: Plan
    claims: Sequence[ClaimRuns]


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
        plan = make_plan(registry, blocks, parse_seeds(study.seeds))
        cells, claims = by_cell(plan.runs), []
        for index, claim in enumerate(study.claims):
            with located(f"claims[{index}]", "."):
                claims.append(claim_runs(registry, claim, cells, protocols))
    return StudyPlan(study, plan, claims)


def _protocols(registry: Registry, given: Sequence[str]) -> list[str]:
    """Return the canonical texts of the study's protocols, none of which may stand there twice."""
    texts = protocol_texts(registry, given, "protocols")
    for index, text in enumerate(texts):
        if (first := texts.index(text)) != index:
            raise UsageError(
                f"protocols[{index}]: {given[index]!r} is the same protocol as {given[first]!r}. Remove one of them."
            )
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
