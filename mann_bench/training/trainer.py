"""Train one run from its seed to its length-generalisation test."""

import contextlib
import gc
import inspect
import logging
import math
import signal
import statistics
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.environments.lightning import LightningEnvironment

from mann_bench.core.backends import AUTO, Backend
from mann_bench.core.closed_streams import closed_to, opened
from mann_bench.core.events import Event, Notice, SizeScores
from mann_bench.core.protocol import Protocol
from mann_bench.core.runs import Outcome, Run
from mann_bench.core.sizes import GridPoint
from mann_bench.core.streams import Stream, torch_seed
from mann_bench.evaluation.measure import grid_scores
from mann_bench.models.backward_memory import backward_bytes, recomputes
from mann_bench.models.base import NonFiniteError, RecurrentModel, SequenceModule, draws_portably, own_training
from mann_bench.models.building import build_model, build_syllabus, build_task
from mann_bench.models.compiled_cache import check_own_cache, seal_own_cache
from mann_bench.models.hooks import own_hooks
from mann_bench.models.preparation import Prepared, prepare
from mann_bench.results.limits import check_details
from mann_bench.syllabuses.course import Course
from mann_bench.tasks.base import SequenceTask, training_lengths
from mann_bench.training.callbacks import Evaluation
from mann_bench.training.checkpoint import Checkpoints, UnusableCheckpointError, backend_of
from mann_bench.training.clock import RunningClock
from mann_bench.training.interruption import Interruption
from mann_bench.training.result import Divergence, InitialWeights, Seconds, TrainingResult
from mann_bench.training.resume import Resume
from mann_bench.training.weights import weights_bytes, weights_digest, weights_of
from mann_bench.version import __version__

_MOST_STEPS_A_TURN = 10

_CROWD = 50_000
"""Objects for the collector to visit, from which on freezing them pays; imports alone make several times that."""


def train(
    run: Run,
    device: str,
    backend: str,
    emit: Callable[[Event], None],
    checkpoints: Checkpoints | None = None,
    judge: Callable[[TrainingResult], None] = lambda result: None,
) -> TrainingResult:
    """Train and test `run` on ``cpu`` or ``cuda``; everything random follows from its seed.

    Args:
        run: what to train.
        device: where.
        backend: a choice for `prepare`: it changes how fast the run is, and no more than rounding otherwise.
        emit: gets the events of the run; of one that goes on, those of its earlier measurements first.
        checkpoints: those of the run. It goes on from the last one that is usable, and adds its own.
        judge: is called before the first training step, with the result that the run would have if nothing were
            trained; it raises where no record could hold such a one.

    Raises:
        KeyboardInterrupt: the user or the system stopped it; a checkpoint was made of what was trained.
        EvaluationDataError: the model asked for evaluation sequences.
        Exception: whatever a model or task raises.
    """

    def tell(event: Event) -> None:
        with opened():
            emit(event)

    found = checkpoints.paths() if checkpoints else []
    checkpoints = checkpoints or Checkpoints(Path())
    with _exits_answered(), RunningClock() as clock, closed_to(run.model):
        for path in found:
            try:
                return _train(run, device, backend, tell, checkpoints, judge, clock, path)
            except UnusableCheckpointError as error:
                tell(Notice(run.key, str(error)))
        return _train(run, device, backend, tell, checkpoints, judge, clock, None)


def _train(
    run: Run,
    device: str,
    backend: str,
    emit: Callable[[Event], None],
    checkpoints: Checkpoints,
    judge: Callable[[TrainingResult], None],
    clock: RunningClock,
    resume_from: Path | None,
) -> TrainingResult:
    def tell(text: str) -> None:
        emit(Notice(run.key, text))

    pl.seed_everything(torch_seed(run.seed), verbose=False)
    task, grid = _task(run, tell)
    model, initial_weights = _model(run, task, tell)
    prepared = _prepared(model, task, run, device, backend, resume_from)
    if prepared.notice:
        emit(Notice(run.key, f"{run.model.text}: {prepared.notice}"))
    slow = model.whole_step_problem if isinstance(model, RecurrentModel) else None
    if slow and prepared.backend is Backend.COMPILED:
        emit(Notice(run.key, f"{run.model.text}: compiled code is slower than it could be: {slow}."))
    evaluation = Evaluation(run, task, emit, lambda: judge(_untrained(run, model, task, evaluation, grid)), clock)
    graph_calls, trained_before = _graph_calls(model), 0
    with Interruption() as interruption:
        resume = Resume(evaluation, model, _made_by(run, device, prepared.backend), checkpoints, interruption)
        if resume_from is not None:
            resume.load(resume_from, task)
            trained_before = model.steps_trained
        evaluation.measured.initial_weights = evaluation.measured.initial_weights or initial_weights
        evaluation.measured.compilation_seconds += prepared.seconds
        divergence = None
        try:
            _fit(model, task, evaluation, resume, device)
        except NonFiniteError as error:
            evaluation.measured.step = model.steps_trained
            divergence = Divergence(model.steps_trained, error.culprit)
    if divergence is None:
        _check_complete(evaluation)
    ran_on = prepared.backend
    if ran_on is Backend.COMPILED and model.steps_trained > trained_before and _graph_calls(model) == graph_calls:
        ran_on = Backend.EAGER
        emit(Notice(run.key, f"{run.model.text}: torch.compile gave up on the step in training; it ran eagerly."))
    try:
        return _result(run, model, task, evaluation, divergence, ran_on, grid, device)
    except KeyboardInterrupt:
        if divergence is None:
            resume.save()
        raise


