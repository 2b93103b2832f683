"""What is wrong with a record, and where."""

from typing import NamedTuple


class Problem(NamedTuple):
    """Something in a record that no run leaves there: its place, such as ``curve.3.step``, and what is wrong."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"
