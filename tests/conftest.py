"""Fixtures that several packages' tests share."""

import dataclasses
import json
import os
import shutil
import sys
import tempfile
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from mann_bench.core.protocol import Protocol
from mann_bench.core.runs import Component, Run
from mann_bench.core.specs import ConvergenceRule, ExecutorSpec, ModelSpec, SyllabusSpec, TaskSpec
from mann_bench.core.variants import Variant, variant_text
from mann_bench.execution.plan import Block, make_plan
from mann_bench.execution.resolve import protocol_options
from mann_bench.plugins import Plugin, Status
from mann_bench.registry import Registered, Registry
from mann_bench.results import schema
from mann_bench.results.keys import record_key
from mann_bench.results.trace import MemoryTrace, Picture, RunTrace
from mann_bench.site.serve import site_server

pytest_plugins = ["mann_bench.testing.pytest_plugin", "entries"]

# As every worker of the suite has; two threads on a busy machine collapse.
torch.set_num_threads(1)

PROTOCOL = protocol_options(Protocol())

_USERS_OWN = ("WANDB_", "MANN_BENCH_", "PL_", "XDG_", "NETRC")
"""How the names of variables begin by which a user's shell would have a say in the tests."""


def pytest_configure(config):
    """Give the whole session a home of its own: no test meets what lies in the user's, or in the user's shell.

    Compiled libraries and examples of hypothesis, which are known by their content, outlive it.
    """
    if hasattr(config, "workerinput"):  # of pytest-xdist: it has inherited all this
        return
    for name in [name for name in os.environ if name.startswith(_USERS_OWN)]:
        del os.environ[name]
    home = tempfile.mkdtemp(prefix="mann-bench-tests-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    os.environ |= {
        "HOME": home,
        "MANN_BENCH_CACHE": str(config.rootpath / ".pytest_cache" / "native"),
        "HYPOTHESIS_STORAGE_DIRECTORY": str(config.rootpath / ".hypothesis"),
        # W&B's own error reports would wait for a network.
        "WANDB_ERROR_REPORTING": "false",
    }


@pytest.fixture(scope="session", autouse=True)
def _session_folder(tmp_path_factory):
    """Run all tests in an empty folder, where none meets what lies in the checkout."""
    before, folder = Path.cwd(), tmp_path_factory.mktemp("current")
    os.chdir(folder)
    yield folder
    os.chdir(before)


@pytest.fixture(autouse=True)
def _leaves_nothing(_session_folder):
    """Fail a test that leaves something in the folder that it happens to run in."""
    yield
    assert list(_session_folder.iterdir()) == []


TINY = {
    "max_steps": 4,
    "batch_size": 2,
    "evaluate_every": 2,
    "validation_sequences": 4,
    "grace": 2,
    "probe_every": 0,
    "probe_sequences": 2,
    "test_sequences": 2,
}


@pytest.fixture(scope="session")
def tiny_protocol():
    """Return a function that names a protocol of a fraction of a second, with fields changed."""
    return lambda **fields: "collier2018:" + ",".join(f"{k}={v}" for k, v in (TINY | fields).items())


def _toml(**fields):
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())


@pytest.fixture(scope="session")
def study_text():
    """Return a function that makes the file of a study of one task and two seeds, with one claim or none."""

    def make(protocol, *models, task="copy:max_length=3", claim=None, **fields):
        study = {"name": "example", "version": 1, "summary": "one line", "seeds": "0-1", "protocols": [protocol]}
        text = f"{_toml(**study | fields)}\n[[cells]]\n{_toml(models=models, tasks=[task])}"
        return f"{text}\n[[claims]]\n{_toml(**claim)}" if claim else text

    return make


@pytest.fixture
def make_run(tiny_protocol):
    """Return a function that resolves one run under a tiny protocol, with fields changed."""

    def make(model="lstm:layers=1,units=8", task="copy:max_length=3", seed=0, **fields):
        registry = Registry.discover(third_party=False)
        return make_plan(registry, [Block([model], [task], [tiny_protocol(**fields)])], [seed]).runs[0]

    return make


