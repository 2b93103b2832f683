import hashlib
import itertools
import json
import math
import os
import socket
import types
from unittest.mock import Mock

import pytest
import wandb

from mann_bench.analysis.cells import cells
from mann_bench.analysis.rows import flat
from mann_bench.analysis.tables import table_rows
from mann_bench.core.events import CurvePoint, Evaluated, Finished, Probed, Progress, SizeScores, Started
from mann_bench.core.runs import Outcome
from mann_bench.reporting import wandb_log
from mann_bench.reporting.wandb_content import Start
from mann_bench.reporting.wandb_mirror import WandbMirror, WandbMode, default_mode, logged_in, mirrored_as, needs_mirror
from mann_bench.results.store import Store

ONLINE, OFFLINE, DISABLED = WandbMode.ONLINE, WandbMode.OFFLINE, WandbMode.DISABLED
MODEL, OTHER = "ntm:memory_init=random,memory_slots=64", "lstm"
IDENTITY = {"schema_version", "key", "model", "task", "convergence", "protocol", "seed", "provenance"}


@pytest.fixture(autouse=True)
def environment(tmp_path, monkeypatch):
    """No trace of the user: neither a key nor a mode nor a netrc file."""
    for name in ("MODE", "API_KEY", "BASE_URL", "PROJECT", "DIR", "DATA_DIR"):
        monkeypatch.delenv(f"WANDB_{name}", raising=False)
    monkeypatch.delenv("NETRC", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")


def measurements(record):
    """What was measured at each step, as a run tells it: an evaluation, and where one is due a probe after it."""
    probes = {at.step: Probed(record.key, at.step, [SizeScores(**dict(row)) for row in at.rows]) for at in record.probe}
    both = [(Evaluated(record.key, row.point()), probes.get(row.step)) for row in record.curve]
    return [event for pair in both for event in pair if event]


def live_events(record, run, folder):
    return [Started(run), Progress(run.key, 200, 600), *measurements(record), Finished(run.key, record.outcome, folder)]


def wanted_history(record):
    """The rows that W&B should hold of a record: its curve, with a prefix that tells what is measured."""
    return [
        {"step": row.step, "sequences": row.sequences, "training_seconds": row.training_seconds}
        | {f"validation/{name}": value for name, value in row.scores.items()}
        | {f"target/{name}": value for name, value in row.target_scores.items()}
        | {f"diagnostics/{name}": value for name, value in row.diagnostics.items()}
        for row in record.curve
    ]


def wanted_probes(record):
    """The rows that W&B should hold of a record's probe."""
    return [
        {"step": at.step}
        | {f"probe/{row.size['length']}/{name}": value for row in at.rows for name, value in row.scores.items()}
        for at in record.probe
    ]


def measured(mirrored):
    own = {"_timestamp", "_runtime", "_step"}
    return [{k: v for k, v in row.items() if k not in own} for row in mirrored.history if "step" in row]


def curve_of(mirrored):
    return [row for row in measured(mirrored) if "sequences" in row]


def probes_of(mirrored):
    return [row for row in measured(mirrored) if "sequences" not in row]


@pytest.fixture(scope="module")
def mirrored(make_record, make_probe, run_of, read_wandb, tmp_path_factory):
    """Two runs mirrored side by side while they trained, a third from its record, all of them read from disk.

    The server that W&B is told of listens, and should hear nothing.
    """
    root = tmp_path_factory.mktemp("mirror")
    store, sizes = Store(root / "runs"), [({"length": 20}, 1.5, 0.25), ({"length": 40}, 12.0, 0.0)]
    probe = {"converged_at": 1_800, "probe": make_probe(0.5, 1.0)}
    records = [
        make_record(MODEL, sizes=sizes, **probe),
        make_record(OTHER, converged_at=None, steps=600),
        make_record(seed=2, sizes=sizes, **probe),
    ]
    for row in records[0].curve + records[2].curve:
        row.diagnostics.update(read_entropy=row.step / 100, gradient_norm=0.25)
        row.target_scores.update(loss_bits=1.0, bit_errors=0.0 if row.step >= 2_000 else 1.0)
    folders = [store.write(record, None) for record in records]
    live = [live_events(*each) for each in zip(records[:2], (run_of(MODEL), run_of(OTHER)), folders[:2], strict=True)]
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("WANDB_BASE_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        patch.setenv("WANDB_SILENT", "true")
        (root / "home").mkdir()
        patch.setenv("HOME", str(root / "home"))
        with WandbMirror(OFFLINE, root / "out") as mirror:
            for event in (event for pair in itertools.zip_longest(*live) for event in pair if event):
                mirror(event)
            mirror.mirror(records[2], folders[2])
        server.setblocking(False)
        yield types.SimpleNamespace(
            records=records, folders=folders, problems=mirror.problems, server=server, found=read_wandb(root / "out"),
            runs=list(root.glob("out/wandb/offline-run-*")), home=root / "home",
        )  # fmt: skip


@pytest.fixture
def live(mirrored):
    """The record of a run mirrored while it trained, and what W&B holds of it."""
    record = mirrored.records[0]
    return record, mirrored.found[record.key]


def test_nothing_goes_wrong(mirrored):
    assert mirrored.problems == []


def test_an_offline_mirror_calls_no_server(mirrored):
    with pytest.raises(BlockingIOError):
        mirrored.server.accept()


def test_the_id_is_the_run_key(mirrored):
    assert set(mirrored.found) == {record.key for record in mirrored.records}


def test_a_run_is_named_and_grouped(live):
    record, found = live
    named = (found.run.project, found.run.display_name, found.run.run_group, found.run.job_type)
    assert named == ("mann-bench", record.text, f"{MODEL} on copy, collier2018", "seed 0")


def test_a_run_has_tags_and_its_outcome_among_them_at_its_end(live):
    assert list(live[1].tags) == ["ntm", "copy", "collier2018", "converged"]


def test_a_group_holds_what_differs_in_its_seed_alone(run_of):
    runs = (run_of(), run_of(protocol="collier2018:max_steps=400"), run_of("lstm"), run_of(task="repeat_copy"))
    assert Start.of_run(run_of()).group == Start.of_run(run_of(seed=1)).group
    assert len({Start.of_run(run).group for run in runs}) == len(runs)


def test_a_long_group_is_one_that_wandb_takes(run_of):
    groups = {Start.of_run(run_of("ntm:" + ",".join(f"option_{i}={n}" for i in range(40)))).group for n in (1, 2)}
    assert ([len(group) for group in groups], len(groups)) == ([128, 128], 2)


def test_users_choose_tags_and_the_group(run_of, monkeypatch):
    monkeypatch.setenv("WANDB_TAGS", "paper, draft")
    monkeypatch.setenv("WANDB_RUN_GROUP", "mine")
    start = Start.of_run(run_of())
    assert (start.group, start.tags) == ("mine", ["paper", "draft", "ntm", "copy", "collier2018"])


def test_the_config_is_there_while_the_run_trains(client, run_of, tmp_path, make_record):
    stand_in = client()
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        mirror(Started(run_of()))
        told = stand_in.init.call_args.kwargs["config"]
    assert told == make_record().model_dump(mode="json", include=IDENTITY - {"provenance", "schema_version"})


def test_the_summary_tells_whether_the_run_converged_and_generalises(live):
    summary = live[1].summary
    assert [summary[name] for name in ("converged", "generalizes", "generalizes_from")] == [True, True, 2_000]


def test_the_summary_has_the_test_scores_by_size(live):
    record, found = live
    tested = {name: value for name, value in found.summary.items() if name.startswith("test/")}
    rows = record.generalization
    assert tested == {f"test/{row.size['length']}/{name}": v for row in rows for name, v in row.scores.items()}


@pytest.mark.parametrize("which", [0, 1])
def test_the_history_is_the_curve_also_of_runs_side_by_side(mirrored, which):
    record = mirrored.records[which]
    assert curve_of(mirrored.found[record.key]) == wanted_history(record)


@pytest.mark.parametrize("which", [0, 2])
def test_the_probes_are_in_the_history_by_size_and_score(mirrored, which):
    record = mirrored.records[which]
    assert probes_of(mirrored.found[record.key]) == wanted_probes(record)


def test_a_run_without_probes_has_none_in_the_history(mirrored):
    assert probes_of(mirrored.found[mirrored.records[1].key]) == []


def test_the_history_from_a_record_is_that_of_a_live_run(mirrored):
    live, again = (mirrored.found[mirrored.records[which].key] for which in (0, 2))
    assert measured(again) == measured(live)
    assert [row["step"] for row in measured(again)] == [*range(200, 1_001, 200), *range(1_000, 2_001, 200), 2_000]


@pytest.mark.parametrize("which", [0, 2])
def test_what_the_memory_did_is_in_the_history_under_its_own_name(mirrored, which):
    rows = curve_of(mirrored.found[mirrored.records[which].key])
    assert [row["diagnostics/read_entropy"] for row in rows] == [row["step"] / 100 for row in rows]


def test_a_run_without_a_memory_has_no_diagnostics(mirrored):
    rows = curve_of(mirrored.found[mirrored.records[1].key])
    assert not any(name.startswith("diagnostics/") for row in rows for name in row)


def test_history_steps_count_up_without_a_gap(live):
    assert [row["_step"] for row in live[1].history] == list(range(len(live[1].history)))


def test_the_config_is_the_identity_of_the_run(live):
    record, found = live
    config = {name: value for name, value in found.config.items() if name != "_wandb"}
    assert config == record.model_dump(mode="json", include=IDENTITY)


def test_the_summary_tells_the_outcome(live):
    record, found = live
    names = ("outcome", "steps", "converged_first", "converged_confirmed", "best_step", "parameters", "state_bytes")
    assert {name: found.summary[name] for name in names} == record.model_dump(mode="json", include=set(names))
    assert found.summary["seconds"] == record.seconds.model_dump()


def test_the_summary_tells_when_the_greatest_size_was_learned_where_the_record_does(mirrored):
    new, old = (mirrored.found[mirrored.records[which].key].summary for which in (0, 1))
    assert (new["converged_first"], new["target_first"], "target_first" in old) == (1_800, 2_000, False)


def test_symbols_are_in_the_history_where_they_are_known(tmp_path, told, read_wandb):
    record = told(9.0, 5.0, 0.0)
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        mirror.mirror(record, Store(tmp_path).write(record, None))
    rows = curve_of(read_wandb(tmp_path)[record.key])
    assert [row["symbols"] for row in rows] == [row.symbols for row in record.curve]


def flat_tables(record):
    """The tables of a record as files have them, those that have rows, without the columns that are empty."""
    made = {name: [flat(row) for row in rows] for name, rows in table_rows(cells([record])).items() if rows}
    filled = {name: {n for row in rows for n, value in row.items() if value is not None} for name, rows in made.items()}
    return {name: [{n: row.get(n) for n in row if n in filled[name]} for row in rows] for name, rows in made.items()}


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_tables_are_those_of_the_record(mirrored, which):
    record = mirrored.records[which]
    assert mirrored.found[record.key].tables == flat_tables(record)


def test_a_mirrored_run_has_ended_well(live):
    assert live[1].exits == [0]


def test_a_marker_tells_the_id_and_the_mode(mirrored):
    markers = [json.loads((folder / "wandb.json").read_text()) for folder in mirrored.folders]
    assert [(marker["id"], marker["mode"]) for marker in markers] == [(r.key, "offline") for r in mirrored.records]


def test_a_mirrored_record_needs_mirroring_online_alone(mirrored):
    folder = mirrored.folders[0]
    assert (mirrored_as(folder), needs_mirror(folder, OFFLINE), needs_mirror(folder, ONLINE)) == (OFFLINE, False, True)


def test_a_run_that_does_not_finish_leaves_nothing_to_sync(tmp_path, run_of, read_wandb):
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        mirror(Started(run_of()))
        mirror(Evaluated(run_of().key, CurvePoint(200, 6_400, 1.0, {"bit_errors": 1.0})))
        assert len(list(tmp_path.glob("wandb/offline-run-*"))) == 1
    assert (list(tmp_path.glob("wandb/offline-run-*")), mirror.problems) == ([], [])


def test_scores_that_are_not_finite_are_mirrored(tmp_path, make_record, read_wandb):
    record = make_record()
    record.curve[0].scores.update(loss_bits=math.nan, bit_errors=math.inf)
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        mirror.mirror(record, Store(tmp_path).write(record, None))
    assert mirror.problems == []
    first = curve_of(read_wandb(tmp_path)[record.key])[0]
    assert (repr(first["validation/loss_bits"]), first["validation/bit_errors"]) == ("nan", math.inf)


def test_a_run_without_rows_is_mirrored(tmp_path, make_failed_record, read_wandb):
    record = make_failed_record()
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        mirror.mirror(record, Store(tmp_path).write(record, None))
    found = read_wandb(tmp_path)[record.key]
    assert (mirror.problems, curve_of(found), found.summary["outcome"]) == ([], [], "failed")
    assert found.tables == flat_tables(record)


def test_a_record_mirrored_offline_twice_is_there_once(tmp_path, make_record):
    record = make_record()
    folder = Store(tmp_path).write(record, None)
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        mirror.mirror(record, folder)
        mirror.mirror(record, folder)
    assert mirror.problems == []
    assert len(list(tmp_path.glob("wandb/offline-run-*"))) == 1


def test_all_of_an_offline_mirror_lies_below_its_folder(mirrored):
    assert [len(list(run.glob("artifacts/staging/*"))) > 0 for run in mirrored.runs] == [True] * 3
    assert not (mirrored.home / ".local").exists()


def test_what_was_staged_goes_with_its_mirror(tmp_path, make_record):
    record = make_record()
    folder = Store(tmp_path).write(record, None)
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        mirror.mirror(record, folder)
        staged = list(tmp_path.rglob("staging/*"))
        mirror.mirror(record, folder)
    assert not any(path.exists() for path in staged)
    assert len(list(tmp_path.rglob("staging/*"))) == len(staged) > 0


def test_users_choose_where_tables_are_staged(tmp_path, make_record, monkeypatch):
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "mine"))
    with WandbMirror(OFFLINE, tmp_path / "runs") as mirror:
        mirror.mirror(make_record(), Store(tmp_path / "runs").write(make_record(), None))
    assert list(tmp_path.glob("mine/artifacts/staging/*"))
    assert not list(tmp_path.glob("runs/wandb/*/artifacts"))


