"""The suite from Python: the same code that the command line calls."""

import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, SupportsIndex

from rich.console import Console

from mann_bench.analysis.cells import cells
from mann_bench.analysis.comparison import comparison_rows
from mann_bench.analysis.convergence import convergence_rows
from mann_bench.analysis.generalization import generalization_rows
from mann_bench.analysis.level import level_rows, reached_rows
from mann_bench.analysis.probe import probe_rows
from mann_bench.analysis.runs import run_rows
from mann_bench.analysis.target import on_target
from mann_bench.core.errors import StoreError, UsageError
from mann_bench.core.events import Event, Finished, Observer
from mann_bench.core.jobs import Device, Job
from mann_bench.core.message_text import counted
from mann_bench.core.runs import short_key
from mann_bench.execution.executor import Executor
from mann_bench.execution.plan import Block, Plan, Shard, make_plan
from mann_bench.execution.prepare import prepare
from mann_bench.execution.resolve import resolve_backend
from mann_bench.registry import Registry
from mann_bench.reporting.frames import curve_rows, frame, row_frame, size_rows
from mann_bench.reporting.notebook import Figures, tables_html
from mann_bench.reporting.progress import ConsoleProgress
from mann_bench.reporting.render import Format, render
from mann_bench.reporting.tables.convergence import convergence_table
from mann_bench.reporting.tables.generalization import generalization_tables
from mann_bench.reporting.wandb_mirror import WandbMirror, WandbMode, default_mode
from mann_bench.results.files import prepare_file, write_output
from mann_bench.results.schema import Record
from mann_bench.results.store import Store, load_record, record_files

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Results:
    """Records and the tables that follow from them. Printing an object prints the tables; notebooks show them.

    Frames need pandas, and raise UsageError without it. They have the columns that most questions need; give
    ``all_columns=True`` for all.

    Attributes:
        records: one for each run.
        problems: failures that did not stop the call, such as runs without a record or failures of W&B.
    """

    records: Sequence[Record]
    problems: Sequence[str] = field(default=())

    def convergence(self, all_columns: bool = False) -> "pd.DataFrame":
        """Return the convergence table, one row a model and task."""
        made = cells(self.records)
        return row_frame("convergence", convergence_rows(made), made, all_columns)

    def generalization(self, all_columns: bool = False) -> "pd.DataFrame":
        """Return the length-generalisation table, one row a model, task and size."""
        made = cells(self.records)
        return row_frame("generalization", generalization_rows(made), made, all_columns)

    def probe(self, all_columns: bool = False) -> "pd.DataFrame":
        """Return generalisation over training, one row a run, probe and size of the length grid."""
        return frame("probe", size_rows(self.records), cells(self.records), all_columns)

    def generalizing(self, all_columns: bool = False) -> "pd.DataFrame":
        """Return which seeds generalise and from which step on, one row a model and task."""
        made = cells(self.records)
        return row_frame("generalizing", probe_rows(made), made, all_columns)

    def levels(self, all_columns: bool = False) -> "pd.DataFrame":
        """Return the level that each model reached under a syllabus with a curriculum point, a row a model and task."""
        made = cells(self.records)
        return row_frame("levels", level_rows(made), made, all_columns)

    def reached(self, all_columns: bool = False) -> "pd.DataFrame":
        """Return the training until each level under such a syllabus, a row a model, task and level."""
        made = cells(self.records)
        return row_frame("reached", reached_rows(made), made, all_columns)

    def curves(self, all_columns: bool = False) -> "pd.DataFrame":
        """Return the learning curves, one row a run and evaluation; ``target_`` are scores at the greatest size."""
        return frame("curves", curve_rows(self.records), cells(self.records), all_columns)

    def runs(self, all_columns: bool = False) -> "pd.DataFrame":
        """Return how each run ended, and why it failed, one row a run."""
        made = cells(self.records)
        return row_frame("runs", run_rows(made), made, all_columns)

    def compare(self, first: str, second: str, all_columns: bool = False) -> "pd.DataFrame":
        """Return how much faster one model converges than another, with a permutation test, one row a task.

        Raises:
            UsageError: a model is not in these results, or the two have no task and protocol in common.
        """
        made = cells(self.records)
        return row_frame("comparison", comparison_rows(made, first, second), made, all_columns)

    def figures(self) -> Figures:
        """Return the figures of `mann-bench report --figures` by name; notebooks show them."""
        from mann_bench.reporting.figures.files import figures

        return Figures(figures(cells(self.records)))

    def page(self, file: str | Path = "report.html") -> Path:
        """Write a web page with tables, charts and runs, as `mann-bench report --html` does, and return its path.

        Raises:
            UsageError: there are no records.
            StoreError: the page cannot be written.
        """
        from mann_bench.site.report import report_page

        if not self.records:
            raise UsageError("there are no records to make a page of.")
        path = _folder(file)
        prepare_file(path, "file")
        write_output("the page", path, {path: report_page(cells(self.records))})
        return path

    def on_target(self) -> "Results":
        """Return these results with convergence judged on the greatest training size alone.

        Raises:
            UsageError: a record does not tell it, as those of earlier versions.
        """
        return Results([on_target(record) for record in self.records], self.problems)

    def __str__(self) -> str:
        return render(cells(self.records), Format.TEXT)

    def __repr__(self) -> str:
        return f"Results({self._outline()})"

    def _repr_html_(self) -> str:
        made = cells(self.records)
        return tables_html(self._outline(), [convergence_table(made), *generalization_tables(made)] if made else [])

    def _outline(self) -> str:
        made, outcomes = cells(self.records), Counter(record.outcome for record in self.records)
        models, tasks = (counted(len({getattr(cell, each) for cell in made}), each) for each in ("model", "task"))
        ends = [f"{count:,} {outcome.words}" for outcome, count in sorted(outcomes.items())]
        problems = [counted(len(self.problems), "problem")] if self.problems else []
        return f"{counted(len(self.records), 'run')} of {models} on {tasks}: {', '.join(ends + problems) or 'nothing'}"


