"""A run and how it is to be done: what executors hand to workers."""

from pathlib import Path
from typing import Literal, NamedTuple

from mann_bench.core.runs import Run

Device = Literal["cpu", "cuda"]
DeviceChoice = Literal["auto", "cpu", "cuda"]


class Job(NamedTuple):
    """A run and how it is to be done. It can be pickled.

    Attributes:
        run: what to do.
        device, backend: where it trains, and the choice of backend there.
        out: folder of the store that gets its record.
        threads: CPU threads of its process.
        fresh: whether to train from the start, although there is a record or a checkpoint.
        checkpoint_every: seconds from one checkpoint to the next; 0: none.
    """

    run: Run
    device: Device
    backend: str
    out: Path
    threads: int = 1
    fresh: bool = False
    checkpoint_every: float = 60.0
