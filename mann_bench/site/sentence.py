"""A sentence of the first page."""

from collections.abc import Sequence
from typing import NamedTuple

MOST = 4
"""Most models, pairs or links that a sentence names."""


class Link(NamedTuple):
    """A link within the site: its text, and its address from the first page."""

    text: str
    address: str


class Sentence(NamedTuple):
    """A sentence, and the links that it ends with.

    Attributes:
        text: ends with a colon where links follow.
        links: at most `MOST`.
        more: how many more there would be; 0 or less where these are all.
    """

    text: str
    links: Sequence[Link] = ()
    more: int = 0
