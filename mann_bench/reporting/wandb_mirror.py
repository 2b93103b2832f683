"""Mirror runs to Weights & Biases. Records are the truth: a mirror may fail, and can be made again.

The id of a W&B run is the run key, so mirroring a run twice replaces it and duplicates nothing.
"""

import contextlib
import json
import netrc
import os
import shutil
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from mann_bench.core.events import Evaluated, Event, Finished, Probed, Started
from mann_bench.core.runs import short_key
from mann_bench.reporting.wandb_content import Start, config, course_values, history_row, summary, tables
from mann_bench.reporting.wandb_home import without_home
from mann_bench.reporting.wandb_log import wait_for_end
from mann_bench.reporting.wandb_settings import readable_variables, settings_mode
from mann_bench.results.files import write_atomically
from mann_bench.results.schema import CourseRow, CurveRow, ProbeRow, Record
from mann_bench.results.store import RECORD_NAME, digest, load_record

PROJECT = "mann-bench"
MARKER_NAME = "wandb.json"
"""File beside a record that says in which mode it was mirrored."""

_STAGING = "WANDB_DATA_DIR"
_OLD_MODES = {"dryrun": "offline", "run": "online"}
_DEFAULT_URL = "https://api.wandb.ai"


class WandbMode(StrEnum):
    """Where runs are mirrored to: a server, a local folder, nowhere."""

    ONLINE = "online"
    OFFLINE = "offline"
    DISABLED = "disabled"