def _task(run: Run, tell: Callable[[str], None]) -> tuple[SequenceTask, list[GridPoint]]:
    """Return the task of a run, and its grid: one that cannot tell its grid fails before anything is trained."""
    task = build_task(run.task, tell)
    task.seed, task.batch_size = run.seed, run.protocol.batch_size
    task.batches_at_once = _steps_a_turn(run.protocol)
    grid = task.grid()
    if run.syllabus is not None:
        task.course = Course(build_syllabus(run.syllabus, task, tell), run.seed, task.loss_by_chance)
    return task, grid


def _model(run: Run, task: SequenceTask, tell: Callable[[str], None]) -> tuple[SequenceModule, InitialWeights]:
    """Return the untrained model of a run, and what it starts from: what cannot be kept fails before it is trained."""
    model = build_model(run.model, task, tell)
    model.draw_weights(run.seed)
    model.protocol = run.protocol
    weights = weights_of(model)
    weights_bytes(weights)
    initial_weights = InitialWeights(weights_digest(weights), draws_portably(model))
    model.load_state_dict(weights)
    check_details(model.details())
    return model, initial_weights


def _prepared(
    model: SequenceModule, task: SequenceTask, run: Run, device: str, backend: str, resume_from: Path | None
) -> Prepared:
    """Bring a model to its device and its backend; one that goes on stays on the backend that it had."""
    time_steps, batch_size = 0.0, run.protocol.batch_size
    if isinstance(model, RecurrentModel):  # others have one backend, and nothing that they could recompute
        lengths = training_lengths(task)
        time_steps = run.protocol.max_steps * statistics.fmean(lengths)
        with contextlib.suppress(Exception):  # a model that cannot run shows that in training
            model.recompute = recomputes(model, backward_bytes(model, max(lengths), batch_size))
        if backend == AUTO and resume_from is not None:
            backend = backend_of(resume_from, model.state_dict()) or AUTO
        if backend in (AUTO, Backend.COMPILED):  # trying a backend mutes warnings
            check_own_cache(model.to(device), batch_size)
    prepared = prepare(model.to(device), backend, time_steps, batch_size)
    if prepared.backend is Backend.COMPILED:
        seal_own_cache()
    return prepared


def _check_complete(evaluation: Evaluation) -> None:
    """Raise RuntimeError where training ended before its time: what was measured is no result."""
    if evaluation.measured.step < evaluation.last_step:
        raise RuntimeError(
            f"training ended after {evaluation.measured.step:,} steps, though the protocol goes on to "
            f"{evaluation.last_step:,}: the model or the task stopped Lightning's Trainer"
        )


def _graph_calls(model: SequenceModule) -> int:
    return model.graph_calls if isinstance(model, RecurrentModel) else 0


def _made_by(run: Run, device: str, backend: Backend) -> dict[str, str]:
    """Return what else than the run has to be the same for a checkpoint to be of use."""
    return {
        "run": run.key,
        "mann-bench": __version__,
        "torch": str(torch.__version__),
        "backend": backend.value,
        "device": device,
        "model of": f"{run.model.distribution} {run.model.distribution_version}",
        "task of": f"{run.task.distribution} {run.task.distribution_version}",
    }


def _steps_a_turn(protocol: Protocol) -> int:
    """Return how many steps a turn of Lightning's loop does: they divide all that the protocol counts in steps."""
    cadences = (protocol.evaluate_every, protocol.probe_every, protocol.grace, protocol.max_steps)
    return math.gcd(_MOST_STEPS_A_TURN, *cadences)


