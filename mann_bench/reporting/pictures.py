"""Turn figures into files whose bytes depend on nothing but the figure: no date, no version, no user's settings."""

import contextlib
import io
from collections.abc import Iterator

import matplotlib as mpl
from matplotlib.figure import Figure


@contextlib.contextmanager
def plain_settings() -> Iterator[None]:
    """Draw and save under the defaults of matplotlib, whatever the user's, with names never read as formulas."""
    with mpl.rc_context():
        mpl.rcdefaults()
        # Hinted letters are wider than their outlines, by which lines are broken.
        mpl.rcParams.update({"svg.hashsalt": "mann-bench", "text.parse_math": False, "text.hinting": "none"})
        yield


def png(figure: Figure) -> bytes:
    """Return a figure as PNG, 110 dots an inch."""
    return _saved(figure, "png", {"Software": None})


def svg(figure: Figure) -> bytes:
    """Return a figure as SVG with its letters as outlines, so that it looks the same everywhere."""
    return _saved(figure, "svg", {"Creator": None, "Date": None})


def _saved(figure: Figure, form: str, metadata: dict[str, None]) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format=form, dpi=110, metadata=metadata)
    return file.getvalue()
