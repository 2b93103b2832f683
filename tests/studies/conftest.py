import pytest

from mann_bench.registry import Registry
from mann_bench.statistics.looks import Looks
from mann_bench.studies.claims import ClaimRuns
from mann_bench.studies.schema import Claim

CLAIM = {
    "name": "lstm-solves",
    "statement": "The LSTM solves it.",
    "metric": "solve_rate",
    "model": "lstm:units=8",
    "tasks": ["copy:max_length=3"],
    "at_least": 0.5,
}

TOLERANCE = {"at_least": 0.0}


@pytest.fixture(scope="session")
def registry():
    return Registry.discover(third_party=False)


@pytest.fixture
def write_study(study_text, tmp_path):
    """Return a function that writes a small study, with pairs of text replaced, and returns its path as text."""

    def write(*replaced):
        content = study_text("collier2018:max_steps=100", "lstm:units=8", "ntm:memory_slots=8", claim=CLAIM)
        for old, new in replaced:
            assert old in content
            content = content.replace(old, new, 1)
        (tmp_path / "study.toml").write_text(content)
        return str(tmp_path / "study.toml")

    return write


@pytest.fixture
def make_claim():
    """Return a function that makes a claim, with fields changed."""

    def make(metric, **fields):
        known = {"name": "a-claim", "statement": "So it is.", "model": "ntm", "tasks": ["copy"]}
        own = metric == "faster" or {"at_least", "at_most"} & set(fields)
        tolerance = {} if own else TOLERANCE
        return Claim.model_validate(known | tolerance | {"metric": metric} | fields)

    return make


@pytest.fixture
def runs_of(run_of):
    """Return a function that makes the runs of a claim: one of each seed of each of its cells."""

    def make(claim, seeds, looks=None):
        def cell(model, task):
            return [run_of(model, task, seed) for seed in seeds]

        against = [[cell(other, task) for other in claim.against or []] for task in claim.tasks]
        models = claim.models or [claim.model]
        cells = [cell(model, task) for model in models for task in claim.tasks]
        return ClaimRuns(claim, cells, against, looks and Looks(looks))

    return make
