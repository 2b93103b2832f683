"""Start the process that talks to Ray, give it work, hear from it, and end it."""

import contextlib
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from types import TracebackType

from mann_bench import MannBenchError
from mann_bench_ray.messages import Message, Ready, Refused, Work

_START_SECONDS = 120.0
_ADDRESS_SECONDS = 10.0
_TAIL_BYTES = 4096

# No statistics to Ray's makers, and no upload of a project folder where the command was given through uv.
_SETTINGS = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0"}


class RayProcess:
    """The near end of `mann_bench_ray.driver`. Use as a context manager.

    Entering it raises MannBenchError where no Ray answers. Leaving it cancels what is not over, waits until what
    trains has saved a checkpoint, and stops the Ray that was started; KeyboardInterrupt ends that wait, and all of it.

    Args:
        address: the cluster's, ``auto`` or ``HOST:PORT``; None for a Ray on this machine, started for the purpose.
    """

    def __init__(self, address: str | None) -> None:
        self._address = address

    def __enter__(self) -> "RayProcess":
        if self._address not in (None, "auto"):
            _knock(str(self._address))
        self._log = tempfile.TemporaryFile()
        self._pipe, theirs = multiprocessing.Pipe()
        command = [sys.executable, "-m", "mann_bench_ray.driver", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command + ([self._address] if self._address else []),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                # Ray puts the current folder on the path of its workers, where it would hide what is installed.
                cwd=os.sep,
                env=os.environ | _SETTINGS,
                # Ctrl-C is for this process alone; and what Ray starts is found by its group.
                start_new_session=True,
            )
        try:
            self._await_ready()
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        try:
            self._process.wait()
        finally:
            self._kill()

    def submit(self, work: Work) -> None:
        """Have a run done; raises MannBenchError where Ray is gone."""
        try:
            self._pipe.send(work)
        except OSError as error:
            raise self._gone() from error

    def messages(self, seconds: float) -> Iterator[Message]:
        """Yield what was said, waiting up to `seconds` for the first; raises MannBenchError where Ray is gone."""
        while self._pipe.poll(seconds):
            try:
                message: Message = self._pipe.recv()
            except (EOFError, OSError) as error:
                raise self._gone() from error
            if isinstance(message, Refused):
                raise self._error(message.reason)
            yield message
            seconds = 0.0

    def _await_ready(self) -> None:
        end = time.monotonic() + _START_SECONDS
        while (left := end - time.monotonic()) > 0:
            if any(isinstance(message, Ready) for message in self.messages(left)):
                return
        raise self._error(f"no answer within {_START_SECONDS:.0f} seconds; 'ray status' there shows whether it is well")

    def _error(self, reason: str) -> MannBenchError:
        return MannBenchError(f"executor ray, {f'address={self._address}' if self._address else 'local'}: {reason}.")

    def _gone(self) -> MannBenchError:
        words = self._last_words()
        return self._error(
            f"the connection to Ray was lost{f' ({words})' if words else ''}. Finished runs keep their records, others "
            "their last checkpoint; the same command goes on from there"
        )

    def _last_words(self) -> str:
        self._log.seek(max(0, os.fstat(self._log.fileno()).st_size - _TAIL_BYTES))
        lines = self._log.read().decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _kill(self) -> None:
        """End what is left of the process, and of a Ray that it started; of one that it only uses nothing is there."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._pipe.close()
        self._log.close()


def _knock(address: str) -> None:
    """Raise MannBenchError where nobody listens at ``HOST:PORT``; Ray would wait for it without end."""
    host, _, port = address.rpartition(":")
    try:
        with contextlib.closing(socket.create_connection((host, int(port)), timeout=_ADDRESS_SECONDS)):
            pass
    except OSError as error:
        raise MannBenchError(
            f"executor ray: nobody answers at {address}: {error.strerror or error}. Give the address that "
            "'ray start --head' printed, or address=auto on a node of the cluster."
        ) from error
