"""Find the runs that a claim speaks of, and see that they will have what it measures."""

from collections.abc import Mapping, Sequence

from mann_bench.core.errors import UsageError, located, nearest
from mann_bench.core.runs import Run
from mann_bench.core.sizes import size_text
from mann_bench.core.streams import Stream
from mann_bench.execution.plan import CellName
from mann_bench.execution.resolve import checked_task, resolve_component, resolve_protocol
from mann_bench.registry import Registry
from mann_bench.studies.claims import ClaimRuns
from mann_bench.studies.names import check_distinct, component_texts
from mann_bench.studies.schema import Claim, ClaimMetric
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

    protocols = _protocols(registry, claim, protocols)
    tasks = component_texts(registry, "task", claim.tasks, "tasks")
    check_distinct(tasks, claim.tasks, "task")
    against = component_texts(registry, "model", claim.against or [], "against")
    found = ClaimRuns(
        claim,
        [
            runs(model, task, protocol, key)
            for key, model in _models(registry, claim).items()
            for task in tasks
            for protocol in protocols
        ],
        [
            [runs(other, task, protocols[0], f"against[{index}]") for index, other in enumerate(against)]
            for task in tasks
        ],
    )
    for cell in found.model[: len(protocols)]:  # one under each protocol
        _check_measurable(claim, cell[0])
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
    given, texts, known = _named("protocol", claim.protocol, claim.protocols), [], "; ".join(protocols)
    if not given and len(protocols) > 1:
        raise UsageError(f"protocol: it is missing, and the study has several. Add one of them: {known}.")
    for key, name in given.items():
        with located(key):
            text = resolve_protocol(registry, name).text
            if text not in protocols:
                raise UsageError(f"{text!r} is no protocol of the study.{nearest(text, protocols)} Known: {known}.")
        texts.append(text)
    check_distinct(texts, list(given.values()), "protocol")
    return texts or protocols


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


def _scores(task: SequenceTask) -> list[str]:
    """Return the names of a task's scores."""
    batch = task.evaluation_batch(Stream.VALIDATION, task.training_sizes()[0], 1)
    return list(task.scores(task.oracle(batch.inputs), batch))
