from typing import Literal

import pytest

from mann_bench.nn.checks import require_one_of, require_positive


@pytest.mark.parametrize(
    ("values", "message"),
    [({"heads": 0}, "heads must be at least 1, not 0"), ({"a": 0.0}, "a must be positive, not 0.0")],
)
def test_a_bad_size_is_an_error_that_names_it(values, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        require_positive(**values, other=None)


def test_what_is_none_of_the_choices_is_an_error_that_lists_them():
    with pytest.raises(ValueError, match=r"^form must be round or square, not 'flat'$"):
        require_one_of(form=("flat", Literal["round", "square"]))
