"""What became of the claims of all boards, in a sentence for the first page."""

from collections import Counter
from collections.abc import Iterable, Set

from mann_bench.core.message_text import counted
from mann_bench.site.board import Board
from mann_bench.site.sentence import Item, Sentence
from mann_bench.studies.claims import Verdict


def claims_sentences(boards: Iterable[Board]) -> list[Sentence]:
    """Return how many claims came out how, and links to those that are decided; nothing where there is no claim.

    What several boards state counts once, as `_together` says.
    """
    stated = [(result, board.name) for board in boards for result in board.claims]
    reached: dict[str, set[Verdict]] = {}
    for result, _ in stated:
        reached.setdefault(result.claim.statement, set()).add(result.verdict)
    together = {statement: _together(verdicts) for statement, verdicts in reached.items()}
    verdicts = Counter(together.values())
    if not stated:
        return []
    counts = ", ".join(f"{verdicts[verdict]:,} {verdict}" for verdict in Verdict)
    text = f"Of {counted(len(together), 'claim')} about published results, {counts}."
    if len(stated) > len(together):
        text += f" The boards state them {len(stated):,} times; a claim that several boards state counts once."
    decided = [
        Item(f"{result.claim.name} of {board} ({result.verdict})", f"{board}/index.html#claim-{result.claim.name}")
        for result, board in stated
        if result.verdict == together[result.claim.statement] != Verdict.UNDECIDED
    ]
    return [Sentence(f"{text} Decided:" if decided else text, decided)]


def _together(verdicts: Set[Verdict]) -> Verdict:
    """Return the verdict of those that studies reach which decide; where two of them contradict each other, none."""
    decided = verdicts - {Verdict.UNDECIDED}
    return next(iter(decided)) if len(decided) == 1 else Verdict.UNDECIDED
