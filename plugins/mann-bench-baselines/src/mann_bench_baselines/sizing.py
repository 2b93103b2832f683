"""Find the size that gives a model the parameters of the default NTM."""

import bisect
import functools
import importlib.metadata
import pkgutil
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

Details = dict[str, bool | int | float | str | None]
"""What a model's `details` returns."""


class Match(NamedTuple):
    """A size and what it was chosen by."""

    size: int
    parameters_of_ntm: int

    def details(self, name: str) -> Details:
        """Return both as a model states them, the size by its option's name."""
        return {name: self.size, "parameters_of_ntm": self.parameters_of_ntm}


def match_ntm(build: Callable[[int], nn.Module], input_size: int, output_size: int) -> Match:
    """Return the size whose model has a parameter count nearest to that of the suite's default NTM.

    Args:
        build: makes the model of a size of 1 or more; its count grows with the size.
        input_size, output_size: channels of the task, for which the NTM is built too.
    """
    aim = _parameters(lambda: _ntm()(input_size, output_size))
    count = functools.cache(lambda size: _parameters(lambda: build(size)))
    above = bisect.bisect_left(range(aim), aim, lo=1, key=count)
    return Match(min((max(1, above - 1), above), key=lambda size: abs(count(size) - aim)), aim)


def _parameters(build: Callable[[], nn.Module]) -> int:
    """Count from the tensors of a model that is built without memory or random numbers."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build().parameters())


@functools.cache
def _ntm() -> Callable[[int, int], nn.Module]:
    """Find the suite's NTM as the suite finds any plugin's models: by an entry point and a spec."""
    for entry_point in importlib.metadata.distribution("mann-bench").entry_points.select(group="mann_bench"):
        for spec in entry_point.load().mann_bench_models():
            if spec.name == "ntm":
                ntm: Callable[[int, int], nn.Module] = pkgutil.resolve_name(spec.target)
                return ntm
    raise LookupError("mann-bench brings no model 'ntm' to match; give the model's size instead")
