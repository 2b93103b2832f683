"""What `wandb offline` and `wandb disabled` chose for a folder or a user: W&B keeps it in settings files."""

import configparser
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


def settings_mode() -> str | None:
    """Return the mode of the settings of this folder, or else of the user; None where neither names one."""
    for file in _files():
        parser = configparser.ConfigParser(interpolation=None)
        with contextlib.suppress(OSError, ValueError, configparser.Error):
            parser.read_string(file.read_text(encoding="utf-8"))
            if mode := parser.get("default", "mode", fallback=None):
                return mode
    return None


def _files() -> Iterator[Path]:
    folder = Path(os.environ.get("WANDB_DIR", ""))
    yield from (folder / name / "settings" for name in (".wandb", "wandb"))
    if chosen := os.environ.get("WANDB_CONFIG_DIR"):
        yield Path(chosen) / "settings"
    else:
        with contextlib.suppress(RuntimeError):
            yield Path.home() / ".config" / "wandb" / "settings"