def test_a_log_without_its_end_gets_no_marker(client, replay, monkeypatch):
    stand_in = client()
    stand_in.finish.side_effect = None
    monkeypatch.setattr(wandb_log, "PATIENCE", 0.05)
    mirror, folder = replay()
    assert mirrored_as(folder) is None
    assert "has no end after 0.05 seconds" in mirror.problems[0]


@pytest.fixture
def client(monkeypatch, tmp_path, log_of):
    """Return a function that puts a stand-in in place of W&B's runs, in which the named calls raise."""

    def replace(*failing):
        made = Mock(id="0" * 64, dir=str(tmp_path / "run" / "files"))

        def finish(**_):
            (tmp_path / "run").mkdir(exist_ok=True)
            (tmp_path / "run" / f"run-{made.id}.wandb").write_bytes(log_of("exit"))

        made.finish.side_effect = finish
        for name in failing:
            getattr(made, name).side_effect = RuntimeError(f"no {name}")
        monkeypatch.setattr(wandb, "init", made.init)
        made.init.return_value = made
        if "init" in failing:
            made.init.side_effect = RuntimeError("no init")
        return made

    return replace


@pytest.fixture
def replay(make_record, run_of, tmp_path):
    """Return a function that mirrors one run as it trains; it returns the mirror and the folder of the record."""

    def mirror_live(mode=OFFLINE):
        record = make_record()
        folder = Store(tmp_path / "runs").write(record, None)
        with WandbMirror(mode, tmp_path) as mirror:
            for event in live_events(record, run_of(), folder):
                mirror(event)
        return mirror, folder

    return mirror_live


