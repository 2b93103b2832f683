"""What torch.compile keeps on disk: a folder a model and batch size, the user's alone, and looked at before it is used.

torch's own folder lies in the common one for temporary files, under a name that anybody can take, and torch executes
what it finds there.
"""

import contextlib
import hashlib
import json
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mann_bench.native.build import NativeBuildError, cache_directory
from mann_bench.native.private import UntrustedCodeWarning, folder_of_process, is_own, own_folder, user_name
from mann_bench.results.files import write_atomically

_VARIABLE = "TORCHINDUCTOR_CACHE_DIR"
_DIGESTS = "digests.json"
_YOUNG = 3_600.0
"""Seconds for which a file may lack a digest: the process that compiles it states that when it is done."""


def use_own_cache(model: nn.Module, batch_size: int) -> None:
    """Let torch keep what it compiles next in the folder for such a model, and find there what is as it was left."""
    folder = _folder(model, batch_size)
    try:
        folder = own_folder(folder.parent) / folder.name
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        folder = folder_of_process(folder.parent.name) / folder.name
        folder.mkdir(exist_ok=True)
    _remove_changed(folder)
    os.environ[_VARIABLE] = str(folder)


def check_own_cache(model: nn.Module, batch_size: int) -> None:
    """Remove what is not as it was left in the folder for such a model, if there is one, and warn of that."""
    folder = _folder(model, batch_size)
    if folder.is_dir() and is_own(folder.parent):
        _remove_changed(folder)


def seal_own_cache() -> None:
    """State the digests of what was compiled in the folder that torch uses."""
    folder = Path(os.environ[_VARIABLE])
    digests = _stated(folder) | {str(file.relative_to(folder)): _digest(file) for file in _files(folder)}
    with contextlib.suppress(OSError):  # without them it is compiled anew later
        write_atomically({folder / _DIGESTS: json.dumps(digests, indent=1).encode()})


def is_sealed() -> bool:
    """Tell whether the folder that torch uses holds what an earlier process compiled, ran and sealed."""
    folder = os.environ.get(_VARIABLE)
    return bool(folder and _stated(Path(folder)))


def digest_of(model: nn.Module, *conditions: Any) -> str:
    """Return what tells models apart whose compiled code may differ: by class, parameters and further conditions."""
    kind = f"{type(model).__module__}.{type(model).__qualname__}"
    shapes = [(name, tuple(each.shape), each.dtype, each.device.type) for name, each in model.named_parameters()]
    return hashlib.sha256(repr((kind, shapes, *conditions)).encode()).hexdigest()[:32]


def _folder(model: nn.Module, batch_size: int) -> Path:
    return _base() / user_name("compiled") / digest_of(model, batch_size, str(torch.__version__))


def _base() -> Path:
    """Return where the user's folder lies: where the variable said before this process set it, or in our cache."""
    chosen = os.environ.get(_VARIABLE, "")
    if chosen and not Path(chosen).name.startswith("torchinductor_"):  # which torch itself set
        above = Path(chosen).parent
        return above.parent if above.name == user_name("compiled") else Path(chosen)
    try:
        return cache_directory()
    except NativeBuildError:  # there is no home directory
        return folder_of_process("cache")


def _remove_changed(folder: Path) -> None:
    stated, changed = _stated(folder), []
    for file in _files(folder):
        with contextlib.suppress(FileNotFoundError):  # another process does the same
            digest = stated.get(str(file.relative_to(folder)))
            known = digest == _digest(file) if digest else time.time() - file.stat().st_mtime < _YOUNG
            if not (known and is_own(file)):
                changed.append(file)
                file.unlink()
    if changed:
        warnings.warn(
            f"{changed[0]} is not as you left it, or others may write to it (one of {len(changed)} such files): it is "
            "compiled anew.",
            UntrustedCodeWarning,
            stacklevel=3,
        )


def _stated(folder: Path) -> dict[str, str]:
    try:
        stated = json.loads((folder / _DIGESTS).read_bytes()) if is_own(folder / _DIGESTS) else {}
    except (OSError, ValueError):
        return {}
    return stated if isinstance(stated, dict) else {}


def _files(folder: Path) -> Iterator[Path]:
    """Yield what may be executed: torch's lock files are empty."""
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() and path.suffix != ".lock" and path != folder / _DIGESTS:
            yield path


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
