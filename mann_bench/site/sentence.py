"""A sentence of the first page."""

from collections.abc import Sequence
from typing import NamedTuple

MOST = 4
"""So many models, pairs or links stand in a sentence itself."""


class Item(NamedTuple):
    """What a sentence lists: its text, and its address from the first page, None where it is no link."""

    text: str
    address: str | None = None


class Sentence(NamedTuple):
    """A sentence, and what it lists.

    Attributes:
        text: ends with a colon where items follow.
        items: the first `MOST` stand in the sentence, and the others unfold below it.
    """

    text: str
    items: Sequence[Item] = ()

    @property
    def first(self) -> Sequence[Item]:
        """The items that stand in the sentence."""
        return self.items[:MOST]

    @property
    def others(self) -> Sequence[Item]:
        """The items that unfold."""
        return self.items[MOST:]
