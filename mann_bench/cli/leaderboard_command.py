"""``mann-bench leaderboard``: submit runs to the leaderboard of a study, validate and verify entries."""

import itertools
import json
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mann_bench.cli.parameters import PathType, VariantType, examples, registry_of, tuned_option
from mann_bench.cli.problems import say
from mann_bench.core.errors import UsageError
from mann_bench.core.message_text import counted
from mann_bench.core.plugin_code import OWN_DISTRIBUTION
from mann_bench.core.runs import short_key

if TYPE_CHECKING:
    from mann_bench.leaderboard.files import LoadedEntry
    from mann_bench.leaderboard.rules import StudyRules
    from mann_bench.leaderboard.schema import Evidence
    from mann_bench.leaderboard.submit import Submitter, Tracer
    from mann_bench.registry import Registry
    from mann_bench.results.schema import Record
    from mann_bench.results.trace import RunTrace
    from mann_bench.studies.tuning_file import Tuning

REFUSED = 4

site_option = click.option(
    "--out", default="leaderboards/site", show_default=True, type=PathType(file_okay=False),
    help="Folder for the pages.",
)  # fmt: skip
root_option = click.option(
    "--root", default="leaderboards", show_default=True, type=PathType(file_okay=False),
    help="Folder of the leaderboards.",
)  # fmt: skip
study_option = click.option("--study", help="Study file of your own, if the study is not installed; it ends in .toml.")


def _registry(context: click.Context) -> "Registry":
    """Return the registry by which entries are judged; say which names of it two distributions claim."""
    registry = registry_of(context)
    for contested in registry.contested:
        click.echo(f"{contested}. What {OWN_DISTRIBUTION!r} brings is judged by what it brings.", err=True)
    return registry.with_own_names()


def _no_entries(root: Path, study: str | None = None) -> UsageError:
    if study:
        return UsageError(f"{root}: no entry of {study} here. `leaderboard submit` makes one; --root names the folder.")
    return UsageError(f"{root}: no <study>/<entry>/entry.json here. Give --root the folder with all leaderboards.")


@click.group()
def command() -> None:
    """Submit runs to the leaderboard of a study, check entries, and build the pages.

    ENTRY is the folder of an entry, or its name in the folder --root.
    """


