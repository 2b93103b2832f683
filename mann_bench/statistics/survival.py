"""Right-censored times: how long until something happens, where some runs end before it does.

Source: Kaplan & Meier 1958, "Nonparametric estimation from incomplete observations",
https://doi.org/10.1080/01621459.1958.10501452
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Survival is a product of fractions: one that equals 1 - q may come out a few ulps above it.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Durations:
    """The times of one sample of seeds, all in the same unit (steps, sequences or seconds).

    Attributes:
        times: a seed each, until the event or until the run ended; from 0 to the horizon.
        reached: a seed each, whether the event was seen; False is right-censored.
        horizon: the budget. What is not reached lies beyond it: survival stays level from the last time to here.

    Raises ValueError where the sample is empty or a time is out of its range.
    """

    times: tuple[float, ...]
    reached: tuple[bool, ...]
    horizon: float

    def __post_init__(self) -> None:
        if not self.times:
            raise ValueError("durations need at least one seed; one that never got there counts too, as None")
        if len(self.times) != len(self.reached):
            raise ValueError(f"each time needs its reached, not {len(self.times)} and {len(self.reached)} of them")
        if not 0 < self.horizon < math.inf:
            raise ValueError(f"horizon must be a positive number, not {self.horizon}")
        for time in self.times:
            if not 0 <= time <= self.horizon:
                raise ValueError(
                    f"each time must be from 0 to the horizon {self.horizon}, not {time};"
                    " one that was not reached is None in Durations.of"
                )

    @classmethod
    def of(cls, values: Sequence[float | None], horizon: float) -> "Durations":
        """Return the durations of `values`, where None is censored at the horizon."""
        times = tuple(horizon if value is None else value for value in values)
        return cls(times, tuple(value is not None for value in values), horizon)


def first_share(first: Durations, second: Durations) -> float:
    """Return in which share of all pairs, a run of each sample, that of `first` is the first; ties are halves.

    Where a run ended without the event, it is later than what happened until then; what came after is a tie.

    Source: Vargha & Delaney 2000, "A critique and improvement of the CL common language effect size statistics",
    https://doi.org/10.3102/10769986025002101
    """
    return float((1 + _earlier(first, second).mean() - _earlier(second, first).mean()) / 2)


def _earlier(first: Durations, second: Durations) -> NDArray[np.bool_]:
    """Return of each pair whether the run of `first` is known to be the first. [first, second]"""
    (ours, we_did), (theirs, they_did) = ((np.array(each.times), np.array(each.reached)) for each in (first, second))
    before, at_once = ours[:, None] < theirs, ours[:, None] == theirs
    return np.asarray(we_did[:, None] & (before | (at_once & ~they_did)))


def ordered_times(durations: Durations) -> NDArray[np.float64]:
    """Return the times until the event in ascending order; inf where the run ended without it. [seeds]"""
    seen = zip(durations.times, durations.reached, strict=True)
    return np.sort(np.array([time if reached else math.inf for time, reached in seen], np.float64))


class SurvivalCurve(NamedTuple):
    """A step function, one entry a distinct time at which an event was seen, ascending.

    Attributes:
        times: when the event was seen.
        survival: the fraction of seeds without the event after each time; it is 1 before the first.
        at_risk: how many seeds were still followed, without the event, just before each time.
    """

    times: NDArray[np.float64]
    survival: NDArray[np.float64]
    at_risk: NDArray[np.int64]


@lru_cache(maxsize=1)  # median, quartiles and mean of a sample are asked for one after the other
def kaplan_meier(durations: Durations) -> SurvivalCurve:
    """Return the product-limit estimate of the survival function; what is censored at a time is at risk there.

    Its arrays cannot be written to: who asks again gets the same.
    """
    times, reached = np.array(durations.times, dtype=np.float64), np.array(durations.reached)
    distinct, events = np.unique(times[reached], return_counts=True)
    at_risk = (times >= distinct[:, None]).sum(axis=1)
    curve = SurvivalCurve(distinct, np.cumprod(1 - events / at_risk), at_risk)
    for array in curve:
        array.setflags(write=False)
    return curve


def quantile(durations: Durations, q: float) -> float:
    """Return the first time by which a fraction `q` of the seeds, in (0, 1), had the event; inf where none is.

    Raises ValueError where `q` is out of its range.
    """
    if not 0 < q < 1:
        raise ValueError(f"q must lie between 0 and 1, as 0.5 does for the median, not {q}")
    curve = kaplan_meier(durations)
    reached = curve.times[curve.survival <= 1 - q + _ROUNDING]
    return float(reached[0]) if reached.size else math.inf


def median(durations: Durations) -> float:
    """Return the first time by which half of the seeds had the event; inf where that lies beyond the horizon.

    Of an even sample without censoring it is the lower of the two middle times, not their mean.
    """
    return quantile(durations, 0.5)


def restricted_mean(durations: Durations, until: float | None = None) -> float:
    """Return the mean of min(time, `until`): the area under the survival curve from 0 to `until`.

    Arguments:
        durations: the sample.
        until: in the unit of the times, above 0 and up to the horizon; None for the horizon.

    Raises ValueError where `until` is out of its range.

    Source: Royston & Parmar 2013, "Restricted mean survival time: an alternative to the hazard ratio",
    https://doi.org/10.1186/1471-2288-13-152
    """
    until = durations.horizon if until is None else until
    if not 0 < until <= durations.horizon:
        raise ValueError(f"until must be above 0 and up to the horizon {durations.horizon}, not {until}")
    curve = kaplan_meier(durations)
    edges = np.array([0.0, *np.minimum(curve.times, until), until])
    # Summed exactly: a dot product of BLAS ends in another digit on another processor.
    return math.fsum(np.diff(edges) * np.array([1.0, *curve.survival]))