def _fit(model: SequenceModule, task: SequenceTask, evaluation: Evaluation, resume: Resume, device: str) -> None:
    """Train from where the model stands; a run whose training is done already tells of it."""
    if evaluation.measured.step >= evaluation.last_step:
        evaluation.tell_earlier()
        return
    with _quiet():
        trainer = _trainer(
            accelerator="gpu" if device == "cuda" else device,
            devices=1,
            # One process, whatever a scheduler's variables and programs say: Lightning would look for SLURM itself.
            plugins=[LightningEnvironment()],
            max_steps=model.protocol.max_steps,
            callbacks=[evaluation, resume],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
        _ease_collector()
        trainer.fit(model, datamodule=task)


def _trainer(**given: Any) -> pl.Trainer:
    """Return Lightning's Trainer with every argument passed: it takes the others from variables PL_TRAINER_*."""
    defaults = {name: argument.default for name, argument in inspect.signature(pl.Trainer).parameters.items()}
    return pl.Trainer(**defaults | given)


def _ease_collector() -> None:
    """Free what an earlier run left, and keep the collector from visiting all that was imported.

    It would do so again and again, for a tenth of a fast step. What is frozen stays so: the second run of a process
    has next to nothing to free and to freeze, where it would else take as long as some hundred steps.
    """
    gc.collect()
    if len(gc.get_objects()) > _CROWD:
        gc.freeze()


def _result(
    run: Run,
    model: SequenceModule,
    task: SequenceTask,
    evaluation: Evaluation,
    divergence: Divergence | None,
    backend: Backend,
    grid: list[GridPoint],
    device: str,
) -> TrainingResult:
    started = evaluation.clock()
    tested: list[SizeScores] = []
    if evaluation.best_weights:  # none where the very first evaluation was not finite
        model.load_state_dict(evaluation.best_weights)
        model.to(device)
        tested = grid_scores(model, task, Stream.TEST, run.protocol.test_sequences)
    evaluation.measured.evaluation_seconds += evaluation.clock() - started
    return _result_of(model, task, evaluation, divergence, backend, grid, tested)


def _untrained(
    run: Run, model: SequenceModule, task: SequenceTask, evaluation: Evaluation, grid: list[GridPoint]
) -> TrainingResult:
    """Return the result of a run that ends untrained, as if the scores at all sizes were those of its validation."""
    sequences, scores = run.protocol.test_sequences, evaluation.measured.curve[0].scores
    tested = [SizeScores(at.size, sequences, scores) for at in grid]
    return _result_of(model, task, evaluation, None, Backend.EAGER, grid, tested)


def _result_of(
    model: SequenceModule,
    task: SequenceTask,
    evaluation: Evaluation,
    divergence: Divergence | None,
    backend: Backend,
    grid: list[GridPoint],
    tested: list[SizeScores],
) -> TrainingResult:
    convergence, measured = evaluation.convergence, evaluation.measured
    outcome = Outcome.NOT_CONVERGED if convergence.first is None else Outcome.CONVERGED
    return TrainingResult(
        outcome=Outcome.DIVERGED if divergence else outcome,
        steps=measured.step,
        converged_first=convergence.first,
        converged_confirmed=convergence.confirmed,
        best_step=convergence.best_step,
        curve=measured.curve,
        probe=measured.probe,
        course=measured.course,
        training_sizes=task.training_sizes() if task.course else [],
        generalization=tested,
        training_range=task.training_range(),
        grid=grid,
        parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        all_parameters=sum(p.numel() for p in model.parameters()),
        state_bytes=model.state_bytes(),
        details=dict(check_details(model.details())),
        own_training=own_training(model),
        own_hooks=own_hooks(model),
        backend=backend,
        seconds=Seconds(measured.training_seconds, measured.evaluation_seconds, measured.compilation_seconds),
        weights=evaluation.best_weights,
        initial_weights=measured.initial_weights,
        divergence=divergence,
    )


@contextlib.contextmanager
def _exits_answered() -> Iterator[None]:
    """Tell Lightning's answer to Ctrl-C, which is to exit, from a model or task that exits."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        if not isinstance(error.__context__, KeyboardInterrupt):
            raise RuntimeError(f"the model or task called sys.exit({error.code})") from error
        signal.signal(signal.SIGINT, handler)  # Lightning leaves it ignored
        raise KeyboardInterrupt from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning's notices about devices, interrupts and SLURM, and its own use of old torch, off the console."""
    names = (
        "pytorch_lightning.utilities.rank_zero",
        "lightning_fabric.utilities.rank_zero",
        "pytorch_lightning.trainer.connectors.signal_connector",
    )
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The `srun` command is available on your system but is not used")
            warnings.filterwarnings("ignore", "`isinstance.treespec, LeafSpec.` is deprecated", FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