@pytest.fixture
def registry_with():
    """Return a function that makes a registry of the built-ins and ``acme``, a class of a module of tests/testing/."""

    def make(target, **fields):
        registry = Registry.discover(third_party=False)
        make_spec, entries = {
            "broken_models": (ModelSpec, registry.models),
            "broken_syllabuses": (SyllabusSpec, registry.syllabuses),
        }.get(target.partition(":")[0], (TaskSpec, registry.tasks))
        about = {"summary": "to be found out", "reference": "nowhere, https://example.org"} | fields
        spec = make_spec("acme", 1, f"testing.{target}", **about)
        plugin = Plugin("acme_plugin", "acme-memory", "3.1", Status.LOADED, brings=("acme",))
        registry.plugins.append(plugin)
        entries["acme"] = Registered(spec, plugin)
        return registry

    return make


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Return a function that makes a distribution with one plugin module visible."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(distribution, source, entry_point=None, version="1.2"):
        module = distribution.replace("-", "_") + "_plugin"
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(source))
        info = tmp_path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        name = entry_point or distribution
        (info / "entry_points.txt").write_text(f"[mann_bench]\n{name} = {module}\n")
        monkeypatch.delitem(sys.modules, module, raising=False)

    return make


@pytest.fixture
def far_registry():
    """Return a registry that knows two executors of a plugin: one that does its jobs, and one that does not load."""
    registry = Registry.discover(third_party=False)
    plugin = Plugin("far", "mann-bench-far", "1.0", Status.LOADED)
    for name, target in {"far": "execution.far_executor:FarExecutor", "gone": "nowhere:Gone"}.items():
        registry.executors[name] = Registered(ExecutorSpec(name, target, "far away", parallel_option="each"), plugin)
    return registry


@pytest.fixture(scope="session")
def timeless():
    """Return a function that leaves out of a record what two executions of a run on one machine may differ in."""

    def fields(record):
        content = record.model_dump(exclude={"seconds": True, "peak_memory_bytes": True, "provenance": {"date"}})
        for row in content["curve"]:
            del row["training_seconds"]
        return content

    return fields


def _component(text, distribution="mann-bench", version=1):
    """Resolve a variant of a component that need not exist; all of its options differ from their defaults."""
    variant = Variant.parse(text)
    options = {name: int(value) if value.isdecimal() else value for name, value in variant.given.items()}
    return Component(
        name=variant.name,
        version=version,
        target="somewhere:Something",
        distribution=distribution,
        distribution_version="0.1.0",
        options=options,
        defaults=dict.fromkeys(options),
        given=variant.given,
    )


def _scores(errors, accuracy):
    return {"loss_bits": 2 * errors, "bit_errors": errors, "bit_error_rate": errors / 64, "sequence_accuracy": accuracy}


def _size_rows(*rows):
    """Make the rows of a length grid from triples of size, wrong bits and accuracy."""
    return [{"size": size, "sequences": 192, "scores": _scores(*scores)} for size, *scores in rows]


def _curve(converged_at):
    """An evaluation every 200 steps, each a second of training, until one step after convergence or step 600."""
    last = 600 if converged_at is None else converged_at + 200
    return [
        schema.CurveRow(
            step=step,
            sequences=32 * step,
            training_seconds=step / 200,
            scores=_scores(*(10.0, 0.0) if converged_at is None or step < converged_at else (0.05, 0.95)),
        )
        for step in range(200, last + 1, 200)
    ]


_PROVENANCE = schema.Provenance(
    mann_bench="0.1.0",
    git_commit="0123456789abcdef0123456789abcdef01234567",
    git_dirty=False,
    torch="2.9.0",
    numpy="2.3.0",
    pytorch_lightning="2.5.0",
    python="3.12.0",
    os="Linux 6.1",
    device="cpu",
    device_name="Some CPU",
    threads=1,
    date="2025-01-02T03:04:05+00:00",
)


def _grid_row(size):
    """Say what a task like copy states about a size: two random bits a row, each row to be kept."""
    rows = size.get("length")
    return {"size": size, "chance": {"bit_errors": float(max(size.values()))}, "rows_to_remember": rows}


@pytest.fixture(scope="session")
def run_of():
    """Return a function that makes the run whose outcome a record of `make_record` is."""

    def run(model="ntm", task="copy", seed=0, *, protocol="collier2018", distribution="mann-bench"):
        name, given = (variant := Variant.parse(protocol)).name, variant.given
        fields = {field: PROTOCOL[field].parse(value) for field, value in given.items()}
        parts = _component(model, distribution), _component(task)
        changed = {field: value for field, value in fields.items() if value != getattr(Protocol(), field)}
        recipe = dataclasses.replace(Protocol(), name=name, **fields)
        return Run(*parts, ConvergenceRule(), recipe, given, variant_text(name, changed), seed)

    return run


