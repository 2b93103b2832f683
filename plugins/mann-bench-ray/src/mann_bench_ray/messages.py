"""What the process that runs the command and the one that talks to Ray say to each other."""

from typing import NamedTuple

from mann_bench import MannBenchError


class Work(NamedTuple):
    """A run to be done by one call of Ray's.

    Attributes:
        key: the run's.
        name: of the call, for people.
        job: pickled, for the process that talks to Ray has no use for torch, which a job would import.
        cpus, gpus: what the call reserves of its node.
    """

    key: str
    name: str
    job: bytes
    cpus: float
    gpus: float


class Ready(NamedTuple):
    """Ray answers, and takes work."""


class Refused(NamedTuple):
    """Ray can do nothing, for a reason in its own words."""

    reason: str


class Remark(NamedTuple):
    """What the user should know; nothing stops for it."""

    text: str


class Done(NamedTuple):
    """The call of a run came to its end, on a node."""

    key: str
    node: str


class Lost(NamedTuple):
    """The call of a run went down with its worker process or node."""

    key: str
    reason: str


class Raised(NamedTuple):
    """The call of a run raised. `error` is there where it is one that the user can mend."""

    key: str
    reason: str
    error: MannBenchError | None


Ending = Done | Lost | Raised
Message = Ready | Refused | Remark | Ending
