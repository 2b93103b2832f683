"""The process that talks to Ray: it gets work through a pipe, and says what becomes of it.

It is a process of its own because of what Ray does to the one that it is in: it prints to standard output from a
thread, replaces signal handlers, waits for an address without end, and ends the process where the cluster is lost.
"""

import signal
import sys
from multiprocessing.connection import Connection

import ray
from ray.exceptions import RayError, RayTaskError, TaskCancelledError, WorkerCrashedError

from mann_bench import MannBenchError
from mann_bench_ray.messages import Done, Ending, Lost, Raised, Ready, Refused, Work
from mann_bench_ray.remote_call import do_run
from mann_bench_ray.room import Room

_PAUSE_SECONDS = 0.2
# Nothing goes through the object store but small jobs; Ray would take a third of the machine's memory for it.
_STORE_BYTES = 100 * 2**20


def main() -> None:
    """Serve the pipe whose file descriptor is the first argument, at the address that is the second, until it closes.

    Without an address this starts a Ray on this machine, and stops it in the end.
    """
    pipe = Connection(int(sys.argv[1]))
    address = sys.argv[2] if len(sys.argv) > 2 else None
    try:
        _connect(address)
    except Exception as error:
        pipe.send(Refused(_refusal(address, error)))
        return
    # Who is at the other end of the pipe decides what a signal means.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        pipe.send(Ready())
        RemoteCalls(pipe, Room(fixed=address is None)).serve()
    finally:
        ray.shutdown()


def _connect(address: str | None) -> None:
    if address is not None:
        ray.init(address=address, log_to_driver=False)
    else:
        ray.init(address="local", log_to_driver=False, include_dashboard=False, object_store_memory=_STORE_BYTES)


def _refusal(address: str | None, error: Exception) -> str:
    """Return why Ray cannot be used, and what to do."""
    if address == "auto" and isinstance(error, ConnectionError):
        return "none runs on this machine. Start one with 'ray start --head', or leave address out"
    return " ".join(str(error).split()).rstrip(".")


class RemoteCalls:
    """The calls that Ray makes, one a run.

    Ray repeats none by itself: that is decided at the other end of the pipe.
    """

    def __init__(self, pipe: Connection, room: Room) -> None:
        self._pipe, self._room = pipe, room
        self._keys: dict[ray.ObjectRef[str], str] = {}

    def serve(self) -> None:
        """Begin the work that comes and report what is over; when the pipe closes, cancel what is left and wait."""
        try:
            while True:
                while self._pipe.poll(0.0 if self._keys else _PAUSE_SECONDS):
                    self._begin(self._pipe.recv())
                for ending in self._over():
                    self._pipe.send(ending)
                for message in self._room.look() if self._keys else ():
                    self._pipe.send(message)
        except (EOFError, ConnectionError):
            self._cancel()

    def _begin(self, work: Work) -> None:
        self._room.ask(work)
        options = {"num_cpus": work.cpus, "num_gpus": work.gpus, "max_retries": 0}
        ref = ray.remote(do_run).options(**options, name=f"mann-bench {work.name}").remote(work.job)
        self._keys[ref] = work.key

    def _over(self) -> list[Ending]:
        """Wait a little, and return what became of the calls that are over."""
        if not self._keys:
            return []
        over, _ = ray.wait(list(self._keys), num_returns=1, timeout=_PAUSE_SECONDS)
        return [ending_of(self._keys.pop(ref), ref) for ref in over]

    def _cancel(self) -> None:
        """End every call; one that trains saves a checkpoint first. Ray raises KeyboardInterrupt in it, once."""
        for ref in self._keys:
            ray.cancel(ref, force=False)
        if self._keys:
            ray.wait(list(self._keys), num_returns=len(self._keys))


def ending_of(key: str, ref: "ray.ObjectRef[str]") -> Ending:
    """Return what became of a call that is over."""
    try:
        return Done(key, ray.get(ref))
    except RayTaskError as error:
        cause = error.cause
        reason = f"{type(cause).__name__}: {cause}".split("\n")[0]
        return Raised(key, reason, cause if isinstance(cause, MannBenchError) else None)
    except WorkerCrashedError:
        return Lost(key, "its worker process died, often for lack of memory: fewer runs at a time, by parallel, help")
    except TaskCancelledError:
        return Lost(key, "its worker process was told to end")
    except RayError as error:
        return Lost(key, str(error).split(". ")[0].split("\n")[0])


if __name__ == "__main__":
    main()