@pytest.fixture(scope="session")
def make_record(run_of):
    """Return a function that makes a record in code.

    `model`, `task` and `protocol` are variants, which need not exist; `distribution` is the model's.
    `converged_at` is a multiple of 200, or None; `sizes` are triples of size, wrong bits and accuracy. What
    else is given replaces that field.
    """

    def make(model="ntm", task="copy", seed=0, converged_at=400, sizes=(({"length": 20}, 1.5, 0.25),), **fields):
        identity = {name: fields.pop(name) for name in ("protocol", "distribution") if name in fields}
        run = run_of(model, task, seed, **identity)
        curve = _curve(converged_at)
        made = {
            "schema_version": 1,
            "key": run.key,
            "model": schema.ComponentRecord.of(run.model),
            "task": schema.ComponentRecord.of(run.task),
            "convergence": dataclasses.asdict(run.convergence),
            "protocol": schema.ProtocolRecord.of(run.protocol, run.protocol_given, run.protocol_text),
            "seed": seed,
            "outcome": "not_converged" if converged_at is None else "converged",
            "steps": curve[-1].step,
            "converged_first": converged_at,
            "converged_confirmed": converged_at,
            "best_step": curve[-1].step,
            "divergence": None,
            "error": None,
            "curve": curve,
            "probe": [],
            "training_range": {"length": (1, 20)},
            "grid": [_grid_row(size) for size, *_ in sizes],
            "generalization": _size_rows(*sizes),
            "parameters": 12_345,
            "state_bytes": 10_240,
            "peak_memory_bytes": 2**28,
            "seconds": {"training": curve[-1].training_seconds, "evaluation": 0.5, "compilation": 0.0},
            "weights_sha256": None,
            "provenance": _PROVENANCE,
        }
        return schema.Record.model_validate(made | fields)

    return make


@pytest.fixture
def told(make_record):
    """Return a function that makes a record whose runs have given bit errors at the greatest size, row by row."""

    def make(*errors, **fields):
        record = make_record(**fields)
        curve = [
            row.model_copy(update={"target_scores": {"loss_bits": 1.0, "bit_errors": error}, "symbols": 40 * row.step})
            for row, error in zip(record.curve, errors, strict=True)
        ]
        return record.model_copy(update={"curve": curve})

    return make


def _picture(rows, steps, maximum=1.0, minimum=0.0):
    """Make a picture that slopes from its minimum to its maximum."""
    return Picture.of(np.linspace(minimum, maximum, rows * steps).reshape(rows, steps))


@pytest.fixture(scope="session")
def make_trace():
    """Return a function that makes the trace of a record's run, five time steps of a memory of three slots."""

    def make(record, readers=1, writers=1, memory=True):
        seen = MemoryTrace(
            slots=[7, 0, 1],
            write_weightings=[_picture(3, 5) for _ in range(writers)],
            read_weightings=[_picture(3, 5) for _ in range(readers)],
            memory_norm=_picture(3, 5, maximum=4.5),
            gates={
                "key_strength": _picture(readers + writers, 5, 9.0),
                "shift": _picture(readers + writers, 5, 1.0, -1.0),
            },
        )
        return RunTrace(
            schema_version=1,
            key=record.key,
            size={name: most for name, (_, most) in record.training_range.items()},
            inputs=_picture(4, 5, minimum=-1.5),
            targets=_picture(2, 5),
            mask=Picture.of(np.array([[0.0, 0.0, 1.0, 1.0, 1.0]])),
            outputs=_picture(2, 5),
            memory=seen if memory else None,
        )

    return make


@pytest.fixture(scope="session")
def make_probe():
    """Return a function that makes a run's probe, one every 1,000 steps, from its accuracies at length 120.

    At length 20, the other of the grid, every sequence is right.
    """

    def make(*accuracies):
        grids = [_size_rows(({"length": 20}, 0.0, 1.0), ({"length": 120}, 8.0, each)) for each in accuracies]
        return [{"step": 1_000 * number, "rows": rows} for number, rows in enumerate(grids, start=1)]

    return make


@pytest.fixture(scope="session")
def make_failed_record(make_record):
    """Return a function that makes the record of a run that raised before its first evaluation."""

    def make(*arguments, **fields):
        nothing = {"outcome": "failed", "steps": 0, "best_step": 0, "curve": [], "parameters": 0, "state_bytes": 0}
        return make_record(*arguments, converged_at=None, sizes=(), error="Traceback", **(nothing | fields))

    return make


