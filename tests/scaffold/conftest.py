import itertools
import sys
from pathlib import Path

import pytest

from mann_bench.scaffold.names import Names, PluginKind
from mann_bench.scaffold.project import render, write_project


@pytest.fixture
def generate(tmp_path, monkeypatch):
    """Return a function that generates a plugin of a kind and installs it, by a fake dist-info folder; its names."""
    numbers = itertools.count()

    def make(kind):
        names = Names.of(f"acme-{kind}-{next(numbers)}", PluginKind(kind))
        folder = tmp_path / names.distribution
        write_project(render(names), folder)
        info = tmp_path / "site" / f"{names.package}-0.1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {names.distribution}\nVersion: 0.1.0\n")
        (info / "entry_points.txt").write_text(f"[mann_bench]\n{names.distribution} = {names.package}\n")
        for path in (info.parent, folder / "src"):
            monkeypatch.syspath_prepend(str(path))
        return names, folder

    before = set(sys.modules)
    yield make
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]
