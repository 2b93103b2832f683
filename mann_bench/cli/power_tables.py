"""What `study power` prints: how many seeds each claim and pair needs, and how long they take."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mann_bench.cli.columns import aligned, prose
from mann_bench.cli.study_tables import time_text
from mann_bench.core.message_text import counted
from mann_bench.core.runs import CellName, Run
from mann_bench.execution.estimate import Seconds, seconds_in_parallel, seconds_of_cells
from mann_bench.results.outlines import Outline
from mann_bench.statistics.power import MOST, POWER, SAMPLES, SEED
from mann_bench.studies.growing import Standing
from mann_bench.studies.power import Need


class Effort(NamedTuple):
    """What is to be done.

    Attributes:
        runs: how many.
        taken: how long they take, in all processes; None where no run tells how long one of some cell takes.
    """

    runs: int
    taken: Seconds | None

    @property
    def time(self) -> str:
        """How long it takes, for people."""
        return "unknown" if self.taken is None else time_text(self.taken) if self.runs else "-"


@dataclass(frozen=True)
class Outlook:
    """A study, what it needs, and where that will be done.

    Attributes:
        standing: what its records decide.
        needs: of its claims and pairs.
        outlines: of runs, from which is told how long runs take.
        device_name: of the CPU or GPU that will do them.
        workers: processes at the same time.
    """

    standing: Standing
    needs: Sequence[Need]
    outlines: Sequence[Outline]
    device_name: str
    workers: int

    def effort(self, seeds: Mapping[CellName, int]) -> Effort:
        """Return what it takes for cells to have so many seeds, judged by runs here, else by runs anywhere."""
        runs = [run for name, size in seeds.items() for run in self._lacking(name, size)]
        here = seconds_of_cells(runs, [each for each in self.outlines if each.device_name == self.device_name])
        anywhere = seconds_of_cells(runs, self.outlines)
        seconds = {name: anywhere[name] if own is None else own for name, own in here.items()}
        known = all(each is not None for each in seconds.values())
        return Effort(len(runs), seconds_in_parallel(seconds, self.workers) if known else None)

    def _lacking(self, name: CellName, size: int) -> list[Run]:
        # How long a run takes does not depend on its seed.
        return [self.standing.planned.cells[name][0]] * max(0, size - self.standing.seeds[name])

    def of(self, need: Need) -> Effort:
        """Return what it takes to decide one claim or pair."""
        return self.effort(dict.fromkeys(need.cells, need.seeds or 0))

    @property
    def together(self) -> Effort:
        """What it takes to decide all of which is known how many seeds they need; they share the seeds of a cell."""
        seeds: dict[CellName, int] = {}
        for need in self.needs:
            seeds |= {name: max(need.seeds or 0, seeds.get(name, 0)) for name in need.cells}
        return self.effort(seeds)


def power_lines(outlook: Outlook) -> Iterator[str]:
    """Yield a table of what claims and pairs need, and how that is known."""
    if not outlook.needs:
        yield "The study makes no claims and has no pairs of models."
        return
    rows = [["", "task", "has seeds", "needs seeds", "runs to do", "time"]]
    for need in outlook.needs:
        effort = outlook.of(need)
        tasks = dict.fromkeys(name.task for name in need.cells)
        todo = [str(effort.runs), effort.time] if need.seeds else ["-", "-"]
        has = min(outlook.standing.seeds[name] for name in need.cells)
        rows.append([f"{need.kind} {need.name}", ", ".join(tasks), str(has), _needs_text(need), *todo])
    yield from aligned(rows, headed=True)
    yield ""
    yield prose(
        f"needs seeds: of each of its cells, to be decided with a probability of {POWER:g}, at "
        f"{outlook.standing.planned.looks.words()}; {SAMPLES} samples of each size, drawn from the records at hand "
        f"with replacement, seed {SEED}."
    )
    effort, processes = outlook.together, counted(outlook.workers, "process", "processes")
    yield f"All that {MOST} seeds decide: {counted(effort.runs, 'run')}, time {effort.time} in {processes}."


def power_json(outlook: Outlook, need: Need) -> str:
    """Return what a claim or a pair needs as a line of JSON; seconds are those of its runs in all processes."""
    effort = outlook.of(need)
    row = {
        "kind": need.kind,
        "name": need.name,
        "cells": [name._asdict() for name in need.cells],
        "has_seeds": min(outlook.standing.seeds[name] for name in need.cells),
        "needs_seeds": need.seeds,
        "more_than": MOST if need.seeds is None and need.known is None else None,
        "known": need.known,
        "runs": effort.runs if need.seeds else None,
        "seconds": effort.taken.seconds if need.seeds and effort.taken else None,
        "workers": outlook.workers,
    }
    return json.dumps(row)


def _needs_text(need: Need) -> str:
    return need.known or (f"more than {MOST}" if need.seeds is None else str(need.seeds))