@pytest.mark.parametrize(
    ("call", "doing"),
    [("init", "starting"), ("define_metric", "starting"), ("log", "logging"), ("finish", "finishing")],
)
def test_a_failing_client_is_one_problem_and_stops_nothing(client, replay, run_of, call, doing):
    client(call)
    mirror, _ = replay()
    assert mirror.problems == [f"W&B failed while {doing} run {run_of().key[:12]}: RuntimeError: no {call}"]


@pytest.mark.parametrize("call", ["init", "log", "finish"])
def test_a_run_whose_mirror_failed_still_needs_one(client, replay, call):
    client(call)
    _, folder = replay()
    assert needs_mirror(folder, OFFLINE)


@pytest.mark.parametrize("mode", ["", "ONLINE"])
def test_variables_that_wandb_would_refuse_fail_no_mirror(replay, monkeypatch, mode):
    given = {"WANDB_MODE": mode, "WANDB_QUIET": "", "WANDB_BASE_URL": "", "WANDB_RUN_ID": ""}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    mirror, folder = replay()
    assert (mirror.problems, mirrored_as(folder)) == ([], OFFLINE)
    assert {name: os.environ[name] for name in given} == given


def test_after_a_failure_the_run_is_left_alone(client, replay):
    stand_in = client("log")
    replay()
    assert stand_in.log.call_count == 1


