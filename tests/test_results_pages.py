"""What README and docs/reproduction.md show of the committed records is what these say."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_SPEC = importlib.util.spec_from_file_location("results", ROOT / "docs/results.py")
results = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(results)


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
