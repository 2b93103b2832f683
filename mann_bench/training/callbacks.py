"""The Lightning callback that evaluates, watches for convergence, probes and keeps the best weights."""

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytorch_lightning as pl
from torch import Tensor

from mann_bench.core.convergence import ConvergenceTracker, last_step
from mann_bench.core.events import CoursePoint, CurvePoint, Evaluated, Event, Probed, Progress
from mann_bench.core.runs import Run
from mann_bench.core.streams import Stream
from mann_bench.evaluation.diagnostics import diagnostics
from mann_bench.evaluation.measure import grid_scores, size_scores, target_scores, validation_rows, validation_scores
from mann_bench.models.base import NonFiniteError
from mann_bench.results.limits import check_room
from mann_bench.tasks.base import SequenceTask, symbols
from mann_bench.training.result import Measured
from mann_bench.training.weights import weights_of

_PROGRESS_SECONDS = 0.5

_POINT_SHARE = 4
"""The error at a curriculum point is measured on this part of the validation sequences, as Collier & Beel 2018 do."""


class Evaluation(pl.Callback):
    """Measures a run at the protocol's cadence and stops it in time.

    The training clock runs between measurements only.

    Args:
        run, task, emit: what is trained, on what, and what gets the events.
        judge: is called after the first evaluation; it raises where no record could hold what is measured.
        clock: tells the seconds by which training and evaluation are measured.

    Attributes:
        measured: steps, measurements and clocks so far.
        convergence: which evaluation converged, and which was the best.
        on_target: which one converged on the greatest size alone.
        best_weights: those of the best evaluation.
    """

    def __init__(
        self,
        run: Run,
        task: SequenceTask,
        emit: Callable[[Event], None],
        judge: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self.run, self.task, self.emit, self._judge, self.clock = run, task, emit, judge, clock
        self.measured = Measured()
        self.convergence = ConvergenceTracker(run.convergence)
        self.on_target = ConvergenceTracker(run.convergence)
        self.best_weights: dict[str, Tensor] = {}
        self._training_since: float | None = None
        self._progress_at = 0.0

    def resume(self, measured: Measured, best_weights: dict[str, Tensor]) -> None:
        """Go on from what was measured before; the curve tells about convergence all that is to be known."""
        self.measured, self.best_weights = measured, best_weights
        for point in measured.curve:
            self._track(point)

    @property
    def last_step(self) -> int:
        """The step after which the run stops, as far as is known now."""
        protocol, firsts = self.run.protocol, [self.convergence.first]
        if protocol.grace_after == "both" and self.measured.curve and self.measured.curve[-1].target_scores:
            firsts.append(self.on_target.first)
        return last_step(protocol.max_steps, protocol.grace, firsts)

    def _track(self, point: CurvePoint) -> None:
        self.convergence.add(point.step, point.scores)
        if point.target_scores:
            self.on_target.add(point.step, point.target_scores)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Measure the untrained model, or tell again what was measured before; then start the clock."""
        with self.off_the_clock():
            if self.measured.curve:
                self.tell_earlier()
            else:
                self._evaluate(pl_module)
                drawn_of = len(self.task.training_sizes()) if self.task.course else 0
                check_room(self.run.protocol, self.measured.curve[0], self.task.grid(), drawn_of)
                self._judge()
            self.emit(Progress(self.run.key, self.measured.step, self.last_step))

    def tell_earlier(self) -> None:
        """Emit the events of all measurements of earlier processes, in their order."""
        courses = {point.step: point for point in self.measured.course}
        told: list[tuple[int, Event]] = [
            (point.step, self._evaluated(point, courses.get(point.step))) for point in self.measured.curve
        ]
        told += [(step, Probed(self.run.key, step, rows)) for step, rows in self.measured.probe]
        for _, event in sorted(told, key=lambda at: at[0]):
            self.emit(event)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Count the steps, measure where it is due, stop where the run may end.

        A turn of Lightning's loop may do several steps; what is due falls on the end of a turn.
        """
        step = self.measured.step = int(pl_module.steps_trained)  # type: ignore[arg-type]
        self.measured.symbols += symbols(batch)
        protocol = self.run.protocol
        if step % protocol.evaluate_every == 0 or step >= self.last_step:
            with self.off_the_clock():
                self._evaluate(pl_module)
        if protocol.probe_every and step % protocol.probe_every == 0:
            with self.off_the_clock():
                self._probe(pl_module)
        trainer.should_stop = step >= self.last_step
        if time.perf_counter() - self._progress_at > _PROGRESS_SECONDS or trainer.should_stop:
            with self.off_the_clock():
                self.emit(Progress(self.run.key, step, self.last_step))
            self._progress_at = time.perf_counter()

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop the clock."""
        self._stop_clock()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        """Stop the clock of a run that breaks off."""
        self._stop_clock()

    def _stop_clock(self) -> None:
        if self._training_since is not None:
            self.measured.training_seconds += self.clock() - self._training_since
            self._training_since = None

    @contextlib.contextmanager
    def off_the_clock(self) -> Iterator[None]:
        """Stop the training clock for what is not training, then let it go on."""
        self._stop_clock()
        started = self.clock()
        try:
            yield
        finally:
            self._training_since = self.clock()
            self.measured.evaluation_seconds += self._training_since - started

    def _evaluate(self, model: Any) -> None:
        step, curve = self.measured.step, self.measured.curve
        rows = validation_rows(model, self.task, self.run.protocol.validation_sequences)
        scores, target = validation_scores(rows), target_scores(model, self.task, rows)
        sequences = step * self.run.protocol.batch_size
        watched = diagnostics(model, self.task)
        seconds, rows_trained = self.measured.training_seconds, self.measured.symbols
        curve.append(CurvePoint(step, sequences, seconds, scores, watched, target, rows_trained))
        self.emit(self._evaluated(curve[-1], self._follow(model)))
        if not math.isfinite(scores["loss_bits"]):
            raise NonFiniteError("validation loss")
        self._track(curve[-1])
        if self.convergence.best_step == step:
            self.best_weights = weights_of(model)

    def _evaluated(self, point: CurvePoint, course: CoursePoint | None) -> Evaluated:
        sizes = self.task.course.syllabus.sizes if self.task.course else ()
        return Evaluated(self.run.key, point, course, sizes)

    def _follow(self, model: Any) -> CoursePoint | None:
        """Tell the syllabus how well the size at the curriculum point is learned; return what it drew."""
        course, rule = self.task.course, self.run.convergence
        if course is None:
            return None
        error, point = None, course.syllabus.point()
        if point is not None and self.measured.step:  # what nothing was trained on is not learned
            sequences = max(1, self.run.protocol.validation_sequences // _POINT_SHARE)
            scores = size_scores(model, self.task, Stream.VALIDATION, point, sequences).scores
            error = rule.multiple(scores[rule.metric])
        self.measured.course.append(course.evaluated(self.measured.step, error))
        return self.measured.course[-1]

    def _probe(self, model: Any) -> None:
        rows = grid_scores(model, self.task, Stream.PROBE, self.run.protocol.probe_sequences)
        self.measured.probe.append((self.measured.step, rows))
        self.emit(Probed(self.run.key, self.measured.step, rows))
