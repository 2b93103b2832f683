"""Folders for W&B where the user has no home directory to write to, as in a container or on a computing node."""

import os
from pathlib import Path

_WRITTEN = ("WANDB_CACHE_DIR", "XDG_DATA_HOME")
_READ = "WANDB_CONFIG_DIR"


def without_home(folder: Path) -> None:
    """Let W&B keep in `folder` what it would else keep in a home directory, where it cannot and nobody chose a place.

    It starts no run where it does not find one, and finishes none where it may not write there.
    """
    try:
        names = [] if os.access(Path.home(), os.W_OK) else [*_WRITTEN]
    except RuntimeError:
        names = [_READ, *_WRITTEN]
    for name in names:
        os.environ.setdefault(name, str(folder.absolute()))
