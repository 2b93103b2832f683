"""Write into docs/reproduction.md what became of the figures of Collier & Beel 2018: `make results`.

Each claim of these studies that has a published figure is a row, with the number of seeds that it still takes:

    mann-bench study check STUDY --leaderboards leaderboards
    mann-bench study power STUDY --leaderboards leaderboards
"""

import contextlib
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mann_bench.cli.main import invoke
from mann_bench.cli.study_command import REFUTED
from mann_bench.leaderboard.records import study_records
from mann_bench.registry import Registry
from mann_bench.studies.claim_text import measured_text, number_text, tolerance_text
from mann_bench.studies.claims import check_claims

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/reproduction.md"
STUDIES = ("collier-beel-2018-settings", "collier-beel-2018")
_BLOCK = re.compile(r"(?<=<!-- docs/published.py -->\n).*?(?=<!-- end of published -->)", re.DOTALL)

_HEADING = [
    "the paper's claim, and the setting",
    "published",
    "reproduced where",
    "measured",
    "seeds",
    "verdict",
    "needs",
]


def page() -> str:
    """Return the page with the block as the records say."""
    rows = [_HEADING, ["---"] * len(_HEADING), *(row for study in STUDIES for row in _rows(study))]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return _BLOCK.sub(lambda _: f"\n{table}\n", PAGE.read_text(encoding="utf-8"))


def _rows(study: str) -> Iterator[list[str]]:
    registry = Registry.discover(third_party=False)
    planned, records = study_records(registry, ROOT / "leaderboards", study)
    needs = {row["name"]: row for row in _power(study) if row["kind"] == "claim"}
    for result in check_claims(planned.claims, records):
        if result.claim.published is not None:
            yield [
                result.claim.statement,
                number_text(result.claim.published),
                tolerance_text(result.claim),
                "-" if result.measured is None else measured_text(result.measured),
                str(result.n),
                str(result.verdict),
                _need(needs[result.claim.name]),
            ]


def _power(study: str) -> list[dict[str, Any]]:
    with contextlib.redirect_stdout(io.StringIO()) as output, contextlib.redirect_stderr(io.StringIO()) as errors:
        code = invoke(["--no-plugins", "study", "power", study, "--leaderboards", str(ROOT / "leaderboards"), "--json"])
    if code not in (0, REFUTED):
        raise SystemExit(f"mann-bench study power {study} ends with {code}:\n{errors.getvalue()}")
    return [json.loads(line) for line in output.getvalue().splitlines()]


def _need(row: dict[str, Any]) -> str:
    if row["known"]:
        return "-" if row["known"].endswith("reproduced") else str(row["known"])
    return f"more than {row['more_than']} seeds" if row["more_than"] else f"{row['needs_seeds']} seeds"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
