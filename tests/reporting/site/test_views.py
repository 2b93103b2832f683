from mann_bench.reporting.site.views import provenance_pairs, run_command


def test_the_command_repeats_the_runs(make_record):
    records = [make_record("ntm:memory_slots=64", seed=seed) for seed in (0, 1, 2, 5)]
    assert run_command(records) == (
        "mann-bench run --model ntm:memory_slots=64 --task copy --protocol collier2018 --seeds 0-2,5 --backend eager"
    )


def test_the_command_is_quoted(named):
    assert "--model 'x; rm -rf ~'" in run_command([named("x; rm -rf ~", "copy")])


def test_provenance_names_all_that_differs(make_record):
    one = make_record()
    other = one.model_copy(update={"provenance": one.provenance.model_copy(update={"torch": "2.10.0", "date": "2026"})})
    pairs = dict(provenance_pairs([one, other]))
    assert pairs["torch"] == "2.10.0, 2.9.0"
    assert pairs["runs ended"] == "2025-01-02T03:04:05+00:00 to 2026"
    assert pairs["git dirty"] == "no"
