"""What is printed does not depend on the processor, nor on the kernels that BLAS and numpy choose for it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LEADERBOARDS = Path(__file__).parents[2] / "leaderboards"
ENTRY = next(LEADERBOARDS.glob("collier-beel-2018-short/*/records"))
BOARDS = ("overtraining", "graves-2014-short", "memory-init")
"""Boards of ten, three and five seeds, of five tasks, with and without generalisation over training."""

KERNELS = [
    {"OPENBLAS_CORETYPE": "Haswell"},
    {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": "X86_V3,X86_V4,AVX512_ICL,AVX512_SPR"},
]


def mann_bench(kernels, *arguments):
    """Run a command under some kernels."""
    words = [sys.executable, "-c", "from mann_bench.cli.main import main; main()", *arguments]
    return subprocess.run(words, env=os.environ | kernels, capture_output=True, check=True)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """Return a function that prints the tables, the figures and the page of two cells under some kernels."""
    parts = '"text":"copy', '"text":"ntm"', '"text":"lstm_matched"'
    texts = {path: path.read_text(encoding="utf-8") for path in sorted(ENTRY.iterdir())}
    copy, ntm, lstm = ({path for path, text in texts.items() if part in text} for part in parts)
    records = sorted(copy & (ntm | lstm))
    assert len(records) == 10

    def make(**kernels):
        out = tmp_path_factory.mktemp("printed")
        views = ["--format", "json", "--figures", out, "--html", out / "page.html"]
        done = mann_bench(kernels, "report", *records, *views)
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


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Return a function that builds the site of some committed boards under some kernels: its files by their paths."""
    root = tmp_path_factory.mktemp("boards")
    for name in BOARDS:
        shutil.copytree(LEADERBOARDS / name, root / name)

    def make(**kernels):
        site = tmp_path_factory.mktemp("built") / "site"
        mann_bench(kernels, "--no-plugins", "leaderboard", "build", "--root", root, "--out", site)
        return {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}

    return make


def test_the_site_of_the_leaderboards_is_the_same_under_other_kernels(built):
    one, other = (built(**kernels) for kernels in KERNELS)
    assert one.keys() == other.keys()
    assert len(one) > len(BOARDS)
    assert [name for name in one if one[name] != other[name]] == []
