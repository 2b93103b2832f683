"""What a run says while it trains, for progress displays and mirrors."""

from typing import NamedTuple

from mann_bench.training.result import CurvePoint


class Progress(NamedTuple):
    """The run has done `step` steps and will stop at `last`, as far as is known now."""

    key: str
    step: int
    last: int


class Evaluated(NamedTuple):
    """The run was evaluated."""

    key: str
    point: CurvePoint


Event = Progress | Evaluated
