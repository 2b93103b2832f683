"""What came out, in words, from claims and tests alone: sentences for the first page, and its tasks in short."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from mann_bench.analysis.comparable import Model
from mann_bench.analysis.matrix import Column
from mann_bench.analysis.ranking import By
from mann_bench.core.message_text import counted
from mann_bench.reporting.tables.ranks import RANK_TITLES
from mann_bench.site.board import Board
from mann_bench.site.front import Figure, Front, Generalization, Place, Task
from mann_bench.site.front_claims import claims_sentences
from mann_bench.site.safe_text import shown_variant
from mann_bench.site.sentence import MOST, Item, Sentence

_BETTER = {
    By.STEPS: "{better} converges sooner than {worse} on {task}",
    By.SOLVED: "more seeds of {better} than of {worse} solve {task}",
    By.GENERALIZING: "{better} generalises sooner than {worse} on {task}",
    By.ERROR: "{better} errs less than {worse} at the longest size of {task}",
}


class Short(NamedTuple):
    """A task in short: what its cells have in common, and which models come first."""

    task: str
    protocol: str
    seeds: str
    solved: str
    soonest: str
    generalizing: str
    told: str


def sentences(boards: Sequence[Board], front: Front) -> list[Sentence]:
    """Return what came out: of claims, of pairs that are told apart, and of generalising."""
    if not front.tasks:
        return []
    return [*claims_sentences(boards), *_told_apart(front), *_generalizing(front), *_elsewhere(front)]


def in_short(front: Front) -> list[Short]:
    """Return each task in short."""
    return [
        Short(
            shown_variant(task.column.task), shown_variant(task.column.protocol), count_range(*task.seeds),
            _first(task, _share_solved, _solved),
            _soonest(task), _generalizing_most(task, front.left),
            told_text(task),
        )
        for task in front.tasks
    ]  # fmt: skip


def told_text(task: Task) -> str:
    """Return how many pairs the steps tell apart, ``3 of 15 pairs told apart``, or why none can be."""
    steps = task.column.ranked[By.STEPS]
    if not steps.pairs:
        return "nothing to compare"
    if not task.decidable:
        return f"too few seeds to tell any pair apart: it takes {task.needed}"
    return f"{steps.decided:,} of {steps.pairs:,} pairs told apart"


def count_range(least: int, most: int) -> str:
    """Return ``5``, or ``3 to 5``."""
    return str(most) if least == most else f"{least} to {most}"


def _told_apart(front: Front) -> list[Sentence]:
    """Return which pairs are told apart, and what it takes where seeds are too few."""
    several = [task for task in front.tasks if task.column.ranked[By.STEPS].pairs]
    able, unable = [task for task in several if task.decidable], [task for task in several if not task.decidable]
    if not several:
        return [Sentence("No task has two models to compare yet.")]
    if not able:
        return [Sentence(f"Of {_pairs(unable)}, none can be told apart yet: {_too_few(unable)}.")]
    counts = {by: sum(task.column.ranked[by].decided for task in able) for by in By}
    told = ", ".join(f"{count:,} by {RANK_TITLES[by]}" for by, count in counts.items() if count)
    found = [Item(text) for by in By for task in able for text in _better_texts(task.column, by)]
    where = f"Of {_pairs(able)}, {f'tests tell apart {told}:' if found else 'none is told apart.'}"
    if not unable:
        return [Sentence(where, found)]
    enough = f"On {len(able):,} of {len(several):,} tasks the seeds are enough to tell models apart."
    return [
        Sentence(f"{enough} {where}", found),
        Sentence(f"On the other tasks no pair can be told apart yet: {_too_few(unable)}."),
    ]


def _pairs(tasks: Sequence[Task]) -> str:
    return f"{counted(sum(task.column.ranked[By.STEPS].pairs for task in tasks), 'pair')} of models on a task"


def _too_few(tasks: Sequence[Task]) -> str:
    """Return how many seeds the models of tasks have, and how many they need."""
    has = count_range(min(task.seeds[0] for task in tasks), max(task.seeds[1] for task in tasks))
    needs = count_range(min(task.needed for task in tasks), max(task.needed for task in tasks))
    seeds = "seed" if has == "1" else "seeds"
    return f"models have {has} {seeds}, and it takes {needs} of each to tell apart one pair among all pairs of a task"


def _better_texts(column: Column, by: By) -> list[str]:
    """Return a text for each model that is better than others, which it names."""
    names, worse = [_name(model) for model in column.places], defaultdict(list)
    for better, other in column.ranked[by].told_apart:
        worse[better].append(names[other])
    task = shown_variant(column.task)
    return [
        _BETTER[by].format(better=names[place], worse=_joined(others), task=task) for place, others in worse.items()
    ]


def _joined(names: Sequence[str]) -> str:
    """Return ``a``, ``a and b``, or ``a, b and c``."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _generalizing(front: Front) -> list[Sentence]:
    """Return the cells of which all seeds master the longest test size, and those of which some do."""
    shares = [
        (_share_generalizing(figure), f"{_name(model)} on {shown_variant(task.column.task)} ({_generalized(figure)})")
        for task in front.tasks
        for model, figure in task.figures.items()
    ]
    every = [Item(text) for share, text in shares if share == 1]
    some = [Item(text) for share, text in sorted(shares, key=lambda each: -each[0]) if 0 < share < 1]
    where = "Under the protocols of the table below"
    if not every and not some:
        return [Sentence(f"{where}, no seed generalises to the longest test size yet.")]
    return [
        Sentence(f"{where}, {seeds} of these generalise to the longest test size:", items)
        for seeds, items in (("all seeds", every), ("some seeds", some))
        if items
    ]


