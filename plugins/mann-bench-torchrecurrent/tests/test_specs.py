"""What the plugin says about itself before anything heavy is loaded."""

import importlib.metadata
import pkgutil
import subprocess
import sys

import pytest
import torchrecurrent

import mann_bench_torchrecurrent
from mann_bench_torchrecurrent import models

SPECS = mann_bench_torchrecurrent.mann_bench_models()


def test_every_target_is_there_and_every_reference_has_a_link():
    for spec in SPECS:
        target = pkgutil.resolve_name(spec.target)
        assert f"torchrecurrent's {target.cell} " in target.__doc__
        assert "https://" in spec.reference


def test_all_cells_are_there_but_the_one_whose_state_lacks_its_history():
    cells = {name for name in torchrecurrent.__all__ if name.endswith("Cell")}
    assert cells - {f"{pkgutil.resolve_name(spec.target).cell}Cell" for spec in SPECS} == {"tauGRUCell"}


def test_a_name_that_is_no_cell_is_no_model():
    with pytest.raises(AttributeError, match="has no attribute 'LSMT'"):
        models.LSMT  # noqa: B018


def test_the_entry_point_names_the_module():
    (entry_point,) = importlib.metadata.distribution("mann-bench-torchrecurrent").entry_points.select(
        group="mann_bench"
    )
    assert entry_point.load() is mann_bench_torchrecurrent


def test_listing_the_models_does_not_import_torch():
    code = "import sys, mann_bench_torchrecurrent as m; m.mann_bench_models(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