@pytest.mark.parametrize("call", ["init", "log", "finish"])
def test_a_failing_client_does_not_stop_mirroring_from_records(client, make_record, tmp_path, call):
    client(call)
    record = make_record()
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        mirror.mirror(record, Store(tmp_path).write(record, None))
    assert [problem.split(" run ")[0] for problem in mirror.problems] == ["W&B failed while mirroring"]


@pytest.fixture
def replay_two(client, make_record, run_of, tmp_path):
    """Return a function that mirrors two runs online, one of which fails at a call; the mirror, and the client."""

    def mirror_both(first, second):
        stand_in = client()
        stand_in.init.side_effect = [first or stand_in, second or stand_in]
        with WandbMirror(ONLINE, tmp_path) as mirror:
            records = [make_record(seed=seed) for seed in (1, 2)]
            for record in records:
                mirror(Started(run_of(seed=record.seed)))
            for record in records:
                mirror(Finished(record.key, record.outcome, Store(tmp_path).write(record, None)))
        return mirror, [call.kwargs["mode"] for call in stand_in.init.call_args_list]

    return mirror_both


NO_SERVER = RuntimeError("timed out\nConsider waiting")


def test_after_a_failure_online_the_session_is_offline_and_says_so_once(replay_two):
    mirror, modes = replay_two(NO_SERVER, None)
    assert modes == ["online", "offline"]
    (problem,) = mirror.problems
    assert problem.endswith(
        "RuntimeError: timed out. Runs that started later are mirrored offline; mann-bench sync mirrors all online"
    )


