import json
import re
from pathlib import Path

import pytest
import wandb

from mann_bench.api import load
from mann_bench.core.specs import ExecutorSpec
from mann_bench.plugins import Plugin, Status
from mann_bench.registry import Registered, Registry


def test_list_names_what_exists_and_who_brings_it(mann_bench):
    code, out, _ = mann_bench("list", "models")
    assert code == 0
    assert re.search(r"^ntm +Neural Turing Machine.* mann-bench$", out, re.M)


def test_list_as_json(mann_bench):
    _, out, _ = mann_bench("list", "tasks", "--json")
    assert {"copy", "repeat_copy", "associative_recall"} <= {json.loads(line)["name"] for line in out.splitlines()}


def test_list_protocols(mann_bench):
    _, out, _ = mann_bench("list", "protocols")
    assert "collier2018" in out


def test_show_model_states_options_types_defaults_reference_and_size(mann_bench):
    code, out, _ = mann_bench("show", "model", "ntm:memory_slots=64")
    assert code == 0
    assert re.search(r"^memory_init +constant\|learned\|random +constant +constant$", out, re.M)
    assert re.search(r"^memory_slots +int +64 +128$", out, re.M)
    assert "https://arxiv.org/abs/1410.5401" in out
    assert re.search(r"size on copy: [\d,]+ parameters, [\d,]+ bytes of state", out)


def test_show_model_says_what_each_option_means_and_says_it_once(mann_bench):
    _, out, _ = mann_bench("show", "model", "ntm")
    assert re.search(r"^memory_slots .*\n    rows of the memory, N, more than twice `shift_range`", out, re.M)
    assert out.count("rows of the memory, N") == 1


def test_show_as_json(mann_bench):
    _, out, _ = mann_bench("show", "model", "ntm:memory_slots=64", "--task", "copy:max_length=2", "--json")
    shown = json.loads(out)
    (slots,) = [option for option in shown["options"] if option["name"] == "memory_slots"]
    assert (shown["kind"], shown["name"], shown["parameters"]) == ("model", "ntm", 63688)
    assert (slots["type"], slots["value"], slots["default"]) == ("int", 64, 128)
    assert slots["words"].startswith("rows of the memory")


def test_show_executor_states_its_options_and_what_they_mean(mann_bench):
    _, out, _ = mann_bench("show", "executor", "local:jobs=2")
    assert re.search(r"^jobs +int\|none +2 +none\n    the most worker processes", out, re.M)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (kind, name)
        for kind in ("models", "tasks", "protocols", "executors")
        for name in getattr(Registry.discover(third_party=False), kind)
    ],
)
def test_show_explains_every_option_of_what_ships(mann_bench, kind, name):
    _, out, _ = mann_bench("show", kind[:-1], name, "--task", "copy:max_length=2", "--json")
    assert [option["name"] for option in json.loads(out)["options"] if not option["words"]] == []


def test_show_model_states_what_backward_keeps(mann_bench):
    _, out, _ = mann_bench("show", "model", "ntm", "--task", "copy:max_length=2")
    assert re.search(r"^training on it: backward keeps \d MiB for the longest batch \(32 sequences\)$", out, re.M)


def test_show_model_states_that_it_recomputes(mann_bench, monkeypatch):
    monkeypatch.setattr("mann_bench.models.backward_memory.RECOMPUTE_ABOVE", 0)
    # A native recurrence would recompute nothing.
    monkeypatch.setattr("mann_bench.models.sam.SAMModel.native_problem", lambda model: "not here")
    _, out, _ = mann_bench("show", "model", "sam:memory_slots=8", "--task", "copy:max_length=2")
    assert re.search(r"^training on it: backward would keep .*, so most steps are recomputed: \d MiB$", out, re.M)


def test_show_model_states_a_training_of_the_models_own(mann_bench, monkeypatch):
    monkeypatch.setattr("mann_bench.models.lstm.LSTMModel.training_step", lambda model, batches, index: None)
    _, out, _ = mann_bench("show", "model", "lstm", "--task", "copy:max_length=2")
    assert "trained by its own training_step, not as the protocol says" in out


def test_show_model_states_what_the_model_tells_of_itself(mann_bench):
    _, out, _ = mann_bench("show", "model", "lstm_matched", "--task", "copy:max_length=2")
    assert out.splitlines()[-2:] == ["units: 121", "parameters_of_ntm: 65096"]


def test_show_task_states_its_sizes_and_rule(mann_bench):
    _, out, _ = mann_bench("show", "task", "repeat_copy")
    assert "10x10, 20x10, 10x20, 20x20" in out
    assert "mean bit_errors below 0.1" in out


def test_show_protocol_states_every_field(mann_bench):
    _, out, _ = mann_bench("show", "protocol", "collier2018:max_steps=5")
    assert re.search(r"^max_steps +int +5 +31250$", out, re.M)
    assert re.search(r"^schedule +constant\|cosine +constant", out, re.M)
    assert re.search(r"^gradient_clip_norm +float\|none +50.0", out, re.M)


