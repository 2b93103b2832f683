"""docs/reproduction.md says what the committed records say."""

import re
from pathlib import Path

from mann_bench.cli.main import invoke

ROOT = Path(__file__).parents[1]
CHECK = ["study", "check", "collier-beel-2018-short", "--leaderboards", str(ROOT / "leaderboards")]


def test_the_verdicts_are_those_of_the_committed_records(capsys):
    assert invoke(["--no-plugins", *CHECK]) == 0
    (block,) = re.findall(r"```\n(claim .*?)```", (ROOT / "docs/reproduction.md").read_text(), re.DOTALL)
    assert block == capsys.readouterr().out
