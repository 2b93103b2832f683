import pytest

from mann_bench.core.errors import MannBenchError, PluginUnavailableError, StoreError, UsageError, nearest


def test_nearest_suggests_the_closest_known_name():
    assert nearest("cpoy", ["repeat_copy", "copy"]) == " Did you mean 'copy'?"


def test_nearest_says_nothing_where_no_name_is_close():
    assert nearest("zzz", ["repeat_copy", "copy"]) == ""


def test_nearest_does_not_depend_on_the_order_of_the_known_names():
    assert nearest("ab", ["ac", "ad"]) == nearest("ab", ["ad", "ac"])


@pytest.mark.parametrize(
    ("error", "code"), [(MannBenchError, 1), (UsageError, 2), (PluginUnavailableError, 3), (StoreError, 1)]
)
def test_every_error_has_its_documented_exit_code(error, code):
    assert error("why").exit_code == code
