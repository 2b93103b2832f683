import io
import itertools
from types import SimpleNamespace

import pytest
from rich.console import Console

from mann_bench.core.events import Busy, CurvePoint, Evaluated, Finished, Probed, Progress, SizeScores, Started
from mann_bench.core.runs import Outcome
from mann_bench.reporting import progress
from mann_bench.reporting.progress import ConsoleProgress


@pytest.fixture
def run(run_of):
    return run_of("ntm:memory_slots=64", "copy", 3, protocol="collier2018:max_steps=400")


@pytest.fixture
def shown():
    """Return a function that shows events, on a terminal or not, and returns what was written."""

    def show(*events, terminal=False, runs=1):
        file = io.StringIO()
        console = Console(file=file, width=200, force_terminal=terminal, _environ={"TERM": "xterm"})
        with ConsoleProgress(console, runs) as observer:
            for event in events:
                observer(event)
        return file.getvalue()

    return show


def whole(run, outcome=Outcome.CONVERGED, problem=None):
    point = CurvePoint(200, 6_400, 1.0, {"bit_errors": 0.125})
    ends = Progress(run.key, 200, 400), Evaluated(run.key, point), Progress(run.key, 400, 400)
    return [Started(run), Progress(run.key, 0, 400), *ends, Finished(run.key, outcome, None, problem)]


def test_off_a_terminal_a_run_has_a_line_at_its_start_and_one_at_its_end(shown, run):
    assert shown(*whole(run)).splitlines() == [
        "ntm:memory_slots=64 on copy, seed 3: started",
        "ntm:memory_slots=64 on copy, seed 3: converged after 400 steps in 1 s",
    ]


def test_a_probe_is_not_shown(shown, run):
    probe = Probed(run.key, 200, [SizeScores({"length": 20}, 64, {"bit_errors": 0.125})])
    assert shown(Started(run), probe) == shown(Started(run))


@pytest.mark.parametrize("outcome", Outcome)
def test_the_outcome_reads_as_words(shown, run, outcome):
    assert f": {outcome.value.replace('_', ' ')} after 400 steps" in shown(*whole(run, outcome))


@pytest.mark.parametrize("terminal", [True, False])
def test_a_problem_is_shown(shown, run, terminal):
    text = shown(*whole(run, Outcome.FAILED, "its worker process died [-9]"), terminal=terminal)
    assert "seed 3: its worker process died [-9]" in text


def test_off_a_terminal_a_long_run_says_how_far_it_is_now_and_then(shown, run, monkeypatch):
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.0)
    line = shown(*whole(run)).splitlines()[1]
    assert line.startswith("ntm:memory_slots=64 on copy, seed 3: step 200/400, bit_errors 0.125, ")
    assert line.endswith(" seq/s, 0 s left")


def test_off_a_terminal_nothing_is_said_before_it_is_time(shown, run):
    assert len(shown(*whole(run)).splitlines()) == 2


def test_off_a_terminal_a_long_name_stays_on_one_line(shown, run_of):
    run = run_of("ntm:" + ",".join(f"option_{i}=value" for i in range(40)))
    assert len(shown(*whole(run)).splitlines()) == 2


def test_off_a_terminal_names_are_shown_as_they_are(shown, run_of):
    assert shown(Started(run_of("ntm[red]"))) == "ntm[red] on copy, seed 0: started\n"


def test_on_a_terminal_the_run_its_steps_and_its_score_are_shown(shown, run):
    text = shown(*whole(run)[:-1], terminal=True)
    assert "ntm:memory_slots=64 on copy, seed 3" in text
    assert "400/400" in text
    assert "bit_errors 0.125" in text


def test_on_a_terminal_a_run_leaves_a_line_when_it_ends(shown, run):
    assert "ntm:memory_slots=64 on copy, seed 3: converged after 400 steps in 1 s" in shown(*whole(run), terminal=True)


def test_on_a_terminal_a_run_cut_short_does_no_harm(shown, run):
    assert "ntm:memory_slots=64 on copy" in shown(*whole(run)[:2], terminal=True)


def test_on_a_terminal_names_are_shown_as_they_are(shown, run_of):
    assert "ntm[red] on copy" in shown(Started(run_of("ntm[red]")), terminal=True)