def test_show_an_unknown_name_is_an_error(mann_bench):
    code, _, err = mann_bench("show", "model", "nmt")
    assert code == 2
    assert "Did you mean 'ntm'?" in err


def test_plugins_lists_the_builtin_one(mann_bench):
    _, out, _ = mann_bench("plugins")
    assert re.search(r"^builtin +mann-bench .*loaded +ntm, dnc, sam, sdnc, lstm, lstm_matched, copy", out)


@pytest.mark.parametrize("command", [["plugins"], ["list", "executors"], ["doctor"]])
def test_long_names_do_not_touch_the_next_column(mann_bench, monkeypatch, command):
    plugin = Plugin("p" * 40, "d" * 40, "1.0", Status.LOADED, brings=("e" * 40,))
    spec = ExecutorSpec("e" * 40, "a.b:C", "s" * 80)
    registry = Registry(executors={spec.name: Registered(spec, plugin)}, plugins=[plugin])
    monkeypatch.setattr(Registry, "discover", lambda *_, **__: registry)
    _, out, _ = mann_bench(*command)
    assert re.search(r"^(plugin p{40}|p{40}|e{40})  (d{40} 1.0(  loaded  |, loaded: )e{40}|s{80}  d{40})$", out, re.M)


def test_doctor_names_what_matters(mann_bench):
    code, out, _ = mann_bench("doctor")
    assert code == 0
    for name in ("interpreter", "torch", "processor", "compiler", "GPU", "W&B login", "plugin builtin"):
        assert re.search(rf"^{name}", out, re.M), name


@pytest.fixture
def entry(mann_bench, make_record):
    """Write the record of an entry of a leaderboard; return its file."""
    file = Path("leaderboards/study/entry/records", f"{make_record().key}.json")
    file.parent.mkdir(parents=True)
    file.write_text(make_record().model_dump_json())
    return file


def test_sync_mirrors_each_record_once(run, mann_bench):
    run(seeds="0-1")
    _, _, first = mann_bench("sync", "--wandb", "offline")
    _, _, second = mann_bench("sync", "--wandb", "offline")
    assert first.startswith("2 mirrored (offline), 0 were mirrored before, 0 failed")
    assert second.startswith("0 mirrored (offline), 2 were mirrored before, 0 failed")
    assert len(list(Path("runs/wandb").glob("offline-run-*"))) == 2


def test_sync_waits_for_a_server_that_does_not_answer_once(run, mann_bench, monkeypatch):
    run(seeds="0-2")
    start, modes = wandb.init, []

    def init(**fields):
        modes.append(fields["mode"])
        if fields["mode"] == "online":
            raise RuntimeError("timed out")
        return start(**fields)

    monkeypatch.setattr(wandb, "init", init)
    code, _, err = mann_bench("sync", "--wandb", "online")
    assert (code, modes) == (1, ["online", "offline", "offline"])
    assert err.startswith("2 mirrored (offline), 0 were mirrored before, 1 failed")


def test_sync_leaves_the_records_of_an_entry_alone(mann_bench, entry):
    code, _, err = mann_bench("sync", "leaderboards", "--wandb", "offline")
    assert (code, "only a record in a run's folder is sent" in err) == (1, True)
    assert [path.name for path in Path("leaderboards").rglob("*") if path.is_file()] == [entry.name]


@pytest.mark.parametrize("path", ["leaderboards", "leaderboards/study", "leaderboards/study/entry"])
def test_report_and_load_take_the_folders_of_leaderboards(mann_bench, entry, path):
    code, out, _ = mann_bench("report", path, "--format", "json")
    assert (code, json.loads(out)["convergence"][0]["seeds"]) == (0, 1)
    assert [record.key for record in load(path).records] == [entry.stem]


def test_version(mann_bench):
    from mann_bench import __version__

    code, out, _ = mann_bench("--version")
    assert code == 0
    assert __version__ in out


def test_an_unknown_command_is_an_error(mann_bench):
    code, _, err = mann_bench("trian")
    assert code == 2
    assert "trian" in err


def test_names_complete_in_the_shell(monkeypatch):
    from click.shell_completion import BashComplete

    from mann_bench.cli.main import cli

    complete = BashComplete(cli, {}, "mann-bench", "_MANN_BENCH_COMPLETE")
    found = complete.get_completions(["run", "--model"], "n")
    assert [item.value for item in found] == ["ntm"]


def test_show_a_task_with_options_that_do_not_fit_is_an_error(mann_bench):
    code, _, err = mann_bench("show", "task", "copy:bits=0")
    assert code == 2
    assert "bits >= 1" in err


def test_sync_goes_on_past_a_corrupt_record(run, mann_bench):
    run(seeds="0-1")
    sorted(Path("runs").glob("*/record.json"))[0].write_text("{")
    code, _, err = mann_bench("sync", "--wandb", "offline")
    assert code == 1
    assert err.startswith("1 mirrored (offline), 0 were mirrored before, 1 failed")
