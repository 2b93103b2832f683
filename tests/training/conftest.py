import dataclasses
import signal

import pytest

from mann_bench.core.events import Evaluated
from mann_bench.core.jobs import Job
from mann_bench.execution.worker import execute_job
from mann_bench.results.store import Store
from mann_bench.tasks.copy import Copy


@pytest.fixture
def complete(tmp_path):
    """Return a function that executes a run to its end; it returns its record, its weights' file and its events."""

    def do(run, folder="runs", backend="eager", every=60.0, fresh=False):
        events = []
        execute_job(Job(run, "cpu", backend, tmp_path / folder, fresh=fresh, checkpoint_every=every), events.append)
        store = Store(tmp_path / folder)
        return store.find(run.key), (store.folder(run.key) / "weights.safetensors").read_bytes(), events

    return do


@pytest.fixture
def interrupt(tmp_path):
    """Return a function that executes a run until an event, and sends its own process SIGTERM then, or raises."""

    def do(run, until, folder="runs", backend="eager", every=60.0, error=None):
        def observe(event):
            if until(event):
                if error is not None:
                    raise error
                signal.raise_signal(signal.SIGTERM)

        with pytest.raises(KeyboardInterrupt if error is None else type(error)):
            execute_job(Job(run, "cpu", backend, tmp_path / folder, checkpoint_every=every), observe)

    return do


@pytest.fixture(scope="module")
def undisturbed():
    """What runs gave that were never interrupted, by key and backend."""
    return {}


@pytest.fixture
def same(complete, timeless, undisturbed):
    """Return a function that completes a run and sees that it ends as it does undisturbed; it returns the events."""

    def check(run, backend="eager"):
        record, weights, events = complete(run, backend=backend)
        if (run.key, backend) not in undisturbed:
            undisturbed[run.key, backend] = complete(run, "undisturbed", backend)[:2]
        plain, plain_weights = undisturbed[run.key, backend]
        assert timeless(record) == timeless(plain)
        assert weights == plain_weights
        return events

    return check


@pytest.fixture
def short_grid(monkeypatch):
    """Test at lengths that take no time."""
    monkeypatch.setattr(Copy, "test_sizes", lambda task: [{"length": 3}, {"length": 5}])


@pytest.fixture(scope="session")
def evaluated():
    """Return a function that makes a test for the event of the evaluation at a step."""
    return lambda step: lambda event: isinstance(event, Evaluated) and event.point.step == step


@pytest.fixture
def names(tmp_path):
    """Return a function that lists the files in the folder of a run."""
    return lambda run: sorted(path.name for path in (tmp_path / "runs" / run.key).iterdir())


@pytest.fixture
def odd_run(make_run):
    """Return a function that makes the run of one of the odd models."""

    def make(name, **fields):
        run = make_run(**fields)
        model = dataclasses.replace(run.model, name=name, target=f"training.odd_models:{name}", options={}, defaults={})
        return dataclasses.replace(run, model=model)

    return make


@pytest.fixture
def execute(tmp_path):
    """Return a function that executes a run; it returns its record and its events."""

    def do(run):
        events = []
        execute_job(Job(run, "cpu", "eager", tmp_path), events.append)
        return Store(tmp_path).find(run.key), events

    return do
