import json
import re
from pathlib import Path

import pytest

from mann_bench.models.lstm import LSTMModel
from mann_bench.tasks.copy import Copy

CLAIM = {
    "name": "unsolved",
    "statement": "Four steps are not enough.",
    "metric": "solve_rate",
    "model": "lstm:units=8,layers=1",
    "tasks": ["copy:max_length=3"],
    "at_most": 0.9,
}
MODEL = "lstm:layers=1,units=8"


@pytest.fixture
def study(mann_bench, tiny_protocol, study_text, monkeypatch):
    """Return a function that calls `study` on a small study, in a file of the empty folder."""
    monkeypatch.setattr(Copy, "test_sizes", lambda task: [{"length": 3}])

    def call(subcommand, *arguments):
        jobs = ["--jobs", "1"] if subcommand == "run" else []
        return mann_bench("study", subcommand, "study.toml", *jobs, *arguments)

    text = study_text(tiny_protocol(), MODEL, "lstm:layers=1,units=4", claim=CLAIM, reference="A paper")
    Path("study.toml").write_text(text)
    return call


def records():
    return sorted(Path("runs").glob("*/record.json"))


def edit(old, new):
    path = Path("study.toml")
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_list_names_studies_with_their_runs(mann_bench):
    code, out, _ = mann_bench("study", "list")
    assert code == 0
    assert re.search(r"^collier-beel-2018 +90 +memory init", out, re.M)


def test_list_as_json(mann_bench):
    rows = [json.loads(line) for line in mann_bench("study", "list", "--json")[1].splitlines()]
    assert {"name": "smoke", "runs": 14} in [{"name": row["name"], "runs": row["runs"]} for row in rows]


def test_studies_are_listed_like_models(mann_bench):
    _, out, _ = mann_bench("list", "studies")
    assert re.search(r"^smoke +a small NTM .* mann-bench$", out, re.M)
    assert len(mann_bench("list", "studies", "--json")[1].splitlines()) == len(out.splitlines())


def test_show_states_cells_seeds_protocols_and_claims(study):
    code, out, _ = study("show")
    assert code == 0
    assert out.startswith("example, version 1: one line\nA paper\n")
    for row in (
        "seeds +0-1",
        "runs +4",
        "models  lstm:layers=1,units=8",
        "on +copy:max_length=3",
        "  reproduced  at most",
    ):
        assert re.search(f"^{row}", out, re.M), row
    assert "unsolved: Four steps are not enough." in out


def test_show_lists_the_models_and_protocols_that_a_claim_pools(study, tiny_protocol):
    edit('model = "lstm:units=8,layers=1"', f'models = ["{MODEL}", "lstm:units=4"]\nprotocols = ["{tiny_protocol()}"]')
    edit('"lstm:layers=1,units=4"', '"lstm:units=4"')
    _, out, _ = study("show")
    assert re.search(rf"^  model +{MODEL}\n +lstm:units=4\n  on .*\n  protocol +{tiny_protocol()}$", out, re.M)


def test_show_says_that_a_claim_is_judged_on_the_greatest_size(study):
    edit("grace=", "grace_after=both,grace=")
    edit("at_most = 0.9", 'at_most = 0.9\nconverged_on = "target"')
    assert re.search("^  judged on +the greatest training size alone$", study("show")[1], re.M)


def test_run_trains_prints_both_tables_and_says_how_to_check(study):
    code, out, err = study("run")
    assert code == 0
    assert "Convergence" in out
    assert "Length generalisation: copy:max_length=3" in out
    assert "4 runs: 0 already recorded, 4 to train" in err
    assert err.splitlines()[-1] == "Check its claims: mann-bench study check study.toml --out runs"
    assert len(records()) == 4


def test_run_answers_from_what_run_recorded(study, run):
    run()
    assert "1 already recorded, 3 to train" in study("run")[2]


def test_run_as_json_prints_records(study):
    assert [json.loads(line)["seed"] for line in study("run", "--json")[1].splitlines()] == [0, 0, 1, 1]


def test_a_failed_run_exits_1(study, monkeypatch):
    monkeypatch.setattr(LSTMModel, "forward", lambda model, inputs: 1 / 0)
    assert study("run")[0] == 1


def test_a_dry_run_tells_what_is_cached_and_missing_and_how_long_it_takes(study, run):
    run()
    before = records()
    code, out, err = study("run", "--dry-run")
    assert (code, out, records()) == (0, "", before)
    assert re.search(rf"^{MODEL} +copy:max_length=3 +1/2 +1 not_converged +1 +\d s$", err, re.M)
    assert re.search(r"^lstm:layers=1,units=4 +copy:max_length=3 +0/2 +- +0-1 +at most \d s$", err, re.M)
    assert "Time left: at most " in err


def test_a_dry_run_without_records_says_that_the_time_is_unknown(study):
    _, _, err = study("run", "--dry-run")
    assert "0 of 4 runs have a record.\nUnknown for 2 cells: runs holds no run" in err
    assert not Path("runs").exists()


def test_status_counts_the_runs_of_each_cell(study):
    study("run")
    records()[0].unlink()
    code, out, _ = study("status")
    assert code == 0
    assert sorted(re.findall(r" ([12]/2) ", out)) == ["1/2", "2/2"]
    assert "3 of 4 runs have a record." in out


