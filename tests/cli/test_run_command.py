import json
import re
from pathlib import Path

import pytest

from mann_bench.models.lstm import LSTMModel


def records():
    return sorted(Path("runs").glob("*/record.json"))


def test_it_trains_and_prints_the_tables(run):
    code, out, err = run(seeds="0-1", probe_every=2)
    assert code == 0
    titles = ["Convergence", "Generalisation over training", "Length generalisation: copy:max_length=3"]
    assert [line for line in out.splitlines() if line in titles] == titles
    assert "2 runs: 0 already recorded, 2 to train" in err
    assert len(records()) == 2


MEMORY = "lstm:layers=1,units=8 on copy:max_length=3: backward keeps 0 MiB for the longest batch (2 sequences)."


@pytest.mark.parametrize("arguments", [[], ["--dry-run"]])
def test_before_it_trains_it_states_once_what_backward_keeps(run, arguments):
    _, _, err = run(*arguments, seeds="0-1")
    assert err.count("backward") == 1
    assert err.splitlines()[2] == MEMORY


def test_what_backward_keeps_is_stated_for_every_model_and_task(run):
    _, _, err = run("--model", "ntm:memory_slots=8", "--task", "copy:max_length=2", "--dry-run")
    assert [line.split(": ")[0] for line in err.splitlines() if "backward" in line] == [
        f"{model} on {task}"
        for task in ("copy:max_length=3", "copy:max_length=2")
        for model in ("lstm:layers=1,units=8", "ntm:memory_slots=8")
    ]


def test_what_has_a_record_keeps_nothing(run):
    run()
    assert "backward" not in run()[2]


def test_a_run_that_would_keep_too_much_says_that_it_recomputes(run, monkeypatch):
    monkeypatch.setattr("mann_bench.models.backward_memory.RECOMPUTE_ABOVE", 0)
    _, _, err = run("--dry-run", "--backend=eager", model="ntm:memory_slots=8")
    assert "for the longest batch (2 sequences), so most steps are recomputed: 0 MiB." in err
    _, _, err = run("--dry-run", model="ntm:memory_slots=8")
    assert "backward keeps 0 MiB for the longest batch (2 sequences)." in err


@pytest.mark.parametrize(("choice", "backend"), [("eager", "eager"), ("native", "native"), ("auto", "native")])
def test_the_backend_is_in_the_record_and_not_in_the_key(run, choice, backend):
    model = "ntm:memory_slots=8,controller_size=4"
    run("--backend", choice, "--fresh", model=model)
    found = json.loads(records()[0].read_text())
    assert found["backend"] == backend
    run("--backend", "eager", model=model)
    assert json.loads(records()[0].read_text()) == found


def test_a_backend_that_a_model_lacks_is_told_once(run):
    code, _, err = run("--backend", "native", "--jobs", "1", model="lstm:layers=1,units=8", seeds="0-1")
    assert code == 0
    assert err.count("native backend: the model has no time step (it is no RecurrentModel). Running on the eager") == 1


def test_the_same_run_again_is_answered_from_its_record(run):
    _, first, _ = run()
    written = records()[0].stat().st_mtime_ns
    code, second, err = run()
    assert (code, second) == (0, first)
    assert "1 already recorded, 0 to train" in err
    assert records()[0].stat().st_mtime_ns == written


def test_fresh_trains_anew_and_gives_the_same_curve(run):
    run()
    before = json.loads(records()[0].read_text())
    _, _, err = run("--fresh")
    after = json.loads(records()[0].read_text())
    assert "1 to train" in err
    assert [row["scores"] for row in before["curve"]] == [row["scores"] for row in after["curve"]]
    assert before["seconds"] != after["seconds"]


def test_json_prints_records_on_stdout_only(run):
    code, out, _ = run("--json", seeds="0-1")
    assert code == 0
    assert [json.loads(line)["seed"] for line in out.splitlines()] == [0, 1]


def test_a_dry_run_says_what_would_run_and_writes_nothing(run):
    code, _, err = run("--dry-run")
    assert code == 0
    assert "lstm:layers=1,units=8 on copy:max_length=3, seed 0: would train" in err
    assert not Path("runs").exists()


def test_out_names_the_folder(run):
    run("--out", "elsewhere/deep")
    assert len(list(Path("elsewhere/deep").glob("*/record.json"))) == 1


