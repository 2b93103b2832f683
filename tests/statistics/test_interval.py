import pytest

from mann_bench.statistics.interval import Interval, level_text


@pytest.mark.parametrize(
    ("level", "text"), [(0.95, "95 %"), (0.96875, "96.9 %"), (0.9375, "93.8 %"), (0.75, "75 %"), (0.5625, "56.2 %")]
)
def test_a_level_has_one_decimal_where_it_needs_it(level, text):
    assert level_text(level) == text


@pytest.mark.parametrize("level", [0.9451, 0.9496, 0.94999])
@pytest.mark.parametrize("decimals", [0, 1])
def test_no_level_below_95_percent_is_rounded_up_to_it(level, decimals):
    assert 94.5 <= float(level_text(level, decimals).removesuffix(" %")) < 95


def test_the_level_leads_the_words_of_an_interval():
    assert Interval(0, 1, "order statistics", 0.9497, 7).words() == "94.9 % order statistics, n = 7"
