"""What is asked of every task, in the order in which it is checked."""

from mann_bench.testing.clause import clauses
from mann_bench.testing.common_clauses import check_spec, explained
from mann_bench.testing.subject import TaskSubject
from mann_bench.testing.task_examples import examples
from mann_bench.testing.task_scoring import chance, mask, oracle, scores, speed, target_dependence
from mann_bench.testing.task_sizes import api, distribution, grid, options, shapes, sizes
from mann_bench.testing.task_streams import streams


def specs(subject: TaskSubject) -> None:
    """The spec says what the task is and where it comes from, with a version; the class has a docstring."""
    check_spec(subject, [clause.name for clause in TASK_CLAUSES])


TASK_CLAUSES = clauses(
    specs,
    api,
    options,
    explained,
    sizes,
    grid,
    shapes,
    streams,
    distribution,
    mask,
    scores,
    oracle,
    chance,
    target_dependence,
    examples,
    speed,
)
"""See each clause's `asks`."""
