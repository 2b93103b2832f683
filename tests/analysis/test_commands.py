from mann_bench.analysis.commands import run_commands


def test_the_command_repeats_the_runs(make_record):
    records = [make_record("ntm:memory_slots=64", seed=seed) for seed in (5, 2, 1, 0)]
    assert run_commands(records) == [
        "mann-bench run --model ntm:memory_slots=64 --task copy --seeds 0-2,5 --protocol collier2018 --device cpu "
        "--threads 1 --backend eager"
    ]


def test_the_command_is_quoted(named):
    assert "--model 'x; rm -rf ~'" in run_commands([named("x; rm -rf ~", "copy")])[0]


def test_runs_of_a_cell_that_were_not_done_alike_are_several_commands(make_record):
    first, second = make_record(seed=0), make_record(seed=1)
    where = second.provenance.model_copy(update={"device": "cuda", "threads": 4})
    lines = run_commands([second.model_copy(update={"provenance": where, "backend": "native"}), first])
    assert [line.partition(" --seeds ")[2] for line in lines] == [
        "0 --protocol collier2018 --device cpu --threads 1 --backend eager",
        "1 --protocol collier2018 --device cuda --threads 4 --backend native",
    ]
