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
from mann_bench.studies.names import component_texts
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

    def runs(model: str, task: str, key: str) -> Sequence[Run]:
        if (name := CellName(model, task, protocol)) in cells:
            return cells[name]
        known, given = {f"{cell.model} on {cell.task}" for cell in cells}, f"{model} on {task}"
        hint = nearest(given, known)
        raise UsageError(f"{key}: {given!r} is no cell of the study.{hint} Name one of its cells, or add this one.")

    protocol = _protocol(registry, claim, protocols)
    tasks = component_texts(registry, "task", claim.tasks, "tasks")
    against = component_texts(registry, "model", claim.against or [], "against")
    with located("model"):
        model = resolve_component(registry, "model", claim.model).text
    found = ClaimRuns(
        claim,
        [runs(model, task, "model") for task in tasks],
        [[runs(other, task, f"against[{index}]") for index, other in enumerate(against)] for task in tasks],
    )
    _check_measurable(claim, found.model[0][0])
    return found


def _protocol(registry: Registry, claim: Claim, protocols: Sequence[str]) -> str:
    known = "; ".join(protocols)
    if claim.protocol is None:
        if len(protocols) > 1:
            raise UsageError(f"protocol: it is missing, and the study has several. Add one of them: {known}.")
        return protocols[0]
    with located("protocol"):
        text = resolve_protocol(registry, claim.protocol).text
        if text not in protocols:
            raise UsageError(f"{text!r} is no protocol of the study.{nearest(text, protocols)} Known: {known}.")
    return text


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
