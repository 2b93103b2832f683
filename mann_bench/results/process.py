"""Which process this is, in words that another one can check, also after this one is gone."""

import functools
import os
import platform
import secrets
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_GONE = ("Z", "X", "x")

Word = Annotated[str, Field(max_length=200, pattern=r"^[\x20-\x7e]*$")]


class Process(BaseModel):
    """A process.

    Attributes:
        host: name of its machine, for people.
        pid: its number there; 0 for one of which nothing is known.
        machine: the start of the kernel and the space of numbers in which `pid` means it; None where that is unknown.
        began: when it began, as its kernel counts, since numbers are given again; None where that is unknown.
        token: tells apart what one process says at different times.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    host: Word = ""
    pid: int = Field(ge=0)
    machine: Word | None = None
    began: Word | None = None
    token: Word = ""

    @classmethod
    def this(cls) -> "Process":
        """Return the process that calls, with a token of its own."""
        host = platform.node().encode("ascii", "replace").decode()
        pid = os.getpid()
        return cls(host=host, pid=pid, machine=_machine(), began=_began(pid), token=secrets.token_hex(8))

    @classmethod
    def parse(cls, content: bytes) -> "Process":
        """Read what `to_bytes` returned. What is none of that is a process of which nothing is known."""
        try:
            return cls.model_validate_json(content)
        except ValidationError:
            return cls(pid=0)

    def to_bytes(self) -> bytes:
        """Return the process as one line of JSON."""
        return self.model_dump_json().encode() + b"\n"

    @property
    def text(self) -> str:
        """Who it is, for people."""
        return f"process {self.pid} of {self.host}" if self.pid else "an unknown process"

    def lives(self) -> bool | None:
        """Tell whether it lives; None where nobody here can know, as it is on another machine."""
        if None in (self.machine, self.began) or self.machine != _machine():
            return None
        return _began(self.pid) == self.began


@functools.cache
def _machine() -> str | None:
    """Return what a process number holds for: one start of one kernel, and in it one container."""
    try:
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def _began(pid: int) -> str | None:
    """Return when a process of this machine began; None where there is none, or it only waits to be buried."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state in _GONE else fields[18]
