"""Optional dependencies: which of those that a model or task names are not there."""

import importlib.util
from collections.abc import Iterable


def missing_requirements(requires: Iterable[str]) -> tuple[str, ...]:
    """Return which of some import names, ``package`` or ``package.module``, cannot be found."""
    return tuple(name for name in requires if not _is_there(name))


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # the package around it is missing, or was loaded without a spec
        return False
