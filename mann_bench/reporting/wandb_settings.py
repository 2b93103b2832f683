"""What users told W&B: by `wandb offline` and `wandb disabled`, which it keeps in settings files, and by variables."""

import configparser
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_MODE = "WANDB_MODE"


def settings_mode() -> str | None:
    """Return the mode of the settings of this folder, or else of the user; None where neither names one."""
    for file in _files():
        parser = configparser.ConfigParser(interpolation=None)
        with contextlib.suppress(OSError, ValueError, configparser.Error):
            parser.read_string(file.read_text(encoding="utf-8"))
            if mode := parser.get("default", "mode", fallback=None):
                return mode
    return None


@contextlib.contextmanager
def readable_variables(mode: str) -> Iterator[None]:
    """Let W&B read the mode of a run, and no empty variables, which it refuses: to others they are as good as unset."""
    theirs = {name: value for name, value in os.environ.items() if name.startswith("WANDB_")}
    before = {name: value for name, value in theirs.items() if name == _MODE or not value}
    for name in before:
        del os.environ[name]
    os.environ[_MODE] = mode
    try:
        yield
    finally:
        del os.environ[_MODE]
        os.environ.update(before)


def _files() -> Iterator[Path]:
    folder = Path(os.environ.get("WANDB_DIR", ""))
    yield from (folder / name / "settings" for name in (".wandb", "wandb"))
    if chosen := os.environ.get("WANDB_CONFIG_DIR"):
        yield Path(chosen) / "settings"
    else:
        with contextlib.suppress(RuntimeError):
            yield Path.home() / ".config" / "wandb" / "settings"
