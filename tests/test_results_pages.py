"""What README and docs/reproduction.md show of the committed records is what these say."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


def _script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / f"docs/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


results, verdicts, settings, published, notebook = map(
    _script, ("results", "verdicts", "settings", "published", "notebook")
)


@pytest.mark.parametrize("name", results.PAGES)
def test_every_block_is_what_its_command_prints(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert results.page(name) == (ROOT / name).read_text(encoding="utf-8")


def test_a_command_at_the_end_of_a_page_gets_its_block_too(monkeypatch, tmp_path):
    (tmp_path / "page.md").write_text("<!-- mann-bench --version -->\n", encoding="utf-8")
    monkeypatch.setattr(results, "ROOT", tmp_path)
    assert "```\nmann-bench" in results.page("page.md")


def test_every_picture_is_what_its_study_draws():
    assert [path.name for path, content in results.pictures() if path.read_bytes() != content] == [], "make results"


def test_every_picture_is_shown():
    pages = "".join((ROOT / name).read_text(encoding="utf-8") for name in results.PAGES)
    pictures = list(ROOT.glob("docs/figures/*/*.svg"))
    assert pictures
    assert all(f"figures/{picture.parent.name}/{picture.name}" in pages for picture in pictures)


def test_the_seed_papers_claims_are_checked():
    page = (ROOT / "docs/reproduction.md").read_text(encoding="utf-8")
    assert "<!-- mann-bench study check collier-beel-2018-short --leaderboards leaderboards -->\n\n```\nclaim" in page


def test_the_verdicts_that_changed_are_those_of_the_records():
    assert verdicts.page() == (ROOT / "docs/reproduction.md").read_text(encoding="utf-8"), "make results"


def test_what_the_factor_depends_on_is_what_the_records_say():
    assert settings.page() == (ROOT / "docs/reproduction.md").read_text(encoding="utf-8"), "make results"


def test_what_became_of_the_published_figures_is_what_the_records_say():
    assert published.page() == (ROOT / "docs/reproduction.md").read_text(encoding="utf-8"), "make results"


def test_the_median_curve_may_converge_where_few_curves_do():
    curves = np.array([[9.0, 0.0, 9.0], [0.0, 9.0, 9.0], [0.0, 0.0, 9.0]])
    side = settings.Side(np.array([200.0, 0.0, 0.0]), curves, np.array([0, 200, 400]), 0.1)
    assert (side.median_curve_time(), side.median_time()) == (0.0, 0.0)
    assert side.median_curve_time([0, 1]) == math.inf


def test_a_verdict_that_changed_has_its_reason():
    page = (ROOT / "docs/reproduction.md").read_text(encoding="utf-8")
    (row,) = [line for line in page.splitlines() if line.startswith("| ntm-stability | default-solves-with-adam |")]
    assert row.endswith("the interval lies partly inside the tolerance: more seeds would narrow it |")


def test_the_notebook_shows_what_its_cells_show():
    assert notebook.executed() == notebook.FILE.read_text(encoding="utf-8"), "make results"
