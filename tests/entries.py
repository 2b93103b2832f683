"""Fixtures of leaderboards: a sound entry of the smoke study, and ways to tamper with it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from mann_bench.leaderboard.checks.aggregates import aggregates_of
from mann_bench.leaderboard.checks.traces import traced_runs
from mann_bench.leaderboard.files import LoadedEntry, entry_content, record_content
from mann_bench.leaderboard.resolving import study_rules
from mann_bench.leaderboard.schema import Aggregates, Badge, Entry, RunReference, StudyReference
from mann_bench.leaderboard.submit import Submitter, submit
from mann_bench.leaderboard.validate import validate
from mann_bench.registry import Registry
from mann_bench.results import schema
from mann_bench.results.keys import record_key
from mann_bench.results.store import digest
from mann_bench.studies.plan import plan_study

SUBMITTER = Submitter("A group", "https://example.org/group", "A note.")


@pytest.fixture(scope="session")
def make_loaded():
    """Return a function that makes an entry of any records and texts, sound or not, as it is read from its folder."""

    def make(identifier, records, traces=(), badge=Badge.REPORTED, **texts):
        runs = [RunReference(key=record.key, sha256="0" * 64, weights_sha256=None) for record in records]
        study, tables = StudyReference(name="study", version=1), Aggregates(convergence=[], generalization=[], probe=[])
        known = {"schema_version": 1, "study": study, "date": "2026-01-01", "aggregates": tables}
        texts = {"name": identifier.title(), "url": "", "note": ""} | texts
        return LoadedEntry(Path(identifier), Entry(runs=runs, badge=badge, **known, **texts), records, traces)

    return make


@pytest.fixture(scope="session")
def registry():
    return Registry.discover(third_party=False)


@pytest.fixture(scope="session")
def smoke_runs(registry):
    return plan_study(registry, "smoke").plan.runs


@pytest.fixture(scope="session")
def rules(registry, smoke_runs):
    return study_rules(registry, "smoke", {run.model.text for run in smoke_runs})


def _scores(wrong, sequences, scored_bits, loss):
    """Scores of which `wrong` sequences have one wrong bit each."""
    errors = wrong / sequences
    return {
        "loss_bits": loss,
        "bit_errors": errors,
        "bit_error_rate": errors / scored_bits,
        "sequence_accuracy": 1 - errors,
    }


def _grid(task, sequences, loss):
    """All sequences of every size have one wrong bit."""
    return [
        {
            "size": row.size,
            "sequences": sequences,
            "scores": _scores(sequences, sequences, row.chance["loss_bits"], loss),
        }
        for row in task.grid
    ]


@pytest.fixture(scope="session")
def make_sound(make_record, rules):
    """Return a function that makes a record that agrees with itself, as of a run that converged at `at`."""

    def make(run, at=120):
        protocol, task = run.protocol, rules.tasks[run.task.text]
        luck, last = int(run.key[:6], 16) / 2**24, at + protocol.grace
        steps = range(0, last + 1, protocol.evaluate_every)
        falls = np.random.default_rng(int(run.key[:6], 16)).random(len(steps)) / len(steps)
        losses = 2.5 + luck + falls[::-1].cumsum()[::-1]  # falling, by steps of its own
        curve = [
            {
                "step": step,
                "sequences": step * protocol.batch_size,
                "training_seconds": step / 100,
                "scores": _scores(48 if step < at else 1, 64, 4, float(loss)),
            }
            for step, loss in zip(steps, losses, strict=True)
        ]
        probed = range(protocol.probe_every, last + 1, protocol.probe_every)
        sound = {
            "key": run.key,
            "model": schema.ComponentRecord.of(run.model),
            "task": schema.ComponentRecord.of(run.task),
            "convergence": task.rule,
            "protocol": schema.ProtocolRecord.of(protocol, run.protocol_given, run.protocol_text),
            "seed": run.seed,
            "steps": last,
            "converged_first": at,
            "converged_confirmed": at,
            "best_step": last,
            "curve": curve,
            "probe": [{"step": step, "rows": _grid(task, protocol.probe_sequences, 3.5)} for step in probed],
            "generalization": _grid(task, protocol.test_sequences, 2.5 + luck),
            "training_range": task.training_range,
            "grid": task.grid,
            "seconds": {"training": last / 100, "evaluation": 0.5, "compilation": 0.0},
            "weights_sha256": digest(run.key.encode()),
            "parameters": rules.models[run.model.text].sizes[run.task.text].parameters,
        }
        known = make_record()
        provenance = known.provenance.model_copy(update={"date": "2026-11-24T03:04:05+00:00"})
        return schema.Record.model_validate(known.model_dump() | sound | {"provenance": provenance.model_dump()})

    return make


@pytest.fixture(scope="session")
def sound_records(smoke_runs, make_sound):
    """The records of a made-up smoke study."""
    return [make_sound(run, at=120 + 20 * run.seed) for run in smoke_runs]


@pytest.fixture(scope="session")
def _template(sound_records, rules, tmp_path_factory):
    return submit(sound_records, SUBMITTER, rules, tmp_path_factory.mktemp("leaderboards"))


class Board:
    """A leaderboard with one sound entry of the smoke study, and ways to tamper with it."""

    def __init__(self, template, root, rules, make_trace):
        self.rules, self.root, self.make_trace = rules, root, make_trace
        self.folder = root / "smoke" / template.name
        shutil.copytree(template, self.folder)

    @property
    def file(self):
        return self.folder / "entry.json"

    @property
    def files(self):
        return sorted((self.folder / "records").glob("*.json"))

    def names(self):
        """The names of the faults of everything that lies there."""
        folders = sorted((self.root / "smoke").iterdir())
        return sorted({fault.name.value for fault in validate(folders, folders, lambda study, models: self.rules)})

    def edit(self, change):
        """Change the entry and move its folder to where it then belongs."""
        content = json.loads(self.file.read_text())
        change(content)
        try:
            entry = Entry.model_validate(content)
        except ValueError:
            self.file.write_text(json.dumps(content))
            return
        self.file.write_bytes(entry_content(entry))
        self.folder = self.folder.rename(self.folder.with_name(entry.id))

    def edit_record(self, change, index=0, rekey=False, sign=True):
        """Change a record, give it the key of what it then says, and sign it: as one who knows what is checked."""
        old = self.files[index]
        content = json.loads(old.read_text())
        change(content)
        if rekey:
            content["key"] = record_key(schema.Record.model_validate(content))
        try:
            written = record_content(schema.Record.model_validate(content))
        except ValueError:
            written = json.dumps(content).encode()
        old.unlink()
        old.with_name(f"{content['key'] if rekey else old.stem}.json").write_bytes(written)
        if sign:
            self.sign(old.stem, content["key"] if rekey else old.stem)

    def sign(self, old_key, key):
        """Make the digests of a run, and its key, those of its file."""

        def change(entry):
            run = next(run for run in entry["runs"] if run["key"] == old_key)
            run |= {"key": key, "sha256": digest((self.folder / "records" / f"{key}.json").read_bytes())}
            entry["runs"].sort(key=lambda run: run["key"])

        self.edit(change)

    def drop(self, index):
        """Take a run out, as if it had never been."""
        file = self.files[index]
        file.unlink()
        self.edit(lambda entry: entry["runs"].remove(next(r for r in entry["runs"] if r["key"] == file.stem)))

    def aggregate(self):
        """Make the tables those of the records."""
        records = [schema.Record.model_validate_json(file.read_bytes()) for file in self.files]
        self.edit(lambda entry: entry.update(aggregates=aggregates_of(records).model_dump()))

    def trace(self, change=lambda trace: None, record=None, name=None):
        """Add the trace of a run, by default of one that may be traced, with changes."""
        records = [schema.Record.model_validate_json(file.read_bytes()) for file in self.files]
        record = record or next(iter(traced_runs(records).values()))
        content = self.make_trace(record).model_dump(mode="json")
        change(content)
        file = self.folder / "traces" / f"{name or record.key}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(content, separators=(",", ":")) + "\n")
        return file

    def add(self, record):
        """Add a run."""
        file = self.folder / "records" / f"{record.key}.json"
        file.write_bytes(record_content(record))
        run = {"key": record.key, "sha256": digest(file.read_bytes()), "weights_sha256": record.weights_sha256}
        self.edit(lambda entry: entry.update(runs=sorted([*entry["runs"], run], key=lambda run: run["key"])))


@pytest.fixture
def board(_template, rules, make_trace, tmp_path):
    return Board(_template, tmp_path / "leaderboards", rules, make_trace)
