"""Put hostile records through all that reads and reports records; tell what else than an error of ours comes of it.

.venv/bin/python tests/integration/fuzz_records.py [--cases 50000] [--seed 0] [--kept DIR]

A batch of records lies in one folder and is reported together, so that cells of unlike records are met too. A case
is refused by the loader, or reported in every form. What must not happen: another exception than MannBenchError, more
than the allotted seconds, a file written anywhere but in the folder of the batch, another process, a connection.
"""

import argparse
import collections
import contextlib
import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from integration.hostile_records import mutated, valid_records

from mann_bench.analysis.cells import cells
from mann_bench.analysis.curves.data import figure_data, to_json
from mann_bench.core.errors import MannBenchError, StoreError
from mann_bench.reporting.render import Format, render
from mann_bench.results.schema import Record
from mann_bench.results.store import load_record, record_files
from mann_bench.site.report import report_page

LOAD_SECONDS, REPORT_SECONDS = 5, 120
BATCH = 30
DRAWN_EVERY = 10
"""Of so many batches one has its figures drawn."""

_WRITING = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.chmod", "os.truncate"}
_FORBIDDEN = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "socket.bind"}


class TooSlowError(BaseException):
    """A case took longer than it may; no handler of errors takes it."""


class Bug(NamedTuple):
    """What came of a batch that must not."""

    what: str
    trace: str
    folder: Path


class Watch:
    """Notes what is written or started outside a folder, while it is set."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if self.folder is None:
            return
        if event in _FORBIDDEN:
            self.seen.append(f"{event} {given[0]!r}")
        elif event in _WRITING or (event == "open" and _writes(*given)):
            paths = [path for path in given[:2] if isinstance(path, str | bytes)]
            self.seen += [f"{event} {path!r}" for path in paths if not self._inside(path)]

    def _inside(self, path: str | bytes) -> bool:
        text = path.decode(errors="surrogateescape") if isinstance(path, bytes) else path
        return text == "/dev/null" or (Path(text).absolute().is_relative_to(str(self.folder)) and ".." not in text)


def _writes(path: object, mode: object, flags: object = 0) -> bool:
    """Tell whether a file is opened to write; in "open", the mode is None where the system's flags are given."""
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


@contextlib.contextmanager
def within(seconds: int) -> Iterator[None]:
    """Raise TooSlowError after so many seconds of this process, or ten times as many by the clock."""

    def ring(number: int, frame: object) -> None:
        raise TooSlowError(f"more than {seconds} s")

    kinds = {signal.SIGPROF: (signal.ITIMER_PROF, seconds), signal.SIGALRM: (signal.ITIMER_REAL, 10 * seconds)}
    before = {number: signal.signal(number, ring) for number in kinds}
    for timer, most in kinds.values():
        signal.setitimer(timer, most)
    try:
        yield
    finally:
        for number, (timer, _) in kinds.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])


class Campaign:
    """Cases by what became of them, and the bugs that were found, each once."""

    def __init__(self, seed: int) -> None:
        importlib.import_module("matplotlib.font_manager")  # makes its folders, whoever imports it
        self.draw = random.Random(seed)
        self.valid = valid_records()
        self.watch = Watch()
        self.counts: collections.Counter[str] = collections.Counter()
        self.bugs: dict[str, Bug] = {}

    def batch(self, folder: Path, size: int = BATCH, drawn: bool = False) -> None:
        """Write, load and report some hostile records."""
        for number in range(size):
            (folder / f"run{number}").mkdir(parents=True)
            (folder / f"run{number}" / "record.json").write_bytes(mutated(self.valid, self.draw))
        records = [record for file in record_files(folder) if (record := self._load(file, folder))]
        self._report(records, folder, drawn)

    def _load(self, file: Path, folder: Path) -> Record | None:
        self.counts["cases"] += 1
        record: Record | None = None
        with self._guarded(folder, LOAD_SECONDS):
            try:
                record = load_record(file)
            except StoreError as error:
                text = str(error)
                assert len(text) < 1_000, f"an error of {len(text)} characters"
        self.counts["accepted" if record else "refused"] += 1
        return record

    def _report(self, records: list[Record], folder: Path, drawn: bool) -> None:
        if not records:
            return
        made = [*{record.model.text for record in records}]
        pair = self.draw.choice(made), self.draw.choice(made)
        for form in Format:
            with self._guarded(folder, REPORT_SECONDS):
                shown = render(cells(records), form, table="convergence" if form is Format.CSV else None)
                assert all(line.isprintable() for line in shown.split("\n")), "something that is not to be seen"
            with self._guarded(folder, REPORT_SECONDS):
                render(cells(records), form, compare=pair)
        with self._guarded(folder, REPORT_SECONDS):
            to_json(figure_data(cells(records)))
        with self._guarded(folder, REPORT_SECONDS):
            report_page(cells(records))
        if drawn:
            with self._guarded(folder, 5 * REPORT_SECONDS):
                from mann_bench.reporting.figures.files import figure_files

                figure_files(cells(records))

    @contextlib.contextmanager
    def _guarded(self, folder: Path, seconds: int) -> Iterator[None]:
        """Note what must not happen inside."""
        self.watch.folder = folder
        try:
            with within(seconds):
                yield
        except MannBenchError:
            self.counts["told"] += 1
        except (Exception, TooSlowError) as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            self._note(f"{type(error).__name__}: {str(error)[:100]} at {frame.filename}:{frame.lineno}", folder)
        finally:
            self.watch.folder = None
            for each in self.watch.seen:
                self._note(each, folder)
            self.watch.seen.clear()

    def _note(self, what: str, folder: Path) -> None:
        place = what.rpartition(" at ")[2]
        if place not in self.bugs:
            self.bugs[place] = Bug(what, traceback.format_exc(), folder)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kept", type=Path, help="folder that gets the batches in which a bug was found")
    given = parser.parse_args()
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", UserWarning)  # of figures: a letter that the font lacks, a legend that fills all
    campaign, started, kept = Campaign(given.seed), time.perf_counter(), 0
    for number in range(-(-given.cases // BATCH)):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            campaign.batch(folder / "runs", drawn=number % DRAWN_EVERY == 0)
            for bug in [*campaign.bugs.values()][kept:]:
                kept += 1
                print(f"BUG {kept}: {bug.what}", flush=True)
                if given.kept:
                    (folder / "runs" / "trace.txt").write_text(bug.trace)
                    shutil.copytree(folder / "runs", given.kept / f"bug-{given.seed}-{kept}", dirs_exist_ok=True)
        if number % 20 == 19:
            print(f"{dict(campaign.counts)}, {time.perf_counter() - started:,.0f} s", flush=True)
    print(f"{dict(campaign.counts)}, {len(campaign.bugs)} bugs, {time.perf_counter() - started:,.0f} s")
    sys.exit(1 if campaign.bugs else 0)


if __name__ == "__main__":
    main()
