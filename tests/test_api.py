import pytest

import mann_bench

MODEL, TASK = "lstm:layers=1,units=8", "copy:max_length=3"


@pytest.fixture
def run(tiny_protocol, tmp_path):
    """Return a function that calls `mann_bench.run` on a small model and task."""

    def call(**options):
        options = {"protocol": tiny_protocol(), "out": tmp_path, "wandb": "disabled", "plugins": False} | options
        return mann_bench.run([MODEL], [TASK], **options)

    return call


def test_it_returns_a_record_a_run(run):
    results = run(seeds=range(2))
    assert [record.seed for record in results.records] == [0, 1]
    assert "Length generalisation" in str(results)
    assert results.problems == []


def test_records_load_again(run, tmp_path):
    results = run(seeds=[3])
    assert list(mann_bench.load(tmp_path).records) == list(results.records)


def test_what_has_a_record_is_not_trained_again(run):
    first = run(seeds=[0])
    assert run(seeds=[0]).records == first.records
    assert run(seeds=[0], fresh=True).records != first.records


def test_progress_goes_to_standard_error_and_can_be_switched_off(run, capsys):
    run(seeds=[0])
    assert "seed 0: started" in capsys.readouterr().err
    run(seeds=[1], progress=False)
    assert capsys.readouterr() == ("", "")


def test_a_corrupt_record_is_reported(run, tmp_path):
    key = run(seeds=[0]).records[0].key
    (tmp_path / key / "record.json").write_text("{")
    results = run(seeds=[0])
    assert len(results.records) == 1
    assert "record.json.corrupt-1" in results.problems[0]


@pytest.mark.parametrize(("options", "message"), [({"jobs": 0}, "jobs must be"), ({"wandb": "maybe"}, "wandb 'maybe'")])
def test_bad_options_are_errors(run, options, message):
    with pytest.raises(mann_bench.MannBenchError, match=message):
        run(seeds=[0], **options)


def test_an_executor_does_the_runs(run):
    assert len(run(seeds=[0], executor="local:jobs=1").records) == 1


def test_jobs_and_an_executor_exclude_each_other(run):
    with pytest.raises(mann_bench.MannBenchError, match="give one of them"):
        run(seeds=[0], jobs=2, executor="local")


def test_a_shard_is_a_part_of_the_runs(run):
    assert [record.seed for record in run(seeds=range(3), shard="2/3").records] == [1]
