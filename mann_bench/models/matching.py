"""Find the size that gives a model the parameters of the default NTM: comparisons then tell what a memory is worth."""

import bisect
import functools
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import nn

from mann_bench.core.options import OptionValue
from mann_bench.models.ntm import NTMModel


class Match(NamedTuple):
    """A size, and the number of parameters that it was chosen by."""

    size: int
    parameters_of_ntm: int

    def details(self, name: str) -> dict[str, OptionValue]:
        """Return both as a model states them in its `details`, the size by its option's name."""
        return {name: self.size, "parameters_of_ntm": self.parameters_of_ntm}


def match_ntm(build: Callable[[int], nn.Module], input_size: int, output_size: int) -> Match:
    """Return the size whose model has a parameter count nearest to that of the default NTM.

    It is searched from below, by doubling and then by halves: no model of more than twice the size that is sought is
    built, so that a library which ignores torch's meta device and asks for memory asks for little.

    Args:
        build: makes the model of a size of 1 or more. Its count is taken never to fall as the size grows, and to
            reach that of the NTM by as many sizes as the NTM has parameters.
        input_size, output_size: channels of the task, for which the NTM is built too.
    """
    aim = _parameters(lambda: NTMModel(input_size, output_size))
    count = functools.cache(lambda size: _parameters(lambda: build(size)))
    most = 1
    while count(most) < aim and most < aim:
        most *= 2
    above = bisect.bisect_left(range(most), aim, lo=max(1, most // 2), key=count)
    return Match(min((max(1, above - 1), above), key=lambda size: abs(count(size) - aim)), aim)


def _parameters(build: Callable[[], nn.Module]) -> int:
    """Count from the tensors of a model that is built without memory or random numbers."""
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build().parameters())
