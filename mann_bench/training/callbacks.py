"""The Lightning callback that evaluates, watches for convergence, probes and keeps the best weights."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from mann_bench.core.convergence import ConvergenceTracker
from mann_bench.core.events import CurvePoint, Evaluated, Event, Probed, Progress, SizeScores
from mann_bench.core.runs import Run
from mann_bench.core.streams import Stream
from mann_bench.evaluation.diagnostics import diagnostics
from mann_bench.evaluation.measure import grid_scores, validation_scores
from mann_bench.models.base import NonFiniteError
from mann_bench.tasks.base import SequenceTask

_PROGRESS_SECONDS = 0.5


class Evaluation(pl.Callback):
    """Measures a run at the protocol's cadence and stops it in time.

    The training clock runs between measurements only.

    Attributes:
        step: training steps done.
        curve, probe: the measurements so far.
        convergence: which evaluation converged, and which was the best.
        best_weights: those of the best evaluation.
        training_seconds: wall time of training alone; evaluation_seconds: of everything between.
    """

    def __init__(self, run: Run, task: SequenceTask, emit: Callable[[Event], None]) -> None:
        self.run, self.task, self.emit = run, task, emit
        self.convergence = ConvergenceTracker(run.convergence)
        self.step = 0
        self.curve: list[CurvePoint] = []
        self.probe: list[tuple[int, list[SizeScores]]] = []
        self.best_weights: dict[str, Tensor] = {}
        self.training_seconds = self.evaluation_seconds = 0.0
        self._training_since: float | None = None
        self._progress_at = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Measure the untrained model, then start the clock."""
        with self._off_the_clock():
            self._evaluate(pl_module)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the steps, measure where it is due, stop where the run may end.

        A turn of Lightning's loop may do several steps; what is due falls on the end of a turn.
        """
        self.step = pl_module.steps_trained  # type: ignore[assignment]
        protocol = self.run.protocol
        last = self.convergence.last_step(protocol.max_steps, protocol.grace)
        if self.step % protocol.evaluate_every == 0 or self.step >= last:
            with self._off_the_clock():
                self._evaluate(pl_module)
            last = self.convergence.last_step(protocol.max_steps, protocol.grace)
        if protocol.probe_every and self.step % protocol.probe_every == 0:
            with self._off_the_clock():
                self._probe(pl_module)
        trainer.should_stop = self.step >= last
        if time.perf_counter() - self._progress_at > _PROGRESS_SECONDS or trainer.should_stop:
            with self._off_the_clock():
                self.emit(Progress(self.run.key, self.step, last))
            self._progress_at = time.perf_counter()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop the clock."""
        self._stop_clock()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Stop the clock of a run that breaks off."""
        self._stop_clock()

    def _stop_clock(self) -> None:
        if self._training_since is not None:
            self.training_seconds += time.perf_counter() - self._training_since
            self._training_since = None

    @contextlib.contextmanager
    def _off_the_clock(self) -> Iterator[None]:
        """Stop the training clock for what is not training, then let it go on."""
        self._stop_clock()
        started = time.perf_counter()
        try:
            yield
        finally:
            self._training_since = time.perf_counter()
            self.evaluation_seconds += self._training_since - started

    def _evaluate(self, model: Any) -> None:
        scores = validation_scores(model, self.task, self.run.protocol.validation_sequences)
        sequences = self.step * self.run.protocol.batch_size
        watched = diagnostics(model, self.task)
        self.curve.append(CurvePoint(self.step, sequences, self.training_seconds, scores, watched))
        self.emit(Evaluated(self.run.key, self.curve[-1]))
        if not math.isfinite(scores["loss_bits"]):
            raise NonFiniteError("validation loss")
        self.convergence.observe(self.step, scores)
        if self.convergence.best_step == self.step:
            self.best_weights = {k: v.detach().cpu().clone() for k, v in model.state_dict().items()}

    def _probe(self, model: Any) -> None:
        count = self.run.protocol.probe_sequences
        self.probe.append((self.step, grid_scores(model, self.task, Stream.PROBE, count)))
        self.emit(Probed(self.run.key, *self.probe[-1]))