def logged_in() -> bool:
    """Tell whether an API key for W&B is at hand, in the environment or in a netrc file."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL") or _DEFAULT_URL).netloc
    with contextlib.suppress(OSError, netrc.NetrcParseError):
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    return False


def default_mode() -> WandbMode:
    """Return the mode of ``WANDB_MODE`` where it names one, else online where logged in, else offline.

    Where `wandb offline` or `wandb disabled` was said in this folder, or for this user, it is no more than that.
    """
    named = os.environ.get("WANDB_MODE", "")
    with contextlib.suppress(ValueError):
        return WandbMode(_OLD_MODES.get(named, named))
    if (mode := settings_mode()) in (WandbMode.OFFLINE, WandbMode.DISABLED):
        return WandbMode(mode)
    return WandbMode.ONLINE if logged_in() else WandbMode.OFFLINE


def import_wandb() -> None:
    """Import what `wandb.init` imports; it looks through all modules, which takes twice as long after torch."""
    with contextlib.suppress(Exception):  # a mirror tells what is wrong with it
        import wandb.apis.public  # noqa: F401


class WandbMirror:
    """An observer that mirrors runs while they train, and records afterwards. Use as a context manager.

    Args:
        mode: where to.
        folder: where W&B keeps its files.

    Attributes:
        mode: offline from the first failure on, since each run would wait for the server again.
        problems: what went wrong, one line a run. Nothing that W&B does stops a run.
    """

    def __init__(self, mode: WandbMode, folder: Path) -> None:
        self.mode, self.folder = mode, folder
        self.problems: list[str] = []
        self._open: dict[str, Any] = {}
        self._modes: dict[str, WandbMode] = {}

    def __enter__(self) -> "WandbMirror":
        return self

    def __exit__(self, *_: object) -> None:
        """Give up the mirrors of runs that did not finish."""
        for key in list(self._open):
            with self._guard(key, "closing"):
                self._abandon(key)

    def __call__(self, event: Event) -> None:
        """Mirror an event."""
        if self.mode is WandbMode.DISABLED:
            return
        match event:
            case Started(run):
                with self._guard(run.key, "starting"):
                    self._start(Start.of_run(run))
            case Evaluated(key, point, course, sizes):
                with self._guard(key, "logging"):
                    if key in self._open:
                        drawn = course_values(CourseRow.of(course), sizes) if course else {}
                        _log(self._open[key], CurveRow.of(point), drawn)
            case Probed(key, step, rows):
                with self._guard(key, "logging"):
                    if key in self._open:
                        _log(self._open[key], ProbeRow.of(step, rows))
            case Finished(key, _, folder):
                with self._guard(key, "finishing"):
                    if folder is None:
                        self._abandon(key)
                    elif key in self._open:
                        self._finish(load_record(folder / RECORD_NAME), folder)
            case _:
                pass

    def mirror(self, record: Record, folder: Path) -> None:
        """Mirror a record that lies in `folder` from scratch."""
        with self._guard(record.key, "mirroring"):
            self._start(Start.of_record(record))
            syllabus = record.syllabus
            drawn = {row.step: course_values(row, syllabus.sizes) for row in syllabus.course} if syllabus else {}
            measured: list[CurveRow | ProbeRow] = [*record.curve, *record.probe]
            for row in sorted(measured, key=lambda row: row.step):  # the order in which a run tells them
                _log(self._open[record.key], row, drawn.get(row.step, {}) if isinstance(row, CurveRow) else {})
            self._finish(record, folder)

    def _start(self, start: Start) -> None:
        import wandb

        key = start.key
        self.folder.mkdir(parents=True, exist_ok=True)
        without_home(self.folder / "wandb" / "home")
        if self.mode is WandbMode.OFFLINE:  # a server would replace the earlier mirror of a key
            for earlier in self.folder.glob(f"wandb/offline-run-*-{key}"):
                shutil.rmtree(earlier, ignore_errors=True)
            (self.folder / key / MARKER_NAME).unlink(missing_ok=True)
        self._modes[key] = self.mode
        with readable_variables(self.mode.value):
            run = self._open[key] = wandb.init(
                project=os.environ.get("WANDB_PROJECT", PROJECT),
                id=key,
                name=start.name,
                group=start.group,
                job_type=start.job_type,
                tags=start.tags,
                config=start.config,
                mode=self.mode.value,
                dir=str(self.folder),
                reinit="create_new",
                settings=wandb.Settings(silent=True, console="off", save_code=False),
            )
        run.define_metric("step")
        run.define_metric("validation/*", step_metric="step")
        run.define_metric("target/*", step_metric="step")
        run.define_metric("diagnostics/*", step_metric="step")
        run.define_metric("syllabus/*", step_metric="step")
        run.define_metric("probe/*", step_metric="step")

    def _finish(self, record: Record, folder: Path) -> None:
        import wandb

        run = self._open[record.key]
        run.config.update(config(record), allow_val_change=True)
        with _staging_in(Path(run.dir).parent):
            for name, rows in tables(record).items():
                table = wandb.Table(columns=list[str | int](rows[0]))
                for row in rows:
                    table.add_data(*row.values())
                run.log({name: table})
        run.summary.update(summary(record))
        run.tags = (*Start.of_record(record).tags, str(record.outcome))
        run.finish()
        if self._modes[record.key] is WandbMode.OFFLINE:  # online, finishing waits for the server
            wait_for_end(Path(run.dir).parent / f"run-{run.id}.wandb")
        del self._open[record.key]
        marker = {"id": run.id, "mode": self._modes[record.key].value, "record_sha256": _record_digest(folder)}
        write_atomically({folder / MARKER_NAME: json.dumps(marker).encode()})

    def _abandon(self, key: str) -> None:
        """Close an unfinished mirror; offline, leave no trace of it, so that a later sync sees the run once."""
        run = self._open.pop(key, None)
        if run is None:
            return
        try:
            run.finish(exit_code=1)
        finally:
            if self._modes[key] is WandbMode.OFFLINE:
                shutil.rmtree(Path(run.dir).parent, ignore_errors=True)

    @contextlib.contextmanager
    def _guard(self, key: str, doing: str) -> Any:
        try:
            yield
        except Exception as error:
            with contextlib.suppress(Exception):
                self._abandon(key)
            reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
            if self.mode is WandbMode.ONLINE:
                self.mode = WandbMode.OFFLINE
                reason += ". Runs that started later are mirrored offline; mann-bench sync mirrors all online"
            self.problems.append(f"W&B failed while {doing} run {short_key(key)}: {reason}")


@contextlib.contextmanager
def _staging_in(folder: Path) -> Iterator[None]:
    """Let W&B put the files of tables into the folder of their run, not into the user's, but where users chose."""
    if _STAGING in os.environ:
        yield
        return
    os.environ[_STAGING] = str(folder)
    try:
        yield
    finally:
        del os.environ[_STAGING]


def mirrored_as(folder: Path) -> WandbMode | None:
    """Return the mode in which the record that lies in `folder` now was mirrored, or None if it never was."""
    try:
        marker = json.loads((folder / MARKER_NAME).read_text(encoding="utf-8"))
        return WandbMode(marker["mode"]) if marker["record_sha256"] == _record_digest(folder) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def needs_mirror(folder: Path, mode: WandbMode) -> bool:
    """Tell whether mirroring the record in `folder` in `mode` would add anything."""
    done = mirrored_as(folder)
    return done is None or (done is WandbMode.OFFLINE and mode is WandbMode.ONLINE)


def _record_digest(folder: Path) -> str:
    return digest((folder / RECORD_NAME).read_bytes())


def _log(run: Any, row: CurveRow | ProbeRow, more: Mapping[str, float] = MappingProxyType({})) -> None:
    run.log({**history_row(row), **more})
