"""Looking at a study more than once: the level of each look, so that all together keep theirs.

A study that stops as soon as it knows looks at its records several times, and each look is another chance to be wrong.
The chances are shared out evenly: with four looks each is judged at 98.75 % for 95 % together (Bonferroni). That holds
for every statistic and every order in which seeds arrive.
"""

from collections.abc import Sequence


def spent(level: float, looks: Sequence[int]) -> float:
    """Return the level of each look.

    Arguments:
        level: of all looks together, as 0.95.
        looks: the numbers of seeds at which the study is looked at; one without any is looked at once.
    """
    return 1 - (1 - level) / max(len(looks), 1)
