"""What compiling a model gave on this machine before, and whether it will pay."""

import contextlib
from pathlib import Path

import torch

from mann_bench.models.base import RecurrentModel
from mann_bench.models.compiled_cache import digest_of
from mann_bench.native.build import NativeBuildError, cache_directory
from mann_bench.results.files import write_atomically

FIRST = 30.0
"""Seconds that compiling takes where nothing is known; `benchmarks/compiled.py` measures it."""

AGAIN = 5.0
"""Seconds that it takes where this machine has done so, from the cache on disk of torch."""

SAVED = 1 / 3
"""Share of the time of eager training that compiled code is expected to save where nothing is known."""

_WAY = 2
"""Number of the way in which models are compiled; what another one saved says nothing."""


class Experience:
    """The share of eager time that compiled code saves, kept in a file of the user's cache once it was measured.

    Args:
        model: of this class, with parameters and a state of these sizes, and on this kind of device.
        batch_size: sequences of a training batch.
    """

    def __init__(self, model: RecurrentModel, batch_size: int) -> None:
        here = torch.get_num_threads(), str(torch.__version__), _WAY
        self._name = f"compiled-{digest_of(model, model.state_bytes(), batch_size, *here)}"
        self._saved: float | None = None
        with contextlib.suppress(OSError, ValueError, NativeBuildError):
            self._saved = float(self._path().read_text(encoding="ascii"))

    def pays(self, eager_seconds: float) -> bool:
        """Tell whether compiling saves more of this time of eager training than it takes."""
        saved, seconds = (SAVED, FIRST) if self._saved is None else (self._saved, AGAIN)
        return saved * eager_seconds > seconds

    def keep(self, saved: float) -> None:
        """Remember what was measured; without a cache that can be written to, do not."""
        with contextlib.suppress(OSError, NativeBuildError):
            path = self._path()
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically({path: repr(saved).encode()})

    def _path(self) -> Path:
        return cache_directory() / self._name