BAD = {
    "model": (["--model", "nmt", "--task", "copy"], 2, "unknown model 'nmt'. Did you mean 'ntm'?"),
    "task": (["--model", "ntm", "--task", "cpoy"], 2, "unknown task 'cpoy'. Did you mean 'copy'?"),
    "protocol": (["--model", "ntm", "--task", "copy", "--protocol", "colier2018"], 2, "Did you mean 'collier2018'?"),
    "parameter": (
        ["--model", "ntm:slots=3", "--task", "copy"],
        2,
        "Valid options: addressing, clip, controller,",
    ),
    "type": (["--model", "ntm:memory_slots=x", "--task", "copy"], 2, "takes int, not 'x'"),
    "seeds": (["--model", "ntm", "--task", "copy", "--seeds", "5-2"], 2, "runs backwards. Did you mean '2-5'?"),
    "grammar": (["--model", "ntm:memory_slots", "--task", "copy"], 2, "expected name:key=value,key=value"),
    "jobs": (["--model", "ntm", "--task", "copy", "--jobs", "0"], 2, "jobs"),
    "two protocols": (
        ["--model", "ntm", "--task", "copy", "--protocol", "smoke", "--protocol", "collier2018"],
        2,
        "'--protocol': given 2 times: smoke, collier2018. Expected one.",
    ),
    "seeds twice": (["--model", "ntm", "--task", "copy", "--seeds", "0", "--seeds", "1"], 2, "given 2 times: 0, 1."),
    "nothing": (["--task", "copy"], 2, "Missing option '--model'"),
}


@pytest.mark.parametrize(("arguments", "code", "message"), BAD.values(), ids=list(BAD))
def test_bad_input_gets_a_clear_error_and_no_traceback(mann_bench, arguments, code, message):
    got, out, err = mann_bench("run", *arguments)
    assert (got, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_a_run_that_no_record_could_be_read_of_is_refused_before_anything_starts(run):
    code, out, err = run("--model", "ntm", test_sequences=100_001)
    assert (code, out) == (2, "")
    assert "protocol.fields.test_sequences: expected a whole number from 1 to 100,000." in err
    assert not Path("runs").exists()


def test_an_unwritable_out_is_an_error_before_any_training(run):
    Path("taken").write_text("a file")
    code, _, err = run("--out", "taken/runs")
    assert code == 2
    assert "cannot write to taken/runs" in err
    assert "--out" in err


def test_a_corrupt_record_is_reported_set_aside_and_redone(run):
    run(seeds="0-1")
    broken, sound = records()
    kept = sound.read_bytes()
    broken.write_bytes(broken.read_bytes()[:200])
    code, _, err = run(seeds="0-1")
    assert code == 0
    assert f"{broken}: not a valid record" in err
    assert "1 already recorded, 1 to train" in err
    assert broken.with_name("record.json.corrupt-1").stat().st_size == 200
    assert sound.read_bytes() == kept


def test_a_full_disk_is_an_error_that_says_what_to_do(run, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        code, _, err = run()
    assert code == 1
    assert "No space left on device" in err
    assert "give the same command again" in err
    assert records() == []


def test_a_failed_run_exits_1_and_keeps_its_traceback(run, monkeypatch):
    def broken(model, inputs):
        raise RuntimeError("the plugin's fault")

    monkeypatch.setattr(LSTMModel, "forward", broken)
    code, out, _ = run()
    assert code == 1
    key = records()[0].parent.name[:12]
    assert f"failed after 0 steps: RuntimeError: the plugin's fault (run {key})" in out
    assert "the plugin's fault" in json.loads(records()[0].read_text())["error"]
    _, _, err = run("--json")
    assert re.search(rf"^{key}  .*, seed 0: failed: RuntimeError: the plugin's fault$", err, re.M)


def test_a_diverged_run_exits_1_and_is_counted(run, monkeypatch):
    monkeypatch.setattr(LSTMModel, "training_step", _diverge)
    code, out, _ = run()
    assert code == 1
    assert "diverged after 0 steps" in out
    assert json.loads(records()[0].read_text())["divergence"] == {"step": 0, "culprit": "loss"}


def _diverge(model, batch, batch_index):
    from mann_bench.models.base import NonFiniteError

    raise NonFiniteError("loss")


def test_a_corrupt_record_is_reported_once_and_a_dry_run_leaves_it(run):
    run()
    records()[0].write_text("{")
    _, _, dry = run("--dry-run")
    assert dry.count("not a valid record") == 1
    assert "would be set aside" in dry
    assert records()[0].read_text() == "{"
    _, _, err = run()
    assert err.count("not a valid record") == 1
    assert "is set aside as" in err


def test_the_end_of_an_offline_run_says_how_to_upload_it(run):
    assert "wandb sync runs/wandb/offline-run-*" in run("--wandb", "offline")[2]
    assert "wandb sync" not in run("--wandb", "offline")[2]  # nothing was trained
