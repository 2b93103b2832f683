"""Check that the tuning of an entry is one of its study: every cell under a protocol of it, but for the rate."""

from collections.abc import Iterator

from mann_bench.analysis.tuned import RATE
from mann_bench.core.variants import Variant
from mann_bench.leaderboard.faults import FaultName, Finding
from mann_bench.leaderboard.rules import StudyRules
from mann_bench.studies.tuning_file import TunedCell, Tuning


def check_tuning(tuning: Tuning | None, rules: StudyRules) -> Iterator[Finding]:
    """Yield where a tuning, which is sound, is not one of the study; nothing of an entry without one."""
    if tuning is None:
        return
    if (tuning.study, tuning.study_version) != (rules.name, rules.version):
        text = f"of {tuning.study}, version {tuning.study_version}, but the study is {rules.name}, {rules.version}."
        yield _finding("study", f"{text} Tune it anew.")
    if rules.tuning is not None and tuning.table != rules.tuning:
        yield _finding("table", f"{tuning.table.words()}, but the study has {rules.tuning.words()}. Tune it anew.")
    for index, cell in enumerate(tuning.cells):
        if cell.task not in rules.tasks:
            yield _finding(f"cells[{index}].task", f"{cell.task!r} is no task of the study. Tune it anew.")
        if cell.protocol not in rules.protocols:
            yield _finding(f"cells[{index}].protocol", f"{cell.protocol!r} is none of the study's. Tune it anew.")
        elif not _differs_in_its_rate_alone(cell):
            text = f"{cell.tuned_protocol!r} differs from {cell.protocol!r} in more than its rate. Tune it anew."
            yield _finding(f"cells[{index}].tuned_protocol", text)


def _differs_in_its_rate_alone(cell: TunedCell) -> bool:
    study, tuned = (Variant.parse(text) for text in (cell.protocol, cell.tuned_protocol))
    rest = [{name: value for name, value in each.given.items() if name != RATE} for each in (study, tuned)]
    return study.name == tuned.name and rest[0] == rest[1]


def _finding(place: str, text: str) -> Finding:
    return Finding(FaultName.WRONG_TUNING, f"tuning.{place}", text)
