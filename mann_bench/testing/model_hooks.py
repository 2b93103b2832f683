"""The clause on the hooks of Lightning that a model has of its own."""

from typing import Any

from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

from mann_bench.models.base import own_training
from mann_bench.models.hooks import BATCH_HOOKS, own_hooks
from mann_bench.testing.clause import require
from mann_bench.testing.model_training import short_run
from mann_bench.testing.subject import ModelSubject


def hooks(subject: ModelSubject) -> str | None:
    """Hooks of Lightning that the model has of its own are told; they bring no batches and do no steps of training."""
    own = own_hooks(subject.target)
    if not own:
        return None
    bringing = [name for name in own if name in BATCH_HOOKS]
    require(
        not bringing,
        f"{subject.target.__name__} has its own {', '.join(bringing)}, which decide what it is trained on",
        "the batches of the task, as every model gets them",
        "Change inputs in forward",
    )
    if not own_training(subject.target):  # an optimiser of its own may consist of others
        _check_steps(subject, own)
    return f"its own {', '.join(own)}: records and pages name them"


def _check_steps(subject: ModelSubject, own: list[str]) -> None:
    """The suite's training step counts its steps; whatever steps an optimiser does besides, nobody counts."""
    done = 0

    def count(optimizer: Optimizer, arguments: Any, named: Any) -> None:
        nonlocal done
        done += 1

    handle = register_optimizer_step_post_hook(count)
    try:
        counted = short_run(subject).steps
    finally:
        handle.remove()
    require(
        done == counted,
        f"in a run of {counted} training steps, optimisers did {done}",
        f"no steps in hooks, which are here {', '.join(own)}",
        "Train in training_step alone, on the batch that it gets",
    )
