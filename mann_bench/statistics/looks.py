"""Looks: at how many seeds a study that may grow is judged, and at which level each time.

Who judges a growing sample until it says something errs more often than a single look says. So a study declares its
looks beforehand and spends the share of errors that it may make evenly over them. By Boole's inequality, all looks
together keep the level, whatever makes the sample grow and whenever it stops.

Source: Lan & DeMets 1983, "Discrete sequential boundaries for clinical trials", https://doi.org/10.1093/biomet/70.3.659;
they spend less than evenly early on, and count on what the looks share.
"""

from dataclasses import dataclass

from mann_bench.statistics.interval import SIGNIFICANCE


@dataclass(frozen=True)
class Looks:
    """The looks of one study; a study that does not grow has one.

    Attributes:
        sizes: seeds of a cell at each look, rising, all above 0.

    Raises ValueError where the sizes do not rise.
    """

    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.sizes or list(self.sizes) != sorted(set(self.sizes)) or self.sizes[0] < 1:
            raise ValueError(f"looks need numbers of seeds that rise, as 5, 10, 20 do, not {list(self.sizes)}")

    @property
    def significance(self) -> float:
        """The share of errors that each look may make."""
        return SIGNIFICANCE / len(self.sizes)

    @property
    def level(self) -> float:
        """The least level of an interval on which a verdict rests, at each look."""
        return 1 - self.significance

    @property
    def first(self) -> int:
        """Seeds of the first look."""
        return self.sizes[0]

    @property
    def last(self) -> int:
        """Seeds of the last look."""
        return self.sizes[-1]

    def completed(self, seeds: int) -> int | None:
        """Return the seeds of the last look that so many seeds complete; None where they complete none."""
        return max((size for size in self.sizes if size <= seeds), default=None)

    def after(self, seeds: int | None) -> int | None:
        """Return the seeds of the look that follows that of so many seeds; None after the last."""
        return next((size for size in self.sizes if seeds is None or size > seeds), None)

    def words(self) -> str:
        """Return the level and where it comes from: ``98.75 %, 5 % spent evenly on looks at 5, 10, 20, 40 seeds``."""
        if len(self.sizes) == 1:
            return f"{100 * self.level:.4g} %"
        sizes = ", ".join(map(str, self.sizes))
        return f"{100 * self.level:.4g} %, {100 * SIGNIFICANCE:g} % spent evenly on looks at {sizes} seeds"
