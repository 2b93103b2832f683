"""Convergence on the target task: on sequences of the greatest training size alone, and not on the mix of all sizes.

Collier & Beel's code measures both (https://github.com/MarkPKCollier/NeuralTuringMachine, ``run_tasks.py``).
"""

from mann_bench.core.convergence import ConvergenceTracker
from mann_bench.core.errors import UsageError
from mann_bench.core.runs import Outcome
from mann_bench.core.specs import ConvergenceRule
from mann_bench.results.schema import Record


def on_target(record: Record) -> Record:
    """Return a record as if its run had been validated on the greatest training size alone; the task's text says so.

    The run itself stays as it was: it ended by the mix, and its weights are the best on the mix. One that met the rule
    on the mix and not on the target before it ended is not converged: censored where it ended.

    Raises:
        UsageError: the record does not tell these scores, as those of earlier versions.
    """
    if not record.tells_target:
        raise UsageError(
            f"{record.text}: its record does not tell how the greatest training size alone was solved. Records of "
            "earlier versions, and of tasks without a greatest size, do not. Leave --converged-on out."
        )
    tracker = ConvergenceTracker(ConvergenceRule(record.convergence.metric, record.convergence.below))
    for row in record.curve:
        tracker.add(row.step, row.target_scores)
    outcome = Outcome.NOT_CONVERGED if tracker.first is None else Outcome.CONVERGED
    return record.model_copy(
        update={
            "task": record.task.model_copy(update={"text": f"{record.task.text} (greatest size)"}),
            "curve": [
                row.model_copy(update={"scores": row.target_scores, "target_scores": {}}) for row in record.curve
            ],
            "converged_first": tracker.first,
            "converged_confirmed": tracker.confirmed,
            "outcome": record.outcome if record.outcome.broke_off else outcome,
        }
    )