@pytest.mark.parametrize("terminal", [True, False])
def test_runs_that_train_side_by_side_are_kept_apart(shown, run_of, terminal):
    one, other = run_of(seed=1), run_of(seed=2)
    events = [event for pair in zip(whole(one), whole(other, Outcome.DIVERGED), strict=True) for event in pair]
    text = shown(*events, terminal=terminal)
    assert "ntm on copy, seed 1: converged after 400 steps" in text
    assert "ntm on copy, seed 2: diverged after 400 steps" in text


def test_a_run_that_ends_before_it_started_is_shown(shown, run):
    assert "died" in shown(Finished(run.key, Outcome.FAILED, None, "its worker process died"))


@pytest.mark.parametrize("terminal", [True, False])
def test_of_several_runs_it_is_said_how_many_are_over_and_running(shown, run_of, terminal):
    one, other = run_of(seed=1), run_of(seed=2)
    text = shown(Started(one), *whole(other), *whole(one)[1:], terminal=terminal, runs=3)
    assert "400 steps in 1 s (1 of 3 runs over, 1 running)" in text
    assert "400 steps in 1 s (2 of 3 runs over)" in text


def test_a_run_that_is_heard_of_late_took_as_long_as_it_trained(shown, run):
    evaluated = Evaluated(run.key, CurvePoint(400, 12_800, 125.0, {"bit_errors": 0.125}))
    text = shown(Started(run), evaluated, Finished(run.key, Outcome.CONVERGED, None))
    assert text.endswith("in 2 min 05 s\n")


def test_a_run_that_another_process_does_is_told(shown, run):
    assert shown(Busy(run.key, "process 7 of host h")) == f"run {run.key[:12]}: process 7 of host h does it\n"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (125, "2 min 05 s")])
def test_durations_read_as_minutes_and_seconds(seconds, text):
    assert progress._duration(seconds) == text


def test_before_the_first_step_there_is_no_rate_and_no_time_left(shown, run, monkeypatch):
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.0)
    point = CurvePoint(0, 0, 0.0, {"bit_errors": 80.0})
    said = shown(Started(run), Progress(run.key, 0, 400), Evaluated(run.key, point))
    assert said.endswith("step 0/400, bit_errors 80.000\n")


@pytest.mark.parametrize("compiling", [0.0, 50.0])
def test_rate_and_time_left_count_the_steps_done_here_and_no_compiling(shown, run, monkeypatch, compiling):
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.0)
    times = itertools.chain([0.0, compiling], itertools.repeat(compiling + 10.0))
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=times.__next__))
    point = CurvePoint(300, 6_400, 1.0, {"bit_errors": 0.125})
    events = Started(run), Progress(run.key, 200, 400), Progress(run.key, 300, 400), Evaluated(run.key, point)
    assert "step 300/400, bit_errors 0.125, 320 seq/s, 10 s left" in shown(*events)


@pytest.mark.parametrize(("fields", "words"), [("grace=100", "at most 0 s left"), ("grace=400", "/s, 0 s left")])
def test_time_left_is_a_bound_while_a_run_may_end_before_its_budget(shown, run_of, monkeypatch, fields, words):
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.0)
    run = run_of(protocol=f"collier2018:max_steps=400,{fields}")
    assert shown(*whole(run)).splitlines()[1].endswith(words)


def test_time_left_of_a_run_that_converged_is_no_bound(shown, run_of, monkeypatch):
    monkeypatch.setattr(progress, "_LINE_SECONDS", 0.0)
    run = run_of(protocol="collier2018:max_steps=4000,grace=100")
    point = CurvePoint(200, 6_400, 1.0, {"bit_errors": 0.0})
    events = [Started(run), Progress(run.key, 0, 4_000), Progress(run.key, 200, 300), Evaluated(run.key, point)]
    assert "at most" not in shown(*events)


def test_on_a_terminal_a_bound_reads_at_most(shown, run_of):
    run = run_of(protocol="collier2018:max_steps=4000,grace=100")
    steps = [Progress(run.key, step, 4_000) for step in range(0, 1_000, 100)]
    assert "at most \x1b[36m0:" in shown(Started(run), *steps, terminal=True)
