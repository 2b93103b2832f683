"""The folder that holds the site: replaced whole, and never with less boards or in the place of something else."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from mann_bench.core.errors import StoreError, UsageError
from mann_bench.site.assets import FOLDER

_FIRST_PAGE = "index.html"
_GENERATOR = b'<meta name="generator" content="mann-bench">'


def write_pages(files: Mapping[str, bytes], folder: Path) -> None:
    """Put a site in the place of the one in `folder`, whole or not at all; pages that are gone go, boards never.

    Raises:
        UsageError: the folder holds something else than a site, or a board that is not among `files`.
        StoreError: the site could not be written; the old one stays.
    """
    folder = folder.resolve()  # a link stays, and leads to the new pages
    gone = _boards_in(folder) - {path.partition("/")[0] for path in files}
    if gone:
        raise UsageError(
            f"{folder} has boards that no entry is there for: {', '.join(sorted(gone))}. Is --root the folder with all "
            "leaderboards? Build the board of one study with --out into another folder. To take a board down, remove "
            "its folder of pages first."
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as temporary:
            staged, old = Path(temporary, "new"), Path(temporary, "old")
            for path, content in files.items():
                file = staged / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            if folder.exists():
                folder.rename(old)
            try:
                staged.rename(folder)
            except OSError:
                if old.exists():
                    old.rename(folder)
                raise
    except OSError as error:
        raise StoreError(f"the site could not be written to {folder}: {error.strerror}.") from error


def _boards_in(folder: Path) -> set[str]:
    """Return the names of the boards of an earlier site, none where there is none; raises as of `write_pages`."""
    if not folder.exists():
        return set()
    if not folder.is_dir():
        raise _something_else(folder)
    names = {path.name for path in folder.iterdir()}
    pages = {name for name in names if _is_page(folder / name / _FIRST_PAGE)}
    others = names - pages - {FOLDER, _FIRST_PAGE}
    if others or (names and not _is_page(folder / _FIRST_PAGE)):
        raise _something_else(folder / min(others, default=_FIRST_PAGE))
    return pages


def _is_page(file: Path) -> bool:
    return file.is_file() and _GENERATOR in file.read_bytes()


def _something_else(path: Path) -> UsageError:
    return UsageError(
        f"{path} is something else than a leaderboard site, which would be replaced. Choose another folder with --out."
    )
