"""The canonical text of what a study names, so that two ways to write a variant are one name."""

from collections.abc import Sequence
from typing import Literal

from mann_bench.core.errors import UsageError, located
from mann_bench.execution.resolve import resolve_component, resolve_protocol
from mann_bench.registry import Registry


def component_texts(registry: Registry, kind: Literal["model", "task"], given: Sequence[str], key: str) -> list[str]:
    """Return the canonical text of each variant in the list at `key` of a study file.

    Raises:
        UsageError: an unknown name or a wrong option; the message names the place in the list.
        PluginUnavailableError: a name belongs to a plugin that cannot be used.
    """
    texts = []
    for index, text in enumerate(given):
        with located(f"{key}[{index}]"):
            texts.append(resolve_component(registry, kind, text).text)
    return texts


def protocol_texts(registry: Registry, given: Sequence[str], key: str) -> list[str]:
    """Return the canonical text of each protocol, as `component_texts`."""
    texts = []
    for index, text in enumerate(given):
        with located(f"{key}[{index}]"):
            texts.append(resolve_protocol(registry, text).text)
    return texts


def check_distinct(texts: Sequence[str], given: Sequence[str], kind: Literal["model", "task", "protocol"]) -> None:
    """Raise UsageError where the list at `kind`s of a study file, with such canonical texts, names one thing twice."""
    for index, text in enumerate(texts):
        if (first := texts.index(text)) != index:
            raise UsageError(
                f"{kind}s[{index}]: {given[index]!r} is the same {kind} as {given[first]!r}. Remove one of them."
            )
