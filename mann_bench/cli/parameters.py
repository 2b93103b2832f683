"""What several subcommands share: the registry, and names that complete."""

from typing import Any, Literal

import click
from click.shell_completion import CompletionItem

from mann_bench.registry import Registry

Kind = Literal["models", "tasks", "protocols"]


def registry_of(context: click.Context) -> Registry:
    """Return the registry, without third parties under ``--no-plugins``."""
    return Registry.discover(third_party=bool(context.find_root().obj))


class VariantType(click.ParamType[str]):
    """A variant; completes the names of one kind."""

    name = "variant"

    def __init__(self, *kinds: Kind) -> None:
        self.kinds = kinds

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Leave the text as it is: it is parsed where the registry is known."""
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the names that begin with what was typed."""
        registry = Registry.discover()
        names = sorted(name for kind in self.kinds for name in getattr(registry, kind))
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]