def run(
    models: Sequence[str],
    tasks: Sequence[str],
    seeds: Iterable[SupportsIndex] = range(3),
    protocol: str = "collier2018",
    *,
    out: str | Path = "runs",
    jobs: int | None = None,
    threads: int = 1,
    executor: str | None = None,
    device: str = "auto",
    backend: str = "auto",
    wandb: str | None = None,
    fresh: bool = False,
    shard: str | None = None,
    checkpoint_every: float = 60.0,
    plugins: bool = True,
    progress: bool = True,
) -> Results:
    """Train every model on every task with every seed and return all records.

    A run that has a record in `out` is not trained again, unless it failed. Several runs are trained at the same time,
    in processes of their own, which do not import the script that calls this.

    Threads may call this. With ``jobs=1`` the threads of one process train one run after another, because they share
    the random generators and the number of torch's threads. Only the main thread writes a checkpoint on Ctrl-C and
    SIGTERM.

    Args:
        models, tasks: variants, as in ``ntm:memory_init=random``.
        seeds: non-negative integers.
        protocol: a protocol, as in ``collier2018:max_steps=2000``.
        out: folder of the records.
        jobs: runs at the same time on this machine, limited to what fits into memory; by default one for each core. 1
            trains in the calling process.
        threads: threads of each run; more than one helps only if there are fewer runs than cores.
        executor: what executes the runs instead of this machine, such as ``slurm:partition=cpu``.
        device: ``auto``, ``cpu`` or ``cuda``; with `executor`, ``auto`` is ``cpu``.
        backend: ``auto``, ``eager``, ``compiled`` or ``native``; changes the speed, not the results.
        wandb: ``online``, ``offline`` or ``disabled``; by default online if you are logged in, else offline.
        fresh: train all runs from the start, even those that have a record.
        shard: do only this part of the runs, such as ``2/8``.
        checkpoint_every: seconds between checkpoints, from which an interrupted run continues; 0 writes none.
        plugins: whether to load third-party plugins.
        progress: whether to show progress on standard error.

    Raises:
        MannBenchError: something that the caller can correct; the message says how.
        KeyboardInterrupt: the call was interrupted; finished runs have records, and the others a checkpoint.
    """
    if executor is not None and jobs is not None:
        raise UsageError(f"jobs={jobs} and executor={executor!r}: give one of them.")
    folder = _folder(out)
    registry = Registry.discover(plugins)
    plan = make_plan(registry, [Block(models, tasks, [protocol])], list(seeds))
    if shard is not None:
        plan = Shard.parse(shard).of(plan)
    mode, kind = wandb_mode(wandb), resolve_backend(backend)
    setting = prepare(
        registry,
        plan,
        folder,
        executor=executor or "local",
        jobs=jobs,
        threads=threads,
        device=device,
        backend=kind,
        fresh=fresh,
    )
    observers = [ConsoleProgress(Console(stderr=True), len(plan.missing))] if progress else []
    results = execute(
        plan,
        folder,
        executor=setting.executor,
        threads=threads,
        device=setting.device,
        backend=kind,
        fresh=fresh,
        checkpoint_every=checkpoint_every,
        wandb=mode,
        observers=observers,
    )
    aside = [f"set aside as {path}: {reason}" for path, reason in plan.set_aside]
    return Results(results.records, [*aside, *results.problems])


def execute(
    plan: Plan,
    out: Path,
    *,
    executor: Executor,
    threads: int,
    device: Device,
    backend: str,
    wandb: WandbMode,
    fresh: bool = False,
    checkpoint_every: float = 60.0,
    observers: Sequence[contextlib.AbstractContextManager[Observer]] = (),
) -> Results:
    """Execute the runs of a plan that have no record yet and return the records of all."""
    if not checkpoint_every >= 0:
        raise UsageError(f"checkpoint_every must be at least 0 seconds, not {checkpoint_every}.")
    pending = [Job(run, device, backend, out, threads, fresh, checkpoint_every) for run in plan.missing]
    lost: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        mirror = stack.enter_context(WandbMirror(wandb, out))
        watching: list[Observer] = [mirror, *(stack.enter_context(observer) for observer in observers)]

        def observe(event: Event) -> None:
            for observer in watching:
                observer(event)
            if isinstance(event, Finished) and event.problem:
                lost[event.key] = f"run {short_key(event.key)}: {event.problem}"

        executor.execute(pending, observe)
    store = Store(out)
    records: list[Record] = []
    for run in plan.runs:
        try:
            if run.key not in lost and (record := store.find(run.key)):
                records.append(record)
        except StoreError as error:  # the others are as good as they are
            lost[run.key] = str(error)
    return Results(records, [*lost.values(), *mirror.problems])


def load(*paths: str | Path) -> Results:
    """Read records. Each path is a record, a run's folder, a folder of runs, or a folder of a leaderboard.

    Raises:
        StoreError: a path holds no record, or one that cannot be read.
    """
    return Results([load_record(file) for path in paths for file in record_files(_folder(path))])


def wandb_mode(choice: str | None) -> WandbMode:
    """Return the mode that a user chose, or the default; raises UsageError."""
    if choice is None:
        return default_mode()
    try:
        return WandbMode(choice)
    except ValueError:
        known = ", ".join(WandbMode)
        raise UsageError(f"wandb {choice!r}: expected one of {known}.") from None


def _folder(path: str | Path) -> Path:
    if path == "":
        raise UsageError("expected a path, not an empty text. The current folder is '.'.")
    return Path(path).expanduser()
