"""What is asked of every model, in the order in which it is checked."""

from mann_bench.testing.clause import clauses
from mann_bench.testing.common_clauses import check_spec, explained
from mann_bench.testing.model_building import api, builds, checkpoint, counts, details, options, seeded
from mann_bench.testing.model_computing import (
    batch_independent,
    causal,
    deterministic,
    finite,
    shapes,
    state_reset,
)
from mann_bench.testing.model_hooks import hooks
from mann_bench.testing.model_remembering import remembers
from mann_bench.testing.model_stepping import backends, feedback, observe, pieces, state_written
from mann_bench.testing.model_training import gradients, overfits, speed, trains
from mann_bench.testing.subject import ModelSubject


def specs(subject: ModelSubject) -> None:
    """The spec says what the model is and where it comes from, with a version; the class has a docstring."""
    check_spec(subject, [clause.name for clause in MODEL_CLAUSES])


MODEL_CLAUSES = clauses(
    specs,
    api,
    options,
    explained,
    builds,
    shapes,
    seeded,
    deterministic,
    state_reset,
    batch_independent,
    causal,
    pieces,
    state_written,
    feedback,
    remembers,
    gradients,
    finite,
    checkpoint,
    overfits,
    counts,
    details,
    observe,
    backends,
    trains,
    hooks,
    speed,
)
"""See each clause's `asks`."""
