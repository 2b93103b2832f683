"""Progress of runs: bars on a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Any

import rich.progress
from rich.console import Console
from rich.text import Text

from mann_bench.core.events import Busy, Evaluated, Event, Finished, Notice, Progress, Started
from mann_bench.core.message_text import printable
from mann_bench.core.runs import Run, short_key

_LINE_SECONDS = 15.0


class _TimeLeft(rich.progress.TimeRemainingColumn):
    """The time left; ``at most`` as long as a run may end before its budget."""

    def render(self, task: rich.progress.Task) -> Text:
        """Return the time, or a blank one where nothing is known yet."""
        left = super().render(task)
        return Text.assemble("at most ", left) if task.fields.get("bound") and task.time_remaining else left


class ConsoleProgress:
    """An observer that shows each run with its rate and time left. Use as a context manager.

    Args:
        console: where to.
        runs: how many there will be; with more than one, how many of them are over and running is shown as well.
    """

    def __init__(self, console: Console, runs: int = 1) -> None:
        self._console, self._count, self._over = console, runs, 0
        self._runs: dict[str, Run] = {}
        self._notices: set[str] = set()
        self._started: dict[str, float] = {}
        self._said: dict[str, float] = {}
        self._first: dict[str, tuple[int, float]] = {}
        """The step at which a run began here, above 0 where it goes on from a checkpoint, and when that was."""
        self._steps: dict[str, tuple[int, int]] = {}
        self._trained: dict[str, float] = {}
        self._bars: dict[str, rich.progress.TaskID] = {}
        self._progress: rich.progress.Progress | None = None
        self._all: rich.progress.TaskID | None = None

    def __enter__(self) -> "ConsoleProgress":
        if self._console.is_terminal and not self._console.is_jupyter:
            self._progress = rich.progress.Progress(
                rich.progress.TextColumn("{task.description}", markup=False),
                rich.progress.BarColumn(bar_width=20),
                rich.progress.MofNCompleteColumn(),
                rich.progress.TextColumn("{task.fields[rate]}"),
                _TimeLeft(),
                rich.progress.TextColumn("{task.fields[scores]}"),
                console=self._console,
            )
            self._progress.start()
            if self._count > 1:
                self._all = self._progress.add_task("", total=self._count, rate="", scores="")
                self._show_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress:
            self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event:
            case Started(run):
                self._start(run)
            case Notice(_, text):
                self._note(text)
            case Progress(key, step, last):
                self._advance(key, step, last)
            case Evaluated(key, point):
                self._trained[key] = point.seconds
                self._evaluated(key, point.step, point.scores)
            case Busy(key, owner_text):
                self._print(f"run {short_key(key)}: {owner_text} does it")
            case Finished(key, outcome, _, problem):
                self._finish(key, outcome.words, problem)

    def _start(self, run: Run) -> None:
        now = time.monotonic()
        self._runs[run.key], self._started[run.key], self._said[run.key] = run, now, now
        self._steps[run.key] = (0, run.protocol.max_steps)
        if self._progress:
            self._bars[run.key] = self._progress.add_task(
                printable(run.text), start=False, total=run.protocol.max_steps, rate="preparing", scores=""
            )
            self._show_all()
        else:
            self._say(run, "started")

    def _note(self, text: str) -> None:
        """Say a notice once, however many runs bring it."""
        if text not in self._notices:
            self._notices.add(text)
            self._print(text, style="yellow")

    def _advance(self, key: str, step: int, last: int) -> None:
        if key not in self._first:
            # Compiling comes before it: neither rate nor time left counts that.
            self._first[key] = (step, time.monotonic())
            if self._progress:
                self._progress.start_task(self._bars[key])
        self._steps[key] = (step, last)
        self._update(key, completed=step, total=last, bound=self._is_bound(key), rate=f"{self._rate(key):,.0f} seq/s")

    def _evaluated(self, key: str, step: int, scores: dict[str, float]) -> None:
        metric = self._runs[key].convergence.metric
        text = printable(f"{metric} {scores[metric]:.3f}")
        self._steps[key] = (step, self._steps[key][1])
        self._update(key, scores=text)
        now = time.monotonic()
        if not self._progress and now - self._said[key] >= _LINE_SECONDS:
            self._said[key] = now
            rate = f", {self._rate(key):,.0f} seq/s, {self._time_left(key)} left" if self._steps_here(key) > 0 else ""
            self._say(self._runs[key], f"step {step:,}/{self._steps[key][1]:,}, {text}{rate}")

    def _finish(self, key: str, outcome: str, problem: str | None) -> None:
        if self._progress and key in self._bars:
            self._progress.remove_task(self._bars.pop(key))
        self._over += 1
        run = self._runs.pop(key, None)
        self._show_all()
        where = f" ({self._tally()})" if self._count > 1 else ""
        if run is None:  # its worker died before it could say that it started
            self._print(f"run {short_key(key)}: {problem or outcome}{where}")
            return
        # A run elsewhere is heard of late: it took at least as long as it trained.
        took = _duration(max(time.monotonic() - self._started[key], self._trained.get(key, 0.0)))
        self._say(run, f"{problem or f'{outcome} after {self._steps[key][0]:,} steps in {took}'}{where}")

    def _tally(self) -> str:
        running = f", {len(self._runs)} running" if self._runs else ""
        return f"{self._over} of {self._count} runs over{running}"

    def _show_all(self) -> None:
        if self._progress and self._all is not None:
            self._progress.update(self._all, description=self._tally(), completed=self._over)

    def _rate(self, key: str) -> float:
        return self._steps_here(key) * self._runs[key].protocol.batch_size / max(self._seconds_here(key), 1e-9)

    def _time_left(self, key: str) -> str:
        done, last = self._steps[key]
        left = _duration(self._seconds_here(key) / self._steps_here(key) * (last - done))
        return f"at most {left}" if self._is_bound(key) else left

    def _is_bound(self, key: str) -> bool:
        """Tell whether a run may still end before its last step: it has not converged, and its budget is long."""
        (step, last), protocol = self._steps[key], self._runs[key].protocol
        return last == protocol.max_steps and step + protocol.grace < last

    def _steps_here(self, key: str) -> int:
        return self._steps[key][0] - self._first[key][0] if key in self._first else 0

    def _seconds_here(self, key: str) -> float:
        return time.monotonic() - self._first[key][1] if key in self._first else 0.0

    def _update(self, key: str, **fields: Any) -> None:
        if self._progress:
            self._progress.update(self._bars[key], **fields)

    def _say(self, run: Run, text: str) -> None:
        self._print(f"{run.text}: {text}", highlight=False)

    def _print(self, text: str, **style: Any) -> None:
        self._console.print(printable(text), markup=False, soft_wrap=True, **style)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
