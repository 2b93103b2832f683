"""What is printed does not depend on the processor, nor on the kernels that BLAS and numpy choose for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENTRY = next(Path(__file__).parents[2].glob("leaderboards/collier-beel-2018-short/*/records"))
KERNELS = [
    {"OPENBLAS_CORETYPE": "Haswell"},
    {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4,AVX512_ICL,AVX512_SPR"},
]


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Return a function that prints the tables, the figures and the page of 30 records under some kernels."""
    records = [path for path in sorted(ENTRY.iterdir()) if '"text":"copy' in path.read_text(encoding="utf-8")]
    assert len(records) == 30

    def make(**kernels):
        out = tmp_path_factory.mktemp("printed")
        views = ["--format", "json", "--figures", out, "--html", out / "page.html"]
        words = [sys.executable, "-c", "from mann_bench.cli.main import main; main()", "report", *records, *views]
        done = subprocess.run(words, env=os.environ | kernels, capture_output=True, check=True)
        pictures = {path.name: path.read_bytes() for path in out.iterdir()}
        assert done.stdout
        assert pictures
        return pictures | {"tables": done.stdout}

    return make


@pytest.fixture(scope="module")
def here(printed):
    return printed()


@pytest.mark.parametrize("kernels", KERNELS, ids=lambda kernels: kernels["OPENBLAS_CORETYPE"])
def test_tables_figures_and_pages_are_the_same_under_other_kernels(printed, here, kernels):
    there = printed(**kernels)
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []
