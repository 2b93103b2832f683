"""Load the classes that specs name."""

import importlib
from typing import Any

from mann_bench.core.errors import PluginUnavailableError
from mann_bench.core.message_text import unstopped


def load_target(name: str, target: str, distribution: str) -> Any:
    """Import what a spec names; raises PluginUnavailableError where that fails.

    Args:
        name: of the spec, for the message.
        target: ``"package.module:Class"``.
        distribution: who brought it, for the message.
    """
    module, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise PluginUnavailableError(
            f"{name!r} of distribution {distribution!r} names {target!r}, "
            f"which cannot be loaded: {type(error).__name__}: {unstopped(error)}. Reinstall or mend that distribution."
        ) from error
