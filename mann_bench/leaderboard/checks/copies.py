"""Find runs that stand in a leaderboard twice, and curves that were copied from one run to another."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from mann_bench.leaderboard.checks.similar import similar_curves
from mann_bench.leaderboard.faults import Fault, FaultName
from mann_bench.leaderboard.files import LoadedEntry
from mann_bench.results.keys import identity
from mann_bench.results.schema import Record

_COPIED_FROM = 0.5
"""Share of equal evaluations from which a curve counts as copied."""


_SAME_RATIO = 1e-6
"""Share by which ratios of seconds differ at most where one list was made from the other."""


class _Place(NamedTuple):
    entry: LoadedEntry
    record: Record

    @property
    def words(self) -> str:
        return f"{self.record.text} in {self.entry.folder.name}"

    def fault(self, name: FaultName, text: str) -> Fault:
        return Fault(name, self.entry.record_file(self.record.key), None, text)


def duplicates(entries: Iterable[LoadedEntry]) -> Iterator[Fault]:
    """Yield runs that stand in two entries of a study and are no replication, a fault for each of the two.

    A replication is by another submitter, and took seconds of its own: no two executions of a run take the same.
    """
    holders: dict[str, list[_Place]] = defaultdict(list)
    for place in _places(entries):
        holders[place.record.key].append(place)
    for places in holders.values():
        for place, other in itertools.permutations(places, 2):
            one, two = place.entry.entry, other.entry.entry
            if _same_seconds(place.record, other.record):
                text = (
                    f"{other.words} is the same run, done once. A run belongs to one entry: leave it out of the other."
                )
                yield place.fault(FaultName.DUPLICATE, text)
            elif one.name == two.name or one.url == two.url:
                text = (
                    f"{other.words} is the same run of the same submitter. Leave it out of one, so that none is chosen."
                )
                yield place.fault(FaultName.DUPLICATE, text)


def copied_curves(entries: Iterable[LoadedEntry]) -> Iterator[Fault]:
    """Yield runs, with different keys, of which half of the evaluations or more are equal, whatever their studies.

    Losses are floating-point numbers after many random steps: two runs do not share them by chance. Which of the two
    is the copy is not known, so there is a fault for each. The same model and seed under another protocol is let
    pass, for the two may differ in nothing that was reached.
    """
    places = {place.record.key: place for place in _places(entries)}
    shared: Counter[tuple[str, str]] = Counter()
    for first, *others in _alike(places.values()):
        # Each with the first: enough to find all copies, and of very many they are not squared.
        shared.update(pair for other in others for pair in ((first, other), (other, first)))
    for (key, other_key), count in shared.items():
        place, other = places[key], places[other_key]
        shorter = min(len(_evaluations(place.record)), len(_evaluations(other.record)))
        if count >= _COPIED_FROM * shorter and not _same_training(place.record, other.record):
            text = f"{count} of {shorter} evaluations are those of {other.words}. Remove the copy."
            yield place.fault(FaultName.COPIED_CURVE, text)


def disguised_curves(entries: Iterable[LoadedEntry]) -> Iterator[Fault]:
    """Yield runs, with different keys, whose curves are one but for a shift, a scale or a little noise.

    Variants of one model are let pass with the same task and seed: what tells them apart need not have mattered.
    """
    places = list({place.record.key: place for place in _places(entries)}.values())
    for one, other, shift in similar_curves([place.record for place in places]):
        pair = places[one], places[other]
        if _siblings(*(place.record for place in pair)):
            continue
        how = f", shifted by {shift} evaluations," if shift else ""
        for place, twin in (pair, pair[::-1]):
            text = f"its curve goes up and down{how} as that of {twin.words} does. Remove the copy."
            yield place.fault(FaultName.COPIED_CURVE, text)


def same_weights(entries: Iterable[LoadedEntry]) -> Iterator[Fault]:
    """Yield runs, with different keys, that kept the same weights after training, but for those let pass above."""
    holders: dict[str, list[_Place]] = defaultdict(list)
    for place in {place.record.key: place for place in _places(entries)}.values():
        if (digest := place.record.weights_sha256) and place.record.best_step and place.record.parameters:
            holders[digest].append(place)
    for places in holders.values():
        for place in places:
            if other := next((each for each in places if not _siblings(place.record, each.record)), None):
                text = f"its weights are those of {other.words}. Submit each run with the digest of its own."
                yield place.fault(FaultName.SAME_WEIGHTS, text)


def _places(entries: Iterable[LoadedEntry]) -> Iterator[_Place]:
    return (_Place(entry, record) for entry in entries for record in entry.records)


def _alike(places: Iterable[_Place]) -> Iterator[Sequence[str]]:
    """Yield the keys of the runs that share an evaluation."""
    keys: dict[tuple[int, float], list[str]] = defaultdict(list)
    for place in places:
        for evaluation in _evaluations(place.record):
            keys[evaluation].append(place.record.key)
    return (found for found in keys.values() if len(found) > 1)


def _evaluations(record: Record) -> set[tuple[int, float]]:
    """Return step and loss of a run's evaluations, without those that runs may share: untrained, or without loss."""
    rows = ((row.step, row.scores.get("loss_bits", 0.0)) for row in record.curve)
    return {(step, loss) for step, loss in rows if step and loss and math.isfinite(loss)}


def _same_seconds(one: Record, other: Record) -> bool:
    """Tell whether two records have the same seconds of training, or those of one are a multiple of the other's."""
    if one.seconds.training == other.seconds.training:
        return True
    pairs = [(a.training_seconds, b.training_seconds) for a, b in zip(one.curve, other.curve, strict=False) if a.step]
    ratios = [a / b for a, b in pairs if b]
    return len(ratios) > 1 and max(ratios) - min(ratios) <= _SAME_RATIO * max(ratios)


def _siblings(one: Record, other: Record) -> bool:
    models = {(record.model.name, record.model.distribution) for record in (one, other)}
    return len(models) == 1 and identity(one.task) == identity(other.task) and one.seed == other.seed


def _same_training(one: Record, other: Record) -> bool:
    same_parts = (identity(one.model), identity(one.task)) == (identity(other.model), identity(other.task))
    return same_parts and one.seed == other.seed