@command.command(
    epilog=examples(
        "mann-bench leaderboard submit memory-init runs --name 'My group' \\\n      --url https://example.org/memory",
        "mann-bench leaderboard submit memory-init runs \\\n      --extend my-group-4fab1480",
    )
)
@click.argument("study", type=VariantType("studies"))
@click.argument("runs", nargs=-1, required=True, type=PathType())
@click.option("--name", help="Name of the entry, shown to readers: a person, a group or a method.")
@click.option("--url", help="https address of a page about the entry.")
@click.option("--note", help="Note for readers.")
@click.option("--weights-url", help="https address of the weights, if you publish them; {key} stands for the run key.")
@click.option(
    "--extend", metavar="ENTRY",
    help="An entry to which the runs are added. The new entry takes over its runs and traces and, unless you give "
    "others, its name, url, note and tuning.",
)  # fmt: skip
@tuned_option
@root_option
@click.pass_context
def submit(
    context: click.Context,
    study: str,
    runs: tuple[Path, ...],
    name: str | None,
    url: str | None,
    note: str | None,
    weights_url: str | None,
    extend: str | None,
    tuned: Path | None,
    root: Path,
) -> None:
    """Make an entry for the leaderboard of STUDY from the records in RUNS, and print the commands to commit it.

    For each model, task and protocol, all seeds of the study must be there, however the runs ended, and no other
    seeds; of a study with looks, all seeds of one look. Runs of tasks and protocols that the study does not have are
    left out. With --tuned, each run must have the learning rate that the file states for its model and task.

    The command removes the paths in tracebacks and the names of this machine and user from the records. For each
    model, task and protocol it traces one run for the pages: the lowest seed that has weights beside its record.

    With --extend, runs that ENTRY has stay as they are there. If RUNS have a later version of a model, its runs in
    ENTRY are left out for the same task and protocol.

    The exit code is 4 if the entry is refused.
    """
    from mann_bench.leaderboard.files import find_entry, load_entry
    from mann_bench.leaderboard.resolving import study_rules
    from mann_bench.leaderboard.submit import submit as submit_records
    from mann_bench.results.store import RECORDS_NAME, load_record, record_files
    from mann_bench.studies.loading import is_path
    from mann_bench.studies.tuning_file import load_tuning

    extended = load_entry(find_entry(extend, root)) if extend else None
    submitter = _submitter(extended, name, url, note, weights_url)
    registry, tuning = _registry(context), load_tuning(tuned) if tuned else extended and extended.entry.tuning
    files = {file: load_record(file) for path in runs for file in record_files(path)}
    known = [*files.values(), *(extended.records if extended else ())]
    rules = study_rules(registry, study, {record.model.text for record in known})
    if extended and extended.entry.study.name != rules.name:
        of = extended.entry.study.name
        raise UsageError(f"{extend} is an entry of {of}. Name an entry of {rules.name}, or submit to {of}.")
    records = _of_study(list(files.values()), rules, tuning)
    tracer = _tracer(registry, {record.key: file for file, record in files.items()})
    folder = submit_records(records, submitter, rules, root, tracer, tuning, extended)
    subject = f"Add {folder.name} to the leaderboard of {rules.name}"
    if is_path(study):
        check = ["mann-bench", "leaderboard", "validate", "--study", study, str(folder)]
        say(f"To check the entry, give the study file too:\n{shlex.join(check)}", err=True)
    runs_text = counted(len(list((folder / RECORDS_NAME).iterdir())), "run")
    say(f"{runs_text}: {folder}. Commit them and open a pull request:", err=True)
    say(f"git switch --create {folder.name}")
    if extended:
        say(shlex.join(["git", "rm", "-r", "--quiet", str(extended.folder)]))
    say(shlex.join(["git", "add", str(folder)]))
    say(shlex.join(["git", "commit", "--message", subject]))
    text = f"{subject}\n\n{runs_text} by {submitter.name}, {submitter.url}\n{submitter.note}".rstrip()
    say(f"Text for the pull request:\n\n{text}", err=True)


def _submitter(
    extended: "LoadedEntry | None", name: str | None, url: str | None, note: str | None, weights_url: str | None
) -> "Submitter":
    """Return who submits: what was not given is that of the entry to extend; raises UsageError where there is none."""
    from mann_bench.leaderboard.submit import Submitter

    if extended:
        entry = extended.entry
        name, url = entry.name if name is None else name, entry.url if url is None else url
        note = entry.note if note is None else note
    if name is None or url is None:
        raise UsageError("Give --name and --url, or name with --extend an entry that has them.")
    return Submitter(name, url, note or "", weights_url)


def _of_study(records: "Sequence[Record]", rules: "StudyRules", tuning: "Tuning | None") -> "list[Record]":
    """Return the runs that an entry has a place for, and name the others; raises UsageError where all are others."""
    from mann_bench.studies.schema import FIRST_TUNING_SEED

    found, others = [], Counter[tuple[str, str]]()
    tuned = rules.at_rates(tuning)
    for record in records:
        if tuned.has_place_for(record):
            found.append(record)
            continue
        cell = f"{record.task.text} under {record.protocol.text}"
        if record.seed >= FIRST_TUNING_SEED:
            cell += f" on seeds from {FIRST_TUNING_SEED} on"
        if tuning is not None and rules.has_place_for(record):
            known = record.cell_name in tuning.by_name()
            reason = "the tuning gives them another rate" if known else "the tuning has no rate for them"
            others[f"{record.model.text} on {cell}", reason] += 1
        else:
            others[cell, f"{rules.name} does not contain them"] += 1
    for (cell, reason), count in sorted(others.items()):
        say(f"Left out {count} of {cell}: {reason}.", err=True)
    if others and not found:
        asked = f"tasks {'; '.join(rules.tasks)} under protocols {'; '.join(rules.protocols)}"
        raise UsageError(f"no run belongs to {rules.name}, which has the {asked}. Give the folder of its runs.")
    return found


