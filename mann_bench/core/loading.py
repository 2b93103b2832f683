"""Load the classes that specs name, and run the code of plugins."""

import contextlib
import importlib
from typing import Any

from mann_bench.core.errors import PluginUnavailableError
from mann_bench.core.message_text import unstopped
from mann_bench.core.plugin_code import IMPORTED, OWN_DISTRIBUTION, Tell, warn, words


def load_target(name: str, target: str, distribution: str, tell: Tell = warn) -> Any:
    """Import what a spec names; raises PluginUnavailableError where that fails.

    Args:
        name: of the spec, for the message.
        target: ``"package.module:Class"``.
        distribution: who brought it, for the message.
        tell: is told what its import changed for everybody.
    """
    module, _, attribute = target.partition(":")
    try:
        with code_of(distribution, repr(name), IMPORTED, tell):
            return getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise PluginUnavailableError(
            f"{name!r} of distribution {distribution!r} names {target!r}, "
            f"which cannot be loaded: {unstopped(words(error))}. Reinstall or mend that distribution."
        ) from error


def code_of(distribution: str, who: str, doing: str, tell: Tell = warn) -> contextlib.AbstractContextManager[None]:
    """Return the context in which code of a distribution is run: its own one, unless it is this one.

    Args:
        distribution: who brought the code.
        who: what of it, for people.
        doing, tell: as of `mann_bench.core.foreign_code.foreign_code`.
    """
    if distribution == OWN_DISTRIBUTION:
        return contextlib.nullcontext()
    from mann_bench.core.foreign_code import foreign_code

    return foreign_code(f"{who} of distribution {distribution!r}", doing, tell)
