"""What is global in a process, and what a plugin has no business to change there."""

import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from mann_bench.core.options import OptionValue

_OF_IMPORTS = frozenset({"PYTORCH_NVML_BASED_CUDA_CHECK", "KMP_DUPLICATE_LIB_OK"})
"""Variables that torch and Lightning set as they are imported, whoever imports them first."""

_OF_RUNS = frozenset(
    {"PL_GLOBAL_SEED", "PL_SEED_WORKERS", "TORCHINDUCTOR_CACHE_DIR", "_TORCHINDUCTOR_PYOBJECT_TENSOR_DATA_PTR"}
)
"""Variables that Lightning and the compiled backend set for each run; torch 2.10 does the last of them."""

_PACKAGES = frozenset({"torch", "numpy"})
"""Packages that have global settings; what knows those is imported where one of them is."""


class ProcessState(NamedTuple):
    """What is global in this process, at some time.

    Attributes:
        settings: of torch and numpy; None where neither was imported.
        environment, filters, folder: variables, filters of warnings, the current folder where it is there.
    """

    settings: Mapping[str, OptionValue] | None
    environment: Mapping[str, str]
    filters: list[Any]
    folder: Path | None

    @classmethod
    def now(cls) -> "ProcessState":
        """Return what is global now."""
        return cls(_settings(), dict(os.environ), list(warnings.filters), _folder())

    def restore(self) -> list[str]:
        """Put everything back; return in words what was not as it is here."""
        return [*self._settings(), *self._environment(), *self._filters(), *self._current_folder()]

    def _settings(self) -> list[str]:
        if not (_PACKAGES & sys.modules.keys()):
            return []
        from mann_bench.core.global_settings import RUN_SETTINGS, put

        return put(RUN_SETTINGS if self.settings is None else self.settings)

    def _environment(self) -> Iterator[str]:
        now = dict(os.environ)
        if now == self.environment:
            return
        for name in sorted(now.keys() | self.environment.keys()):
            before = self.environment.get(name)
            if now.get(name) == before or name in _OF_RUNS or (before is None and name in _OF_IMPORTS):
                continue
            if before is None:
                del os.environ[name]
            else:
                os.environ[name] = before
            yield f"the environment variable {name}"

    def _filters(self) -> Iterator[str]:
        """Put back filters that were removed, and remove those that change the warnings of others.

        Those by which a library treats a warning of its own stay: nobody imports it a second time.
        """
        now = list(warnings.filters)
        if now == self.filters:
            return
        added = [each for each in now if each not in self.filters]
        kept = [each for each in added if not _is_wide(each)]
        if len(kept) < len(added) or [each for each in now if each not in added] != self.filters:
            warnings.resetwarnings()  # also forgets what was warned of under the filters
            warnings.filters[:] = [*kept, *self.filters]  # type: ignore[index]
            yield "the filters of warnings"

    def _current_folder(self) -> Iterator[str]:
        if self.folder is not None and _folder() != self.folder:
            os.chdir(self.folder)
            yield "the current folder"


@contextlib.contextmanager
def generators_kept() -> Iterator[None]:
    """Give the global generators of Python, numpy and torch the states back that they have now."""
    states = [(package, read()) for package, read, _ in _generators()]
    known = [package for package, _ in states]
    try:
        yield
    finally:
        for package, _, write in _generators():
            if package in known:
                write(states[known.index(package)][1])


def _generators() -> Iterator[tuple[str, Callable[[], Any], Callable[[Any], object]]]:
    modules = sys.modules
    if "random" in modules:
        yield "random", modules["random"].getstate, modules["random"].setstate
    if "numpy.random" in modules:
        yield "numpy", modules["numpy"].random.get_state, modules["numpy"].random.set_state
    if "torch" in modules:
        yield "torch", modules["torch"].get_rng_state, modules["torch"].set_rng_state


def _settings() -> Mapping[str, OptionValue] | None:
    if not (_PACKAGES & sys.modules.keys()):
        return None
    from mann_bench.core.global_settings import settings

    return settings()


def _is_wide(of_warnings: Any) -> bool:
    """Tell whether a filter is for the warnings of others: one that raises, or for all of a kind of Python's own."""
    action, message, category, module, _ = of_warnings
    return action == "error" or (message is None and module is None and category.__module__ == "builtins")


def _folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was removed
        return None
