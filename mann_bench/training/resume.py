"""The Lightning callback that makes a run's checkpoints, and lets it go on from one."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from mann_bench.core.events import Notice
from mann_bench.models.base import SequenceModule
from mann_bench.tasks.base import SequenceTask
from mann_bench.training.callbacks import Evaluation
from mann_bench.training.checkpoint import KEPT, Checkpoint, Checkpoints, UnusableCheckpointError, load
from mann_bench.training.interruption import Interruption
from mann_bench.training.randomness import random_states, set_random_states
from mann_bench.training.weights import weights_of


class Resume(pl.Callback):
    """Makes a checkpoint at the end of a turn of the loop where one is due or the run is interrupted.

    It stands behind the `Evaluation` among the callbacks: a checkpoint holds what was measured at its step.

    Args:
        evaluation: what the run measures.
        model: what it trains, on the device it trains on.
        made_by: as of `Checkpoint`.
        checkpoints: where to.
        interruption: asked at the end of every turn.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        model: SequenceModule,
        made_by: dict[str, str],
        checkpoints: Checkpoints,
        interruption: Interruption,
    ) -> None:
        self.evaluation, self.model, self.made_by = evaluation, model, made_by
        self.checkpoints, self.interruption = checkpoints, interruption
        self._own: list[Path] = []
        self._saved_at = 0.0
        self._loaded: Checkpoint | None = None
        self._optimizers: list[Any] = []
        self._schedulers: list[Any] = []

    def load(self, path: Path, task: SequenceTask) -> None:
        """Take model, data and measurements to where a checkpoint was made; the rest follows when the loop starts.

        Raises:
            UnusableCheckpointError: it is damaged or foreign. Model and measurements are of no use any more then.
        """
        loaded = load(path, self.made_by, self.model.state_dict())
        try:
            self.model.load_state_dict(loaded.weights)
            self.model.on_load_checkpoint(loaded.extra)
            if task.course is not None:
                task.course.load_state(loaded.course)
            self.evaluation.resume(loaded.measured, loaded.best_weights)
        except Exception as error:
            raise UnusableCheckpointError(path, error) from error
        self.model.steps_trained = task.first_batch = loaded.measured.step
        self._loaded, self._own = loaded, [path]

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Restore the optimiser and the random generators."""
        self._optimizers = list(trainer.optimizers)
        self._schedulers = [config.scheduler for config in trainer.lr_scheduler_configs]
        if self._loaded is None:
            return
        try:
            for optimizer, state in zip(self._optimizers, self._loaded.optimizers, strict=True):
                _restore(optimizer, state)
            for scheduler, state in zip(self._schedulers, self._loaded.schedulers, strict=True):
                scheduler.load_state_dict(state)
            set_random_states(self._loaded.random)
        except Exception as error:
            raise UnusableCheckpointError(self._own[0], error) from error
        self._loaded = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Answer signals from now on, after Lightning took them for itself."""
        self.interruption.take()
        self._saved_at = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save what is due, and stop where somebody wants it."""
        if self.interruption.came:
            trainer.should_stop = True
        if self.interruption.came or time.monotonic() - self._saved_at >= (self.checkpoints.every or math.inf):
            with self.evaluation.off_the_clock():
                self.save()
            self._saved_at = time.monotonic()

    def save(self) -> None:
        """Make a checkpoint of the step that was last measured, unless there is one or none are wanted.

        One that cannot be written is a notice: the run goes on, and tries again when the next is due.
        """
        step = self.evaluation.measured.step
        if not self.checkpoints.every or self.checkpoints.path(step) in self._own:
            return
        try:
            self._own.append(self.checkpoints.write(step, self._checkpoint().to_bytes()))
            self.checkpoints.remove(keep=self._own[-KEPT:])
        except Exception as error:
            reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
            text = f"no checkpoint in {self.checkpoints.folder}: {reason}. The run goes on without."
            self.evaluation.emit(Notice(self.evaluation.run.key, text))

    def _checkpoint(self) -> Checkpoint:
        extra: dict[str, Any] = {}
        self.model.on_save_checkpoint(extra)
        course = self.evaluation.task.course
        return Checkpoint(
            made_by=self.made_by,
            measured=self.evaluation.measured,
            weights=weights_of(self.model),
            best_weights=self.evaluation.best_weights,
            optimizers=[optimizer.state_dict() for optimizer in self._optimizers],
            schedulers=[scheduler.state_dict() for scheduler in self._schedulers],
            random=random_states(self.model.device.type),
            course=course.state() if course else {},
            extra=extra,
        )


def _restore(optimizer: Any, state: Mapping[str, Any]) -> None:
    """Load an optimiser's state; raises ValueError where its tensors are no match for the parameters.

    Fused optimisers go through memory without a look at shapes.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for index, kept in state["state"].items():
        for value in kept.values():
            if isinstance(value, Tensor) and not _matches(value, parameters[index]):
                raise ValueError("the optimiser's state is not one of this model")
    optimizer.load_state_dict(state)


def _matches(value: Tensor, parameter: Tensor) -> bool:
    plain = value.layout is torch.strided and (value.is_contiguous() or not parameter.is_contiguous())
    return plain and (value.ndim == 0 or (value.shape, value.dtype) == (parameter.shape, parameter.dtype))
