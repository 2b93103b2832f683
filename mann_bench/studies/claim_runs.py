"""Find the runs that a claim speaks of, and see that they will have what it measures."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mann_bench.core.errors import UsageError, located, nearest
from mann_bench.core.runs import CellName, Run
from mann_bench.core.sizes import greatest_size, size_text
from mann_bench.core.streams import Stream
from mann_bench.execution.resolve import checked_syllabus, checked_task, resolve_component, resolve_protocol
from mann_bench.registry import Registry
from mann_bench.results.climb import level_of
from mann_bench.studies.claims import ClaimRuns
from mann_bench.studies.names import check_distinct, component_texts
from mann_bench.studies.schema import LEVELS, Claim, ClaimMetric
from mann_bench.tasks.base import SequenceTask


def claim_runs(
    registry: Registry, claim: Claim, cells: Mapping[CellName, Sequence[Run]], protocols: Sequence[str]
) -> ClaimRuns:
    """Return the runs of a claim.

    Args:
        registry: answers which models and tasks there are.
        claim: as it stands in the study file.
        cells: the runs of the study by cell.
        protocols: canonical texts of the study's protocols.

    Raises:
        UsageError: the claim names what the study does not have; the message names the key and the remedy.
        PluginUnavailableError: a name belongs to a plugin that cannot be used.
    """

    def runs(model: str, task: str, protocol: str, key: str) -> Sequence[Run]:
        if (name := CellName(model, task, protocol)) in cells:
            return cells[name]
        known, given = {f"{cell.model} on {cell.task}" for cell in cells}, f"{model} on {task}"
        hint = nearest(given, known)
        raise UsageError(f"{key}: {given!r} is no cell of the study.{hint} Name one of its cells, or add this one.")

    models, own = _models(registry, claim), _protocols(registry, claim, protocols)
    tasks = component_texts(registry, "task", claim.tasks, "tasks")
    check_distinct(tasks, claim.tasks, "task")
    against = _against(registry, claim, _Side(next(iter(models.values())), own[0]), protocols)
    found = ClaimRuns(
        claim,
        [runs(model, task, protocol, key) for key, model in models.items() for task in tasks for protocol in own],
        [[runs(side.model, task, side.protocol, key) for key, side in against.items()] for task in tasks],
    )
    for cell in found.model[: len(own)]:  # one under each protocol
        _check_measurable(claim, cell[0])
    for run in {(cell[0].task.text, cell[0].protocol_text): cell[0] for cell in found.cells}.values():
        if claim.on_target:
            _check_target(run)
        if claim.metric in LEVELS:
            _check_level(claim, run)
    return found


def _models(registry: Registry, claim: Claim) -> Mapping[str, str]:
    """Return the canonical texts of the models that a claim is about, by the keys at which it names them."""
    given, texts = _named("model", claim.model, claim.models), {}
    for key, text in given.items():
        with located(key):
            texts[key] = resolve_component(registry, "model", text).text
    check_distinct(list(texts.values()), list(given.values()), "model")
    return texts


def _protocols(registry: Registry, claim: Claim, protocols: Sequence[str]) -> Sequence[str]:
    """Return the canonical texts of the protocols of a claim: one, unless it pools runs."""
    given, known = _named("protocol", claim.protocol, claim.protocols), "; ".join(protocols)
    if not given and len(protocols) > 1:
        raise UsageError(f"protocol: it is missing, and the study has several. Add one of them: {known}.")
    texts = list(_of_study(registry, given, protocols).values())
    check_distinct(texts, list(given.values()), "protocol")
    return texts or protocols


def _of_study(registry: Registry, given: Mapping[str, str], protocols: Sequence[str]) -> dict[str, str]:
    """Return the canonical texts of protocols that must be among those of the study, by their keys."""
    texts = {}
    for key, name in given.items():
        with located(key):
            text = resolve_protocol(registry, name).text
            if text not in protocols:
                known = "; ".join(protocols)
                raise UsageError(f"{text!r} is no protocol of the study.{nearest(text, protocols)} Known: {known}.")
        texts[key] = text
    return texts


class _Side(NamedTuple):
    """What runs on each task of a comparison."""

    model: str
    protocol: str


def _against(registry: Registry, claim: Claim, own: _Side, protocols: Sequence[str]) -> dict[str, _Side]:
    """Return what the claim compares its own side with, by the keys at which it names them."""
    models = component_texts(registry, "model", claim.against or [], "against")
    others = {f"against_protocols[{index}]": text for index, text in enumerate(claim.against_protocols or [])}
    sides = {f"against[{index}]": _Side(model, own.protocol) for index, model in enumerate(models)}
    sides |= {key: _Side(own.model, text) for key, text in _of_study(registry, others, protocols).items()}
    known = {own: "the claim itself"}
    for key, side in sides.items():
        if side in known:
            raise UsageError(f"{key}: it names the same runs as {known[side]}. Remove it.")
        known[side] = key
    return sides


def _named(key: str, one: str | None, several: Sequence[str] | None) -> dict[str, str]:
    """Return what a claim names as `key` or as a list of `key`s, by the place in the file."""
    if several is not None:
        return {f"{key}s[{index}]": text for index, text in enumerate(several)}
    return {} if one is None else {key: one}


def _check_measurable(claim: Claim, run: Run) -> None:
    """See that runs such as `run` will have what the claim measures."""
    if claim.metric is ClaimMetric.GENERALIZING_RATE and not run.protocol.probe_every:
        raise UsageError("metric: 'generalizing_rate' needs a probe. Give the protocol a probe_every above 0.")
    most = run.protocol.max_steps * run.protocol.batch_size
    if claim.sequences is not None and claim.sequences > most:
        raise UsageError(f"sequences: the budget is {most}. Lower {claim.sequences}, or raise max_steps.")
    task = checked_task(run.task)
    if claim.size is not None and claim.size not in (sizes := task.test_sizes()):
        known = ", ".join(map(size_text, sizes))
        raise UsageError(
            f"size: {run.task.text!r} is not tested at {claim.size}. Known: {' x '.join(sizes[0])} {known}."
        )
    if claim.score is not None and claim.score not in (scores := _scores(task)):
        listed = ", ".join(scores)
        raise UsageError(f"score: unknown score {claim.score!r}.{nearest(claim.score, scores)} Known: {listed}.")


def _check_target(run: Run) -> None:
    """See that the greatest training size alone tells of runs such as `run` when they converged."""
    if greatest_size(checked_task(run.task).training_sizes()) is None:
        raise UsageError(
            f"converged_on: {run.task.text!r} has no training size that is the greatest in every dimension. "
            "Leave converged_on out."
        )
    protocol = run.protocol
    # A run that ends in between is censored before its budget, and no median or share tells how it would have gone on.
    if protocol.grace_after != "both" and protocol.grace < protocol.max_steps:
        raise UsageError(
            f"converged_on: under {run.protocol_text!r} a run may end before it converges on the greatest size alone. "
            "Give the protocol grace_after=both."
        )


def _check_level(claim: Claim, run: Run) -> None:
    """See that runs such as `run` reach levels, and one that the claim asks for."""
    task = checked_task(run.task)
    if run.syllabus is None or checked_syllabus(run.syllabus, task).point() is None:
        raise UsageError(
            f"metric: {claim.metric.value!r} needs a syllabus with a curriculum point, and {run.protocol_text!r} has "
            "none. Give the protocol one, such as syllabus=exponential."
        )
    most = max(map(level_of, task.training_sizes()))
    if claim.metric is ClaimMetric.LEVEL and claim.at_least is not None and claim.at_least > most:
        raise UsageError(f"at_least: the greatest level of {run.task.text!r} is {most}. Lower {claim.at_least:g}.")


def _scores(task: SequenceTask) -> list[str]:
    """Return the names of a task's scores."""
    batch = task.evaluation_batch(Stream.VALIDATION, task.training_sizes()[0], 1)
    return list(task.scores(task.oracle(batch.inputs), batch))
