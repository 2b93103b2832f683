"""The names that the other distributions of this repository bring, compared with what their plugins register."""

import importlib.util
import tomllib
from pathlib import Path

import pluggy
import pytest

from mann_bench import hookspecs
from mann_bench.bundled import BUNDLED, brought_by
from mann_bench.core.errors import PluginUnavailableError
from mann_bench.plugins import specs_of
from mann_bench.registry import Registry

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[1] / "plugins").glob("*/pyproject.toml"))


def registered(folder):
    """The name of a distribution, and the names that its plugin registers, by kind."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (module,) = project["entry-points"]["mann_bench"].values()
    spec = importlib.util.spec_from_file_location(module, folder / "src" / module / "__init__.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    brought = specs_of(manager, loaded)
    return project["name"], {kind.singular: [s.name for s in specs] for kind, specs in brought.items() if specs}


def test_the_table_is_what_the_plugins_register():
    assert dict(map(registered, FOLDERS)) == BUNDLED


@pytest.mark.parametrize(("kind", "name"), [("task", "mqar"), ("model", "gru"), ("study", "first-rows")])
def test_a_name_of_a_distribution_that_is_absent_says_what_to_install(kind, name):
    with pytest.raises(PluginUnavailableError, match=f"Install it: pip install {brought_by(kind, name)}"):
        getattr(Registry(), kind)(name)


def test_a_name_of_another_kind_is_unknown():
    assert brought_by("model", "mqar") is None
