"""What README and docs/reproduction.md say follows from the committed records."""

import re
from pathlib import Path

import pytest

from mann_bench.cli.main import invoke
from mann_bench.reporting.curves.data import figure_data
from mann_bench.reporting.figures.files import draw
from mann_bench.reporting.pictures import plain_settings, svg
from mann_bench.results.many import load_records

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/reproduction.md").read_text(encoding="utf-8")
VERDICTS = re.findall(r"    mann-bench (study check .*)\n\n```\n(.*?)```", PAGE, re.DOTALL)
PICTURES = sorted(ROOT.glob("docs/figures/*/*.svg"))


@pytest.mark.parametrize(("command", "block"), VERDICTS, ids=[command.split()[2] for command, _ in VERDICTS])
def test_the_verdicts_are_those_of_the_committed_records(command, block, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert invoke(["--no-plugins", *command.split()]) == 0
    assert block == capsys.readouterr().out


@pytest.mark.parametrize("study", sorted({picture.parent.name for picture in PICTURES}))
def test_the_pictures_are_those_of_the_committed_records(study):
    records, _ = load_records(sorted((ROOT / "leaderboards" / study).glob("*/records/*.json")))
    data = figure_data(records)
    with plain_settings():
        for picture in (picture for picture in PICTURES if picture.parent.name == study):
            assert picture.read_bytes() == svg(draw(data[picture.stem])), picture


def test_the_page_has_verdicts_and_the_pages_show_every_picture():
    shown = PAGE + (ROOT / "README.md").read_text(encoding="utf-8")
    assert "study check collier-beel-2018-short --leaderboards leaderboards" in [command for command, _ in VERDICTS]
    assert all(f"figures/{picture.parent.name}/{picture.name}" in shown for picture in PICTURES)