@pytest.fixture
def five_seeds(make_record, make_failed_record):
    """Two solved runs, one of which diverged later; one that spent its budget, one diverged early, one failed."""
    last = {"step": 31_250, "sequences": 1_000_000, "training_seconds": 156.25, "scores": {"bit_errors": 10.0}}
    where = {"step": 812, "culprit": "loss"}
    return [
        make_record(seed=0, converged_at=400),
        make_record(seed=1, converged_at=800, outcome="diverged", divergence=where),
        make_record(seed=2, converged_at=None, steps=31_250, curve=[last]),
        make_record(seed=3, converged_at=None, outcome="diverged", steps=612, divergence=where),
        make_failed_record(seed=4),
    ]


@pytest.fixture
def three_seeds(make_record):
    """Runs of unlike errors at lengths 20 and 40."""
    errors, short, long = {0: 3.0, 1: 0.5, 2: 1.0}, {"length": 20}, {"length": 40}
    return [
        make_record(seed=seed, sizes=((short, error, error / 4), (long, 4 * error, 0.0)))
        for seed, error in errors.items()
    ]


@pytest.fixture
def four_seeds(make_record, make_probe):
    """One that generalises at once, one later, one that loses it again, and one that diverged."""
    probes = {0: (1.0, 1.0, 1.0), 1: (0.0, 0.5, 0.99), 2: (1.0, 1.0, 0.5)}
    made = [make_record(seed=seed, steps=3_200, probe=make_probe(*each)) for seed, each in probes.items()]
    return [*made, make_record(seed=3, steps=1_100, outcome="diverged", probe=make_probe(1.0))]


@pytest.fixture
def make_seeds(make_record, make_failed_record):
    """Return a function that makes a record a seed from the steps until it converged; of None, a failed run."""

    def make(model, *steps, **fields):
        return [
            make_failed_record(model, seed=seed, **fields)
            if at is None
            else make_record(model, seed=seed, converged_at=at, **fields)
            for seed, at in enumerate(steps)
        ]

    return make


@pytest.fixture
def named(make_record):
    """Return a function that makes a record whose model and task are shown as any text."""

    def make(model, task):
        record = make_record()
        texts = {"model": model, "task": task}
        parts = {part: getattr(record, part).model_copy(update={"text": text}) for part, text in texts.items()}
        return record.model_copy(update=parts)

    return make


@pytest.fixture
def versions(make_record, make_probe):
    """Return records of two versions of the NTM, and of an LSTM, two seeds each."""

    def later(record):
        record = record.model_copy(update={"model": record.model.model_copy(update={"version": 2})})
        return record.model_copy(update={"key": record_key(record)})

    ntm = [make_record(seed=seed, probe=make_probe(1.0)) for seed in (0, 1)]
    return [*ntm, *map(later, ntm)]


@pytest.fixture
def make_ngrams_record(make_record):
    """Return a function that makes a record of dynamic N-grams: regret and Bayes loss, in bits, at each size."""

    def make(*arguments, at=((200, 12.5, 133.25), (400, 30.0, 244.0)), **fields):
        scores = [{"loss_bits": b + r, "bayes_bits": b, "regret_bits": r, "bit_errors": 60.0} for _, r, b in at]
        sizes = [{"size": {"bits": n}, "sequences": 192, "scores": s} for (n, *_), s in zip(at, scores, strict=True)]
        curve = [{"step": 200, "sequences": 6_400, "training_seconds": 1.0, "scores": scores[0]}]
        rule = {"metric": "regret_bits", "below": 1.0}
        known = {"task": "dynamic_ngrams", "convergence": rule, "curve": curve, "generalization": sizes}
        return make_record(*arguments, **(known | {"converged_at": None} | fields))

    return make


@pytest.fixture
def address(folder):
    """Serve the pages of the test's own `folder`, and return where."""
    with site_server(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def make_syllabus():
    """Return a function that makes what a record says of a syllabus, from its curriculum point by step."""

    def make(points, sizes=(1, 2, 4), name="exponential"):
        rule = {"name": name, "version": 1, "text": name, "given": {}, "options": {}}
        rule |= {"distribution": "mann-bench", "distribution_version": "1"}
        drawn = [0] * len(sizes)
        rows = [
            {"step": step, "point": None if at is None else {"length": at}, "drawn": drawn, "rewards": []}
            for step, at in points.items()
        ]
        return {"rule": rule, "sizes": [{"length": size} for size in sizes], "course": rows}

    return make