def test_status_tells_failed_runs_and_leaves_them_to_be_done(study, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(LSTMModel, "forward", lambda model, inputs: 1 / 0)
        study("run")
    assert re.search(rf"^{MODEL} .* 0/2 +2 failed +0-1 +unknown$", study("status")[1], re.M)


def test_protocols_are_a_column_where_there_are_several(study):
    edit('protocols = ["', 'protocols = ["collier2018:max_steps=3", "')
    edit("at_most", 'protocol = "collier2018:max_steps=3"\nat_most')
    _, out, _ = study("status")
    assert out.startswith("model                  task               protocol")
    assert "collier2018:max_steps=3  " in out


@pytest.mark.parametrize(
    ("tolerance", "code", "verdict"),
    [("at_most = 0.9", 0, "reproduced"), ("at_most = 0.6", 0, "undecided"), ("at_least = 0.9", 4, "not reproduced")],
)
def test_check_exits_4_only_where_a_claim_is_not_reproduced(study, tolerance, code, verdict):
    study("run")
    edit("at_most = 0.9", tolerance)
    got, out, _ = study("check")
    assert got == code
    assert re.search(rf"^unsolved .* 0 of 2 runs \[0 to 0.8419\]  2  {verdict}  Four steps are not enough.$", out, re.M)


def test_check_before_any_run_is_undecided_and_says_what_is_missing(study):
    code, out, _ = study("check")
    assert code == 0
    assert f"unsolved: {MODEL} on copy:max_length=3 has 0 of 2 seeds." in out
    assert not Path("runs").exists()


def test_a_growing_study_is_judged_by_the_look_that_its_records_complete(study):
    edit('seeds = "0-1"', 'seeds = "0-1"\nlooks = [2, 4]')
    study("run")
    code, out, _ = study("check")
    assert code == 0
    assert re.search(r"^unsolved .* 0 of 2 runs \[0 to 0.8882\]  2  reproduced ", out, re.M)
    assert out.splitlines()[-1] == "Judged at 97.5 %, 5 % spent evenly on looks at 2, 4 seeds."


def test_show_states_the_looks(study):
    edit('seeds = "0-1"', 'seeds = "0-1"\nlooks = [2, 4]')
    assert re.search(r"^looks +2, 4, judged at 97\.5 %$", study("show")[1], re.M)


def test_status_counts_the_runs_of_the_look_that_a_cell_has_begun(study, run):
    edit('seeds = "0-1"', 'seeds = "0-1"\nlooks = [2, 4]')
    run(seeds="0-2")
    assert re.search(rf"^{MODEL} .* 3/4 +3 not_converged +3 ", study("status")[1], re.M)


def test_check_as_json(study):
    _, out, err = study("check", "--json")
    row = json.loads(out)
    assert (row["name"], row["verdict"], row["n"]) == ("unsolved", "undecided", 0)
    assert err == "0 reproduced, 0 not reproduced, 1 undecided.\n"


@pytest.mark.parametrize("subcommand", ["status", "check"])
def test_a_corrupt_record_is_told_counts_as_missing_and_stays(study, subcommand):
    study("run")
    records()[0].write_text("{")
    code, _, err = study(subcommand)
    assert code == 0
    assert f"{records()[0]}: not a valid record" in err
    assert "counts as missing" in err
    assert records()[0].read_text() == "{"


@pytest.mark.parametrize("subcommand", ["show", "run", "status", "check"])
def test_a_typo_is_an_error_that_names_the_key(study, subcommand):
    edit("lstm:layers=1,units=4", "lstm:layers=1,unit=4")
    code, out, err = study(subcommand)
    assert (code, out) == (2, "")
    assert "Error: study.toml: cells[0].models[1]: model 'lstm' has no option 'unit'. Did you mean 'units'?" in err


def test_the_shipped_smoke_study_runs_and_all_of_its_claims_are_reproduced(mann_bench):
    assert mann_bench("study", "run", "smoke", "--jobs", "1")[0] == 0
    code, out, _ = mann_bench("study", "check", "smoke")
    assert code == 0
    assert out.splitlines()[-1] == "7 reproduced, 0 not reproduced, 0 undecided."


@pytest.fixture
def powered(study, monkeypatch):
    """Return a function that calls `study power` with few samples, where the claim is undecided."""
    monkeypatch.setattr("mann_bench.statistics.power.SAMPLES", 20)
    edit("at_most = 0.9", "at_most = 0.6")
    return lambda *arguments: study("power", "--jobs", "2", *arguments)


def test_power_tells_the_seeds_and_the_time_that_claims_and_pairs_need(study, powered):
    study("run")
    code, out, _ = powered()
    assert code == 0
    # 0 of 5 are 0 to 0.52, 0 of 4 are 0 to 0.60.
    assert re.search(r"^claim unsolved +copy:max_length=3 +2 +5 +3 +\d s$", out, re.M)
    assert re.search(rf"^pair {MODEL} and lstm:layers=1,units=4 +copy:max_length=3 +2 +more than 160 +- +-$", out, re.M)
    assert re.search(r"^All that 160 seeds decide: 3 runs, time \d s in 2 processes.$", out, re.M)


def test_power_without_records_says_so(powered):
    code, out, _ = powered()
    assert code == 0
    assert out.count("no records yet") == 2


def test_power_as_json(study, powered):
    study("run")
    claim, pair = (json.loads(line) for line in powered("--json")[1].splitlines())
    assert (claim["kind"], claim["has_seeds"], claim["needs_seeds"], claim["runs"]) == ("claim", 2, 5, 3)
    assert claim["seconds"] > 0
    assert (pair["kind"], pair["needs_seeds"], pair["more_than"], pair["seconds"]) == ("pair", None, 160, None)
