import pytest

from mann_bench.core.errors import MannBenchError, PluginUnavailableError, StoreError, UsageError, located, nearest


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


def test_an_error_is_located_and_keeps_its_kind():
    with pytest.raises(PluginUnavailableError, match=r"^file: cells\[0\]\.models: gone$"), located("file"):  # noqa: SIM117
        with located("cells[0]", "."), located("models"):
            raise PluginUnavailableError("gone")


def test_an_error_that_is_no_users_is_left_alone():
    with pytest.raises(ZeroDivisionError, match=r"^division by zero$"), located("file"):
        _ = 1 / 0