def _tracer(registry: "Registry", files: Mapping[str, Path]) -> "Tracer":
    """Return what traces a run by its file, and says where it cannot."""
    from mann_bench.core.errors import MannBenchError
    from mann_bench.leaderboard.traces import trace_run

    def trace(record: "Record") -> "RunTrace | None":
        try:
            return trace_run(registry, files[record.key])
        except MannBenchError as error:
            say(f"No trace of {record.text}: {error}", err=True)
            return None

    return trace


@command.command(
    epilog=examples(
        "mann-bench leaderboard validate", "mann-bench leaderboard validate memory-init/mann-bench-4fab1480"
    )
)
@click.argument("entries", metavar="[ENTRY]...", nargs=-1)
@root_option
@study_option
@click.option("--json", "as_json", is_flag=True, help="Print each fault as one line of JSON.")
@click.pass_context
def validate(context: click.Context, entries: tuple[str, ...], root: Path, study: str | None, as_json: bool) -> int:
    """Check entries (by default all), and print each fault on one line. The exit code is 4 if there is a fault."""
    from mann_bench.leaderboard.files import entry_folders, find_entry
    from mann_bench.leaderboard.resolving import rules_resolver
    from mann_bench.leaderboard.validate import validate as validate_entries

    every = entry_folders(root)
    folders = [find_entry(entry, root) for entry in entries] or every
    if not folders:
        raise _no_entries(root)
    faults = validate_entries(folders, every, rules_resolver(_registry(context), study))
    for fault in faults:
        row = fault._asdict() | {"file": str(fault.file)}
        say(json.dumps(row) if as_json else str(fault))
    found = counted(len(faults), "fault") if faults else "no faults"
    say(f"{counted(len(folders), 'entry', 'entries')}: {found}.", err=True)
    return REFUSED if faults else 0