def test_after_a_failure_online_what_is_mirrored_offline_is_marked_so(replay_two, make_record, tmp_path):
    replay_two(NO_SERVER, None)
    assert [mirrored_as(tmp_path / make_record(seed=seed).key) for seed in (1, 2)] == [None, OFFLINE]


def test_a_run_that_is_open_online_stays_so_when_another_fails(replay_two, make_record, tmp_path):
    replay_two(None, NO_SERVER)
    assert [mirrored_as(tmp_path / make_record(seed=seed).key) for seed in (1, 2)] == [ONLINE, None]


def test_a_run_that_fails_costs_no_other(client, make_record, run_of, tmp_path):
    stand_in, (one, other) = client(), (make_record(seed=1), make_record(seed=2))
    stand_in.init.side_effect = [RuntimeError("no init"), stand_in]
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        for record in (one, other):
            for event in live_events(record, run_of(seed=record.seed), Store(tmp_path).write(record, None)):
                mirror(event)
    assert len(mirror.problems) == 1
    assert [mirrored_as(tmp_path / record.key) for record in (one, other)] == [None, OFFLINE]


def test_a_client_that_fails_while_it_is_given_up_is_a_problem(client, run_of, tmp_path):
    client("finish")
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        mirror(Started(run_of()))
    assert mirror.problems == [f"W&B failed while closing run {run_of().key[:12]}: RuntimeError: no finish"]


@pytest.mark.parametrize("call", ["define_metric", "log"])
def test_a_run_whose_mirror_failed_is_given_up(client, replay, call):
    stand_in = client(call)
    replay()
    stand_in.finish.assert_called_once_with(exit_code=1)


def test_a_run_that_ends_without_a_record_is_given_up(client, run_of, tmp_path):
    stand_in = client()
    with WandbMirror(ONLINE, tmp_path) as mirror:
        mirror(Started(run_of()))
        mirror(Finished(run_of().key, Outcome.FAILED, None, "its worker died"))
    stand_in.finish.assert_called_once_with(exit_code=1)
    assert mirror.problems == []


def test_giving_up_an_online_run_keeps_its_files(client, run_of, tmp_path):
    stand_in = client()
    (tmp_path / "run" / "files").mkdir(parents=True)
    with WandbMirror(ONLINE, tmp_path) as mirror:
        mirror(Started(run_of()))
    assert (tmp_path / "run" / "files").exists()
    stand_in.finish.assert_called_once_with(exit_code=1)


def test_events_of_a_run_that_never_started_do_nothing(client, run_of, tmp_path):
    with WandbMirror(OFFLINE, tmp_path) as mirror:
        mirror(Evaluated(run_of().key, CurvePoint(1, 32, 0.1, {})))
        mirror(Finished(run_of().key, Outcome.FAILED, tmp_path))
    assert mirror.problems == []


def test_a_disabled_mirror_does_nothing(client, replay):
    stand_in = client()
    mirror, folder = replay(DISABLED)
    assert (stand_in.init.called, mirrored_as(folder), mirror.problems) == (False, None, [])


