"""Validate entries from their files alone, given what the study asks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from mann_bench.core.errors import MannBenchError
from mann_bench.core.runs import short_key
from mann_bench.leaderboard.checks.aggregates import check_aggregates
from mann_bench.leaderboard.checks.consistency import check_consistency
from mann_bench.leaderboard.checks.copies import copied_curves, disguised_curves, duplicates, same_weights
from mann_bench.leaderboard.checks.dates import check_entry_dates, check_record_date
from mann_bench.leaderboard.checks.identity import check_cells, check_identity
from mann_bench.leaderboard.checks.names import check_name, check_names
from mann_bench.leaderboard.checks.publishable import check_strings, check_text, check_url
from mann_bench.leaderboard.checks.traces import check_trace, traced_runs
from mann_bench.leaderboard.checks.tuning import check_tuning
from mann_bench.leaderboard.faults import EntryError, Fault, FaultName, Finding
from mann_bench.leaderboard.files import LoadedEntry, load_entry, trace_file
from mann_bench.leaderboard.rules import StudyRules
from mann_bench.leaderboard.schema import LONGEST_NAME, LONGEST_NOTE, Entry, earned_badge
from mann_bench.results.schema import Record

RulesOf = Callable[[str, Iterable[str]], StudyRules]
"""Resolves a study by name, and the model variants that the records name."""


def validate(folders: Iterable[Path], others: Iterable[Path], rules_of: RulesOf) -> list[Fault]:
    """Return everything that is wrong with entries; nothing where they may be published.

    Arguments as of `sound_entries`.
    """
    try:
        sound_entries(folders, others, rules_of)
    except EntryError as error:
        return list(error.faults)
    return []


def sound_entries(folders: Iterable[Path], others: Iterable[Path], rules_of: RulesOf) -> list[LoadedEntry]:
    """Return entries with which nothing is wrong, in the order of their folders.

    Args:
        folders: of the entries; one that is given twice counts once.
        others: folders of further entries, of any study: none of their runs may have been copied, nor a name imitated.
        rules_of: resolves a study; it may raise a MannBenchError.

    Raises:
        EntryError: everything that is wrong with them.
    """
    asked = list(dict.fromkeys(folder.resolve() if not folder.is_symlink() else folder for folder in folders))
    loaded: list[LoadedEntry] = []
    faults: list[Fault] = []
    for folder in asked:
        try:
            entry = load_entry(folder)
        except EntryError as error:
            faults += error.faults
            continue
        loaded.append(entry)
        faults += check_entry(entry, rules_of)
    every = [*loaded, *_readable(others, asked)]
    across = [fault for entries in by_study(every).values() for fault in duplicates(entries)]
    across += [*copied_curves(every), *disguised_curves(every), *same_weights(every), *check_names(every)]
    faults += [fault for fault in across if {fault.file.parent, fault.file.parent.parent} & {e.folder for e in loaded}]
    if faults:
        raise EntryError(faults)
    return loaded


def by_study(entries: Iterable[LoadedEntry]) -> dict[str, list[LoadedEntry]]:
    """Return entries by the name of their study, in their order."""
    studies: dict[str, list[LoadedEntry]] = {}
    for entry in entries:
        studies.setdefault(entry.entry.study.name, []).append(entry)
    return studies


def check_entry(loaded: LoadedEntry, rules_of: RulesOf) -> list[Fault]:
    """Return what is wrong with one entry, other entries apart."""
    entry, records, file = loaded.entry, loaded.records, loaded.entry_file
    faults = [finding.at(file) for finding in _check_words(entry)]
    faults += [finding.at(file) for finding in (*_check_badge(entry), *check_entry_dates(entry, records))]
    if (loaded.folder.parent.name, loaded.folder.name) != (entry.study.name, entry.id):
        text = f"this entry belongs to {entry.study.name}/{entry.id}. Submit it anew."
        faults.append(Fault(FaultName.WRONG_FOLDER, loaded.folder, None, text))
    try:
        rules = rules_of(entry.study.name, {record.model.text for record in records})
    except MannBenchError as error:
        return [*faults, Fault(FaultName.WRONG_STUDY, file, "study", str(error))]
    faults += [finding.at(file) for finding in check_tuning(entry.tuning, rules)]
    rules = rules.at_rates(entry.tuning)
    if (entry.study.name, entry.study.version) != (rules.name, rules.version):
        text = f"version {entry.study.version} of {entry.study.name}, but here is {rules.version}. Submit it anew."
        faults.append(Fault(FaultName.WRONG_STUDY, file, "study", text))
    for run, record in zip(entry.runs, records, strict=True):
        if run.weights_sha256 != record.weights_sha256:
            text = "the digest of its weights is not that of its record. Submit it anew."
            faults.append(Fault(FaultName.DIGEST, file, f"runs.{short_key(run.key)}", text))
        faults += [finding.at(loaded.record_file(run.key)) for finding in check_record(record, rules)]
    traced = traced_runs(records)
    for trace in loaded.traces:
        faults += [
            finding.at(trace_file(loaded.folder, trace.key)) for finding in check_trace(trace, traced, rules.tasks)
        ]
    if not faults:
        faults = [
            finding.at(file) for finding in (*check_cells(records, rules), *check_aggregates(entry.aggregates, records))
        ]
    return faults


def check_record(record: Record, rules: StudyRules) -> list[Finding]:
    """Return what is wrong with a record of an entry beyond the rules for every record, other records apart."""
    texts = check_strings(record.model_dump(mode="json"))
    found = [*texts, *check_record_date(record), *check_identity(record, rules)]
    # What it says follows from its task and protocol: without them there is nothing to compare it with.
    known = {FaultName.WRONG_TASK, FaultName.WRONG_PROTOCOL}.isdisjoint(f.name for f in found)
    return [*found, *check_consistency(record, rules.tasks[record.task.text])] if known else found


def _check_words(entry: Entry) -> Iterator[Finding]:
    yield from check_text("name", entry.name, LONGEST_NAME)
    yield from check_name("name", entry.name)
    yield from check_text("note", entry.note, LONGEST_NOTE, lines=True)
    yield from check_url("url", entry.url)
    for index, run in enumerate(entry.runs):
        if run.weights_url is not None:
            yield from check_url(f"runs[{index}].weights_url", run.weights_url)
    for index, evidence in enumerate(entry.evidence):
        yield from check_strings(evidence.model_dump(mode="json"), f"evidence[{index}]")
    if entry.tuning is not None:
        yield from check_strings(entry.tuning.model_dump(mode="json"), "tuning")


def _check_badge(entry: Entry) -> Iterator[Finding]:
    """Evidence must be of the very records that are there, and the badge what it earns."""
    digests = {run.key: run.sha256 for run in entry.runs}
    for index, evidence in enumerate(entry.evidence):
        if digests.get(evidence.key) != evidence.sha256:
            text = "it is of a record that is not in the entry as it is now. Remove it, and verify the entry again."
            yield Finding(FaultName.BADGE, f"evidence[{index}]", text)
    if entry.badge is not (earned := earned_badge(entry.runs, entry.evidence)):
        yield Finding(FaultName.BADGE, "badge", f"{entry.badge}, but its evidence earns {earned}.")


def _readable(folders: Iterable[Path], known: Sequence[Path]) -> Iterator[LoadedEntry]:
    """Yield the entries of `folders` that are not in `known` and can be read; the rest is told when it is asked for."""
    for folder in folders:
        if folder.resolve() not in known:
            try:
                yield load_entry(folder.resolve())
            except EntryError:
                continue