@command.command(
    epilog=examples(
        "mann-bench leaderboard verify memory-init/mann-bench-4fab1480",
        "mann-bench leaderboard verify memory-init/mann-bench-4fab1480 --replay",
    )
)
@click.argument("entry")
@click.option(
    "--runs", type=click.IntRange(min=0),
    help="Number of runs to repeat to the end.  [default: 2; with --replay or --fresh-seeds 0]",
)  # fmt: skip
@click.option("--replay", is_flag=True, help="Repeat the start of every run: the untrained model, and its first steps.")
@click.option(
    "--replay-steps", type=click.IntRange(min=0), default=200, show_default=True,
    help="Steps of a replay at most; 0 only evaluates the untrained models, in a few seconds each.",
)  # fmt: skip
@click.option(
    "--fresh-seeds", type=click.IntRange(min=1),
    help="Number of new seeds to run for one cell, both drawn at random; their results are compared with the entry's.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0),
    help="Seed for the random choice of runs.  [default: a new one each time]",
)  # fmt: skip
@click.option(
    "--weights", type=PathType(file_okay=False, exists=True),
    help="Folder with <run key>/weights.safetensors; measure these weights again on the test sequences.",
)  # fmt: skip
@root_option
@study_option
@click.pass_context
def verify(
    context: click.Context,
    entry: str,
    runs: int | None,
    replay: bool,
    replay_steps: int,
    fresh_seeds: int | None,
    seed: int | None,
    weights: Path | None,
    root: Path,
    study: str | None,
) -> int:
    """Repeat some randomly chosen runs of ENTRY, compare them with its records, and set its badge.

    On the same type of machine the results must be equal to the last bit. On other machines they must agree within
    the limits that the documentation of leaderboards states. The exit code is 4 if a result does not agree. Runs of
    an earlier version of a model cannot be repeated; the command names them.
    """
    import secrets

    from mann_bench.leaderboard.files import entry_folders, find_entry
    from mann_bench.leaderboard.resolving import rules_resolver
    from mann_bench.leaderboard.validate import sound_entries
    from mann_bench.leaderboard.verify import choose, remeasure_all, rerun, verify_fresh, write_evidence

    registry, folder = _registry(context), find_entry(entry, root)
    (loaded,) = sound_entries([folder], entry_folders(root), rules_resolver(registry, study))
    seed = secrets.randbelow(2**32) if seed is None else seed
    chosen = choose(loaded.records, (0 if replay or fresh_seeds else 2) if runs is None else runs, seed)
    names = ", ".join(short_key(record.key) for record in chosen) or "none"
    say(f"Runs to repeat, chosen with --seed {seed}: {names}.", err=True)
    again = (rerun(registry, loaded, record, lambda event: None) for record in chosen)
    replayed = _replays(registry, loaded, replay_steps) if replay else ()
    fresh = (verify_fresh(registry, loaded, count, seed, lambda event: None) for count in (fresh_seeds,) if count)
    measured = remeasure_all(registry, loaded, weights) if weights else ()
    found = []
    for evidence in itertools.chain(measured, replayed, again, fresh):
        found.append(evidence)
        verdict = "agrees" if evidence.agrees else "DIFFERS"
        say(f"{short_key(evidence.key)}  {evidence.check}, {evidence.comparison}: {verdict}. {evidence.text}")
    say(f"Badge: {write_evidence(loaded, found).badge}.", err=True)
    return 0 if all(evidence.agrees for evidence in found) else REFUSED


def _replays(registry: "Registry", loaded: "LoadedEntry", steps: int) -> "Iterator[Evidence]":
    """Yield what the replay of each run found, and name the runs that cannot be replayed, with the reason."""
    from mann_bench.core.errors import PluginUnavailableError, UsageError
    from mann_bench.leaderboard.verify import replay

    for record in loaded.records:
        try:
            yield replay(registry, loaded, record, steps)
        except (UsageError, PluginUnavailableError) as error:
            click.echo(f"{short_key(record.key)}  not replayed. {error}", err=True)


@command.command(
    epilog=examples(
        "mann-bench leaderboard build --out pages", "mann-bench leaderboard build --study mine.toml --out pages"
    )
)
@root_option
@site_option
@click.option("--study", help="Build the board of this study alone: a name, or a file that ends in .toml.")
@click.pass_context
def build(context: click.Context, root: Path, out: Path, study: str | None) -> None:
    """Build the web pages of all leaderboards, or of one. Every entry that they show must be without faults.

    The pages work without a server and a network: open index.html. The command never removes the page of a study
    that exists already, so the board of one study needs a folder of its own. The same entries always give the same
    bytes.
    """
    from mann_bench.site.boards import boards
    from mann_bench.site.build import build_site
    from mann_bench.site.folder import write_pages

    found = boards(_registry(context), root, study)
    if not found:
        raise _no_entries(root, study)
    files = build_site(found)
    write_pages(files, out)
    say(f"{counted(len(files), 'file')}: {out / 'index.html'}", err=True)


@command.command(epilog=examples("mann-bench leaderboard serve --port 8080"))
@site_option
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8_000, show_default=True,
    help="Port of the server; 0 takes any free port.",
)  # fmt: skip
def serve(out: Path, port: int) -> None:
    """Serve the pages to browsers on this machine until you press Ctrl-C."""
    from mann_bench.site.serve import site_server

    with site_server(out, port) as server:
        say(f"http://127.0.0.1:{server.server_port}/ until Ctrl-C", err=True)
        server.serve_forever()
