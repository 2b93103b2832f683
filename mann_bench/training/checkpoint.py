"""Checkpoints on disk: what one holds, how it is written whole, and how it is read without being trusted."""

import contextlib
import io
import pickle
import re
import stat
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pydantic
import torch
from torch import Tensor

from mann_bench.core.backends import Backend
from mann_bench.results.files import write_atomically
from mann_bench.training.result import Measured

KEPT = 2
"""Checkpoints of a run that stay on disk: should the last one be damaged, the one before it serves."""

_NAME = re.compile(r"checkpoint-(\d{1,18})\.pt")
_SPARE_BYTES = 64 * 2**20
_MEASURED = pydantic.TypeAdapter(Measured)


class UnusableCheckpointError(Exception):
    """A checkpoint is damaged, or was made by something else than what would go on from it."""

    def __init__(self, path: Path, reason: object) -> None:
        super().__init__(f"{path} is passed over: {str(reason).splitlines()[0] if str(reason) else 'unreadable'}")


class Checkpoint(NamedTuple):
    """A run at the end of a training step. The number of steps is all there is to know about the data.

    Attributes:
        made_by: what has to be the same for the run to go on as if nothing had happened, by name.
        measured: all measurements so far.
        weights, best_weights: now, and of the best evaluation.
        optimizers, schedulers: their states, as of `state_dict`.
        random: as of `random_states`.
        course: state of the syllabus's course; empty without one.
        extra: what the model's `on_save_checkpoint` added.
    """

    made_by: dict[str, str]
    measured: Measured
    weights: dict[str, Tensor]
    best_weights: dict[str, Tensor]
    optimizers: list[dict[str, Any]]
    schedulers: list[dict[str, Any]]
    random: dict[str, Any]
    course: dict[str, Any]
    extra: dict[str, Any]

    def to_bytes(self) -> bytes:
        """Return the content of a checkpoint's file: tensors and plain data, for `torch.load(weights_only=True)`."""
        content = self._asdict() | {"measured": _MEASURED.dump_python(self.measured)}
        buffer = io.BytesIO()
        torch.save(content, buffer)
        return buffer.getvalue()


def load(path: Path, made_by: Mapping[str, str], weights: Mapping[str, Tensor]) -> Checkpoint:
    """Read a checkpoint.

    Args:
        path: its file.
        made_by: what it must have been made by.
        weights: those of the model that is to go on: names, shapes and types must be the same.

    Raises:
        UnusableCheckpointError: it is damaged or foreign, or larger than one of this model can be.
    """
    try:
        content = _content(path, weights)
        for name, expected in made_by.items():
            if content["made_by"][name] != expected:
                raise ValueError(f"it was made with {name} {content['made_by'][name]!r}, not {expected!r}")
        checkpoint = Checkpoint(**content | {"measured": _MEASURED.validate_python(content["measured"])})
        for kept in (checkpoint.weights, checkpoint.best_weights):
            if _forms(kept) != _forms(weights):
                raise ValueError("its weights are not those of the model")
    except pickle.UnpicklingError as error:
        raise UnusableCheckpointError(path, "it is no checkpoint, or holds more than tensors and plain data") from error
    except Exception as error:
        raise UnusableCheckpointError(path, error) from error
    return checkpoint


def backend_of(path: Path, weights: Mapping[str, Tensor]) -> Backend | None:
    """Return the backend that a checkpoint of a model with such weights was made with, None where it does not tell."""
    with contextlib.suppress(Exception):  # `load` says what is wrong with it
        return Backend(_content(path, weights)["made_by"]["backend"])
    return None


def _content(path: Path, weights: Mapping[str, Tensor]) -> Any:
    return torch.load(io.BytesIO(_intact(path, _most_bytes(weights))), map_location="cpu", weights_only=True)


def _intact(path: Path, most: int) -> bytes:
    """Return the content of a file that is a plain, undamaged zip archive of at most `most` bytes, unpacked as well."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no plain file")
    if status.st_size > most:
        raise ValueError(f"it has {status.st_size:,} bytes, and one of this run at most {most:,}")
    with path.open("rb") as file:
        content = file.read(most)
    # torch checks neither the checksums nor how large something gets when it is unpacked.
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > len(content):
            raise ValueError("it would unpack to more than it is")
        damaged = archive.testzip()
    if damaged:
        raise ValueError(f"it is damaged at {damaged}")
    return content


def _most_bytes(weights: Mapping[str, Tensor]) -> int:
    """Return the size that no checkpoint reaches: weights twice, the optimiser's two or three copies, measurements."""
    return 8 * sum(tensor.nbytes for tensor in weights.values()) + _SPARE_BYTES


def _forms(weights: Mapping[str, Tensor]) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (tensor.shape, tensor.dtype) for name, tensor in weights.items()}


class Checkpoints(NamedTuple):
    """The checkpoints in the folder of a run, one a file, named by its steps; a new one every so many seconds."""

    folder: Path
    every: float = 0.0
    """Seconds from one to the next; 0: none are made."""

    def paths(self) -> list[Path]:
        """Return the files, that with the most steps first."""
        try:
            found = [path for path in self.folder.iterdir() if _NAME.fullmatch(path.name) and not path.is_dir()]
        except OSError:  # no folder: nothing was ever written there
            return []
        return sorted(found, key=_steps, reverse=True)

    def resumes_at(self) -> int | None:
        """Return the steps that the run need not do again, judged by file names alone; None where there are none."""
        return max(map(_steps, self.paths()), default=None)

    def path(self, steps: int) -> Path:
        """Return where the checkpoint after so many steps lies, there or not."""
        return self.folder / f"checkpoint-{steps}.pt"

    def write(self, steps: int, content: bytes) -> Path:
        """Write a checkpoint, whole or not at all; return its file. Raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_atomically({self.path(steps): content})
        return self.path(steps)

    def remove(self, keep: Sequence[Path] = ()) -> None:
        """Remove all checkpoints but those to keep, and what an unfinished write left. Raises OSError."""
        for path in [*self.paths(), *self.folder.glob(".checkpoint-*.tmp")]:
            if path not in keep:
                path.unlink(missing_ok=True)


def _steps(path: Path) -> int:
    return int(path.stem.partition("-")[2])