@pytest.mark.parametrize("mode", [ONLINE, OFFLINE])
def test_the_client_is_told_where_to_and_what(client, replay, run_of, tmp_path, mode):
    stand_in = client()
    replay(mode)
    told = stand_in.init.call_args.kwargs
    assert (told["mode"], told["dir"], told["id"]) == (mode.value, str(tmp_path), run_of().key)
    assert told["reinit"] == "create_new"


def test_the_project_may_be_chosen(client, replay, monkeypatch):
    stand_in = client()
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    replay()
    assert stand_in.init.call_args.kwargs["project"] == "mine"


@pytest.mark.parametrize(
    ("marker", "mode", "needed"),
    [
        (None, OFFLINE, True),
        (None, ONLINE, True),
        ("offline", OFFLINE, False),
        ("offline", ONLINE, True),
        ("online", OFFLINE, False),
        ("online", ONLINE, False),
    ],
)
def test_what_was_mirrored_online_needs_no_mirror_and_what_was_mirrored_offline_one_online(
    tmp_path, marker, mode, needed
):
    (tmp_path / "record.json").write_text("{}")
    if marker:
        digest = hashlib.sha256(b"{}").hexdigest()
        (tmp_path / "wandb.json").write_text(json.dumps({"mode": marker, "record_sha256": digest}))
    assert needs_mirror(tmp_path, mode) is needed


def test_a_run_done_again_needs_mirroring_again(client, replay, make_record):
    client()
    _, folder = replay()
    Store(folder.parent).write(make_record(steps=800), None)
    assert needs_mirror(folder, OFFLINE)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '{"mode": "elsewhere"}', '{"mode": null}'])
def test_a_marker_that_cannot_be_read_counts_as_none(tmp_path, content):
    (tmp_path / "wandb.json").write_text(content)
    assert mirrored_as(tmp_path) is None


@pytest.mark.parametrize("mode", WandbMode)
def test_the_environment_decides_the_mode(monkeypatch, mode):
    monkeypatch.setenv("WANDB_MODE", mode.value)
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    assert default_mode() is mode


@pytest.mark.parametrize("value", ["", "shared", "ONLINE"])
def test_another_mode_in_the_environment_is_passed_over(monkeypatch, value):
    monkeypatch.setenv("WANDB_MODE", value)
    assert default_mode() is OFFLINE


@pytest.mark.parametrize(("said", "mode"), [("offline", OFFLINE), ("disabled", DISABLED), ("online", ONLINE)])
def test_what_was_said_to_wandb_in_this_folder_decides_the_mode(monkeypatch, tmp_path, said, mode):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    (tmp_path / "wandb").mkdir()
    (tmp_path / "wandb" / "settings").write_text(f"[default]\nmode = {said}\n")
    assert default_mode() is mode


def test_a_mode_in_the_environment_goes_before_what_was_said_in_this_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wandb").mkdir()
    (tmp_path / "wandb" / "settings").write_text("[default]\nmode = disabled\n")
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert default_mode() is OFFLINE


def test_without_a_key_the_mode_is_offline():
    assert (logged_in(), default_mode()) == (False, OFFLINE)


def test_with_a_key_the_mode_is_online(monkeypatch):
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    assert (logged_in(), default_mode()) == (True, ONLINE)


@pytest.mark.parametrize(
    ("machine", "url", "found"),
    [
        ("api.wandb.ai", None, True),
        ("example.org", None, False),
        ("example.org", "https://example.org/wandb", True),
        ("api.wandb.ai", "https://example.org", False),
        ("127.0.0.1:8080", "http://127.0.0.1:8080", True),
    ],
)
def test_a_login_in_the_netrc_file_of_home_counts_for_its_server(tmp_path, monkeypatch, machine, url, found):
    (tmp_path / ".netrc").write_text(f"machine {machine}\n  login user\n  password {'0' * 40}\n")
    (tmp_path / ".netrc").chmod(0o600)
    if url:
        monkeypatch.setenv("WANDB_BASE_URL", url)
    assert logged_in() is found


def test_a_netrc_file_may_lie_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "logins").write_text(f"machine api.wandb.ai login user password {'0' * 40}\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "logins"))
    assert logged_in()


@pytest.mark.parametrize("content", ["machine", "nonsense here"])
def test_a_netrc_file_that_cannot_be_read_counts_as_none(tmp_path, content):
    (tmp_path / ".netrc").write_text(content)
    assert not logged_in()
