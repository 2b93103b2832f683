"""A tiny study that is run, submitted, validated, reproduced and verified through the command line."""

import json
import shlex
import shutil
from pathlib import Path

import pytest

from mann_bench.cli.main import invoke

MODELS = ["lstm:layers=1,units=8", "ntm:controller_size=4,memory_slots=4,slot_width=2"]
SUBMIT = ["leaderboard", "submit", "tiny.toml", "--name", "A group", "--url", "https://example.org"]


@pytest.fixture(scope="module")
def _template(tmp_path_factory, tiny_protocol, study_text):
    """A folder in which the study was run and submitted."""
    folder = tmp_path_factory.mktemp("tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("WANDB_MODE", "disabled")
        patch.setenv("MANN_BENCH_PLUGINS", "")
        text = study_text(tiny_protocol(probe_every=4), *MODELS, task="copy:bits=2,max_length=3", name="tiny")
        Path("tiny.toml").write_text(text)
        assert invoke(["study", "run", "tiny.toml", "--jobs", "1", "--backend", "eager"]) == 0
        assert invoke([*SUBMIT, "runs"]) == 0
    return folder


@pytest.fixture
def mann_bench(_template, tmp_path, monkeypatch, capsys):
    """Return a function that runs the command line in a copy of that folder: exit code, stdout, stderr."""
    shutil.copytree(_template, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "disabled")
    monkeypatch.setenv("MANN_BENCH_PLUGINS", "")

    def call(*arguments):
        code = invoke([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def entry_folder():
    (folder,) = Path("leaderboards/tiny").iterdir()
    return folder


def entry():
    return json.loads((entry_folder() / "entry.json").read_text())


def keys():
    return [run["key"] for run in entry()["runs"]]


def test_claims_are_checked_from_entries_as_from_records(mann_bench):
    from_records = mann_bench("study", "check", "tiny.toml", "--out", "runs")
    shutil.rmtree("runs")
    assert mann_bench("study", "check", "tiny.toml", "--leaderboards", "leaderboards") == from_records


def test_an_entry_grows_by_further_runs(mann_bench, tiny_protocol):
    old = entry_folder()
    cell = ["--model", "lstm:layers=1,units=4", "--task", "copy:bits=2,max_length=3"]
    more = ["run", *cell, "--protocol", tiny_protocol(probe_every=4), "--seeds", "0-1", "--out", "more"]
    assert mann_bench(*more, "--backend", "eager", "--jobs", "1")[0] == 0
    code, out, err = mann_bench("leaderboard", "submit", "tiny.toml", "more", "--extend", old.name)
    assert code == 0, err
    (new,) = set(Path("leaderboards/tiny").iterdir()) - {old}
    assert out.splitlines()[:3] == [
        f"git switch --create {new.name}", f"git rm -r --quiet {old}", f"git add {new}",
    ]  # fmt: skip
    assert "6 runs by A group, https://example.org" in err
    shutil.rmtree(old)
    assert mann_bench("leaderboard", "validate", "--study", "tiny.toml")[0] == 0


def test_an_entry_says_who_submits_unless_it_extends_another(mann_bench):
    code, _, err = mann_bench("leaderboard", "submit", "tiny.toml", "runs")
    assert (code, err.count("--extend")) == (2, 1)


def test_runs_that_are_none_of_the_studys_are_left_out(mann_bench):
    shutil.rmtree("leaderboards")
    protocol = "collier2018:max_steps=2,evaluate_every=2,validation_sequences=4,probe_every=0,test_sequences=1"
    other = ["--model", MODELS[0], "--task", "copy:bits=3,max_length=2", "--protocol", protocol, "--seeds", "0"]
    assert mann_bench("run", *other, "--backend", "eager", "--jobs", "1")[0] == 0
    runs = len(list(Path("runs").glob("*/record.json")))
    code, _, err = mann_bench(*SUBMIT, "runs")
    assert code == 0
    assert "Left out 1 of copy:bits=3,max_length=2 under collier2018:" in err
    assert len(keys()) == runs - 1
    records = Path("runs").glob("*/record.json")
    others = [path.parent for path in records if '"copy:bits=3,max_length=2"' in path.read_text()]
    code, _, err = mann_bench(*SUBMIT, "--root", "others", *others)
    assert (code, "no run belongs to tiny" in err, Path("others").exists()) == (2, True, False)


def test_a_leaderboard_without_entries_of_a_study_is_told(mann_bench):
    code, _, err = mann_bench("study", "check", "smoke", "--leaderboards", "leaderboards")
    assert (code, "no entries of smoke here" in err) == (1, True)


@pytest.fixture
def tamper(mann_bench, _template):
    """Return a function that changes the record of one run, by default a test score, and submits all runs anew."""

    def test_score(record):
        record["generalization"][0]["scores"]["loss_bits"] += 0.5

    def change(key, alter=test_score):
        path = Path("runs", key, "record.json")
        content = json.loads(path.read_text())
        alter(content)
        path.write_text(json.dumps(content))
        shutil.rmtree("leaderboards")
        assert mann_bench(*SUBMIT, "runs")[0] == 0

    return change


def test_submit_says_what_to_commit(mann_bench):
    shutil.rmtree("leaderboards")
    code, out, err = mann_bench(*SUBMIT, "runs", "--note", "A note.")
    assert code == 0
    name = entry_folder().name
    assert out.splitlines() == [
        f"git switch --create {name}",
        f"git add leaderboards/tiny/{name}",
        f"git commit --message 'Add {name} to the leaderboard of tiny'",
    ]
    assert err.endswith("4 runs by A group, https://example.org\nA note.\n")


def test_submit_says_how_to_check_an_entry_of_a_study_of_ones_own(mann_bench):
    shutil.rmtree("leaderboards")
    said = mann_bench(*SUBMIT, "runs")[2]
    command = shlex.split(said.split("give the study file too:\n")[1].splitlines()[0])
    assert mann_bench(*command[1:])[0] == 0


def test_submit_traces_a_run_of_each_cell(mann_bench):
    traced = {path.stem for path in (entry_folder() / "traces").iterdir()}
    records = [json.loads(path.read_text()) for path in (entry_folder() / "records").iterdir()]
    assert traced == {record["key"] for record in records if record["seed"] == 0}


def test_submit_says_of_what_it_has_no_trace(mann_bench):
    shutil.rmtree("leaderboards")
    for file in Path("runs").glob("*/weights.safetensors"):
        file.unlink()
    code, _, err = mann_bench(*SUBMIT, "runs")
    assert code == 0
    assert err.count("No trace of ") == 2
    assert not (entry_folder() / "traces").exists()


def test_submit_refuses_what_lacks_a_seed(mann_bench):
    shutil.rmtree(Path("runs", keys()[0]))
    shutil.rmtree("leaderboards")
    code, _, err = mann_bench(*SUBMIT, "runs")
    assert code == 4
    assert "missing-seeds" in err
    assert not list(Path().rglob("entry.json"))


def test_what_was_submitted_validates(mann_bench):
    for named in ([], [entry_folder()], [entry_folder().name], [f"tiny/{entry_folder().name}"]):
        assert mann_bench("leaderboard", "validate", *named, "--study", "tiny.toml") == (0, "", "1 entry: no faults.\n")


def test_validate_prints_a_fault_a_line_and_exits_4(mann_bench):
    record = next((entry_folder() / "records").iterdir())
    record.write_text("{")
    code, out, err = mann_bench("leaderboard", "validate", "--study", "tiny.toml")
    assert (code, err) == (4, "1 entry: 1 fault.\n")
    assert out.startswith("digest: ")
    row = json.loads(mann_bench("leaderboard", "validate", "--study", "tiny.toml", "--json")[1])
    assert (row["name"], Path(row["file"]).name) == ("digest", record.name)


def test_an_entry_that_is_not_there_is_an_error(mann_bench):
    code, _, err = mann_bench("leaderboard", "validate", "nonsense")
    assert code == 1
    assert "'nonsense': no such entry" in err


@pytest.mark.parametrize("root", ["nowhere", "empty", "leaderboards/tiny", "runs"])
def test_a_root_without_entries_does_not_validate(mann_bench, root):
    Path("empty").mkdir()
    code, out, err = mann_bench("leaderboard", "validate", "--root", root)
    assert (code, out) == (2, "")
    assert f"{root}: no <study>/<entry>/entry.json here." in err


@pytest.mark.parametrize("root", ["nowhere", "empty", "leaderboards/tiny", "runs"])
def test_pages_are_not_made_of_a_root_without_entries(mann_bench, root):
    Path("empty").mkdir()
    code, _, err = mann_bench("leaderboard", "build", "--root", root)
    assert (code, Path("leaderboards/site").exists()) == (2, False)
    assert f"{root}: no <study>/<entry>/entry.json here." in err


def test_the_board_of_a_study_file_is_built_into_a_folder_of_its_own(mann_bench):
    assert mann_bench("leaderboard", "build", "--study", "tiny.toml", "--out", "pages")[0] == 0
    assert Path("pages/tiny/index.html").exists()
    other = Path("pages/other/index.html")
    other.parent.mkdir()
    other.write_bytes(Path("pages/tiny/index.html").read_bytes())
    code, _, err = mann_bench("leaderboard", "build", "--study", "tiny.toml", "--out", "pages")
    assert (code, other.exists()) == (2, True)
    assert "boards that no entry is there for: other" in err


def test_reproduce_prints_commands_that_run(mann_bench):
    code, out, _ = mann_bench("reproduce", entry_folder().name, "--out", "again")
    assert code == 0
    lines = [line.split() for line in out.splitlines() if line.startswith("mann-bench")]
    for _, *arguments in lines:
        assert mann_bench(*arguments)[0] == 0
    assert sorted(path.parent.name for path in Path("again").glob("*/record.json")) == keys()


def test_reproduce_executes_an_entry_and_every_bit_is_equal(mann_bench):
    code, out, _ = mann_bench("reproduce", entry_folder().name, "--execute")
    assert code == 0
    assert len(out.splitlines()) == 4
    assert all(": bitwise: agrees." in line for line in out.splitlines())


def test_reproduce_executes_one_run_by_its_key(mann_bench):
    code, out, _ = mann_bench("reproduce", keys()[0][:12], "--execute", "--out", "again")
    assert code == 0
    assert out.startswith(keys()[0][:12])
    assert [path.parent.name for path in Path("again").glob("*/record.json")] == [keys()[0]]


def test_reproduce_exits_4_where_a_record_states_something_else(mann_bench, tamper):
    tamper(keys()[0])
    code, out, _ = mann_bench("reproduce", keys()[0], "--execute")
    assert code == 4
    assert "bitwise: DIFFERS. " in out
    assert "generalization differ." in out


def test_verify_does_runs_again_and_sets_the_badge(mann_bench):
    code, out, err = mann_bench("leaderboard", "verify", entry_folder(), "--study", "tiny.toml", "--seed", "3")
    assert code == 0
    assert out.count("re-run, bitwise: agrees.") == 2
    assert err.startswith("Runs to repeat, chosen with --seed 3: ")
    assert err.endswith("Badge: spot-checked.\n")
    assert (entry()["badge"], len(entry()["evidence"])) == ("spot-checked", 2)
    assert mann_bench("leaderboard", "validate", "--study", "tiny.toml")[0] == 0


def test_verify_measures_weights_again_and_sets_the_badge(mann_bench):
    arguments = ["--study", "tiny.toml", "--runs", "0", "--weights", "runs"]
    code, out, err = mann_bench("leaderboard", "verify", entry_folder(), *arguments)
    assert code == 0
    assert out.count("weights, bitwise: agrees.") == 4
    assert err.endswith("Badge: recomputed.\n")


def test_verify_replays_the_start_of_every_run_and_sets_the_badge(mann_bench):
    code, out, err = mann_bench("leaderboard", "verify", entry_folder(), "--study", "tiny.toml", "--replay")
    assert code == 0
    assert out.count("replay, bitwise: agrees. initial weights equal, scores after 0 and 2 and 4 steps: equal.") == 4
    assert err.endswith("Badge: replayed.\n")
    assert mann_bench("leaderboard", "validate", "--study", "tiny.toml")[0] == 0


def test_a_replay_finds_another_start(mann_bench, tamper):
    def untrained(record):
        record["curve"][0]["scores"]["loss_bits"] += 1e-6

    tamper(keys()[0], untrained)
    arguments = ["--study", "tiny.toml", "--replay", "--replay-steps", "0"]
    code, out, err = mann_bench("leaderboard", "verify", entry_folder(), *arguments)
    assert (code, out.count("DIFFERS")) == (4, 1)
    assert err.endswith("Badge: reported.\n")


def test_verify_compares_fresh_seeds_and_sets_no_badge(mann_bench):
    arguments = ["--study", "tiny.toml", "--fresh-seeds", "2", "--seed", "3"]
    code, out, err = mann_bench("leaderboard", "verify", entry_folder(), *arguments)
    assert code == 0
    assert "fresh seeds, statistical: agrees. 2 fresh seeds of " in out
    assert "so few seeds can never differ: draw more." in out
    assert err.endswith("Badge: reported.\n")
    assert mann_bench("leaderboard", "validate", "--study", "tiny.toml")[0] == 0


def test_verify_finds_a_changed_test_score(mann_bench, tamper):
    tamper(keys()[0])
    arguments = ["--study", "tiny.toml", "--runs", "4", "--weights", "runs"]
    code, out, err = mann_bench("leaderboard", "verify", entry_folder(), *arguments)
    assert code == 4
    assert out.count("DIFFERS") == 2
    assert err.endswith("Badge: reported.\n")
    assert [each["agrees"] for each in entry()["evidence"]].count(False) == 2


def test_verify_finds_a_changed_trace(mann_bench):
    file = next((entry_folder() / "traces").iterdir())
    content = json.loads(file.read_text())
    content["outputs"]["maximum"] *= 0.9
    file.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    arguments = ["--study", "tiny.toml", "--runs", "0", "--weights", "runs"]
    code, out, _ = mann_bench("leaderboard", "verify", entry_folder(), *arguments)
    assert (code, entry()["badge"]) == (4, "reported")
    assert out.count("Its trace: differs.") == 1
    assert out.count("Its trace: within 2% of its scales.") == 1


def test_verify_refuses_other_weights(mann_bench):
    Path("runs", keys()[0], "weights.safetensors").write_bytes(b"other")
    arguments = ["--study", "tiny.toml", "--runs", "0", "--weights", "runs"]
    code, _, err = mann_bench("leaderboard", "verify", entry_folder(), *arguments)
    assert code == 1
    assert "not the weights of the record" in err
    assert entry()["badge"] == "reported"


def test_an_entry_of_the_suite_is_judged_by_the_suite_though_a_plugin_claims_its_names(mann_bench, monkeypatch):
    claims = "@hookimpl\ndef mann_bench_{}s():\n    return [{}Spec({!r}, 1, 'a:B', 'one line')]\n".format
    source = "from mann_bench import ModelSpec, TaskSpec, hookimpl\n"
    Path("usurper.py").write_text(source + claims("model", "Model", "ntm") + claims("task", "Task", "copy"))
    Path("usurper-1.dist-info").mkdir()
    Path("usurper-1.dist-info", "METADATA").write_text("Metadata-Version: 2.1\nName: usurper\nVersion: 1\n")
    Path("usurper-1.dist-info", "entry_points.txt").write_text("[mann_bench]\nusurper = usurper\n")
    monkeypatch.syspath_prepend(Path.cwd())
    monkeypatch.setenv("MANN_BENCH_PLUGINS", "usurper")
    code, out, err = mann_bench("leaderboard", "validate", "--study", "tiny.toml")
    assert (code, out) == (0, "")
    assert err.count("claimed by two distributions, 'mann-bench' and 'usurper'") == 2


def test_verify_refuses_an_entry_that_does_not_validate(mann_bench):
    next((entry_folder() / "records").iterdir()).unlink()
    code, _, err = mann_bench("leaderboard", "verify", entry_folder(), "--study", "tiny.toml")
    assert code == 4
    assert "unreadable" in err
