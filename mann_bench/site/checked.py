"""How far others checked the runs that a claim rests on, in words."""

from collections import Counter
from collections.abc import Iterable, Sequence

from mann_bench.core.message_text import counted
from mann_bench.leaderboard.files import LoadedEntry
from mann_bench.leaderboard.records import by_date
from mann_bench.leaderboard.schema import Badge, Check

_DONE = {
    Check.RERUN: "repeated to the end",
    Check.REPLAY: "replayed",
    Check.WEIGHTS: "tested again from their weights",
    Check.FRESH: "compared with fresh seeds of their cells",
}


def checked_text(entries: Sequence[LoadedEntry], keys: Iterable[str]) -> str:
    """Return of what badges the entries of these runs are, and how many of the runs themselves were checked.

    Args:
        entries: of a study.
        keys: of records of theirs.
    """
    wanted, badges, done = set(keys), Counter[Badge](), Counter[Check]()
    for loaded in by_date(entries):  # a run that was replicated counts in its first entry
        badges[loaded.entry.badge] += sum(record.key in wanted for record in loaded.records)
        done.update(each.check for each in loaded.entry.evidence if each.agrees and each.key in wanted)
        wanted -= {record.key for record in loaded.records}
    of_badges = [
        f"{counted(badges[badge], 'run')} of entries that are {badge}" for badge in reversed(Badge) if badges[badge]
    ]
    themselves = [f"{counted(done[check], 'run')} {words}" for check, words in _DONE.items() if done[check]]
    return "; ".join([", ".join(of_badges), *([f"of these, {', '.join(themselves)}"] if themselves else [])])