def _elsewhere(front: Front) -> list[Sentence]:
    """Return the cells of other protocols of which seeds generalise, as links; nothing where there is none."""
    links = [
        Item(f"{_cell_name(each.place)} ({each.share.count_text}, {each.place.board})", each.place.link)
        for each in front.left
    ]
    text = "Under other protocols, which their boards alone show, seeds of these generalise to it too:"
    return [Sentence(text, links)] if links else []


def _cell_name(place: Place) -> str:
    return f"{shown_variant(place.cell.model)} on {shown_variant(place.cell.task)}"


def _generalizing_most(task: Task, left: Sequence[Generalization]) -> str:
    """Return the models of which most seeds generalise, and the first of those under other protocols."""
    here = _first(task, _share_generalizing, _generalized)
    other = next((each for each in left if each.task == task.column.task), None)
    if other is None:
        return here
    name = shown_variant(other.place.cell.model)
    return f"{here}; under another protocol {name}: {other.share.count_text} ({other.place.board})"


def _listed(texts: Sequence[str]) -> str:
    more = len(texts) - MOST
    return ", ".join([*texts[:MOST], *([f"{more:,} more"] if more > 0 else [])])


def _name(model: Model) -> str:
    return shown_variant(model.text)


def _first(task: Task, share: Callable[[Figure], float], words: Callable[[Figure], str]) -> str:
    """Return the models with the greatest share, and that share of each number of seeds."""
    most = max(map(share, task.figures.values()))
    if most == 0:
        return "no seed of any model"
    named: dict[str, list[str]] = {}
    for model, figure in task.figures.items():
        if share(figure) == most:
            named.setdefault(words(figure), []).append(_name(model))
    return "; ".join(f"{_listed(names)}: {text}" for text, names in named.items())


def _soonest(task: Task) -> str:
    reached = {_name(model): figure.row.steps.estimate.value for model, figure in task.figures.items()}
    steps = min(reached.values())
    if steps == math.inf:
        return f"none within {task.budget:,}"
    return f"{_listed([name for name, value in reached.items() if value == steps])}: {steps:,.0f}"


def _share_solved(figure: Figure) -> float:
    return figure.row.solved.value


def _solved(figure: Figure) -> str:
    return figure.row.solved.count_text


def _share_generalizing(figure: Figure) -> float:
    share = figure.generalizing and figure.generalizing.generalizing
    return share.value if share else 0.0


def _generalized(figure: Figure) -> str:
    share = figure.generalizing and figure.generalizing.generalizing
    return share.count_text if share else "-"
