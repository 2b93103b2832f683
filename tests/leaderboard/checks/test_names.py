import pytest

from mann_bench.leaderboard.checks.names import check_name


@pytest.mark.parametrize(
    "name", ["mann-bench", "Ünïcödé", "漢字グループ", "عربى", "Группа МГУ", "β-VAE", "μP", "Ομάδα", "I 11"]
)
def test_a_name_in_any_one_alphabet_is_left_alone(name):
    assert list(check_name("name", name)) == []


@pytest.mark.parametrize(
    "name", ["m\u0430nn", "\u0421\u0410\u0422", "N\u03a4M", "a\u3164b", "\u2115TM", "a\ufe0f", "me\u0435n x"]
)
def test_a_name_that_looks_like_another_is_not(name):
    assert [finding.name.value for finding in check_name("name", name)] == ["look-alike"]
