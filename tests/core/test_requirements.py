import pytest

from mann_bench.core.requirements import missing_requirements


@pytest.mark.parametrize("names", [(), ("json",), ("os.path", "torch.nn")])
def test_what_is_installed_is_not_missing(names):
    assert missing_requirements(names) == ()


@pytest.mark.parametrize("name", ["no_such_package", "no_such_package.part", "json.no_such_part", "os.no.such"])
def test_what_is_not_installed_is_missing(name):
    assert missing_requirements(["json", name]) == (name,)
