from pathlib import Path

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.leaderboard.reproduce import commands, run_of

OUT = Path("a folder")


def test_seeds_of_a_cell_are_one_command_after_what_to_install(make_record):
    lines = list(commands([make_record("ntm:memory_slots=64", seed=seed) for seed in (2, 0, 1)], OUT))
    assert lines == [
        "pip install mann-bench==0.1.0 torch==2.9.0",
        "# mann-bench was a checkout of commit 0123456789abcdef0123456789abcdef01234567",
        "mann-bench run --model ntm:memory_slots=64 --task copy --seeds 0-2 --protocol collier2018 --device cpu "
        "--threads 1 --backend eager --jobs 1 --out 'a folder'",
    ]


def test_each_cell_has_its_command(make_record):
    lines = list(commands([make_record("ntm"), make_record("lstm"), make_record("ntm", "repeat_copy")], OUT))
    assert sum(line.startswith("mann-bench run") for line in lines) == 3
    assert sum(line.startswith("pip") for line in lines) == 1


def test_runs_of_other_versions_follow_what_to_install_for_them(make_record):
    old = make_record().provenance.model_copy(update={"torch": "2.8.0"})
    records = [make_record(model, provenance=old) for model in ("lstm", "ntm")] + [make_record("dnc")]
    lines = [line.split()[0] for line in commands(records, OUT) if line[0] != "#"]
    assert lines == ["pip", "mann-bench", "mann-bench", "pip", "mann-bench"]


def test_the_distribution_of_a_plugin_is_installed_too(make_record):
    assert next(commands([make_record(distribution="acme-memory")], OUT)).split()[2] == "acme-memory==0.1.0"


def test_a_build_of_torch_that_the_index_lacks_is_not_asked_for(make_record):
    provenance = make_record().provenance.model_copy(update={"torch": "2.9.0+cpu"})
    assert "torch==2.9.0" in next(commands([make_record(provenance=provenance)], OUT)).split()


def test_text_of_a_hostile_record_stays_one_word(make_record):
    record = make_record()
    hostile = record.model_copy(update={"model": record.model.model_copy(update={"text": "ntm; rm -rf ~"})})
    assert "--model 'ntm; rm -rf ~' --task" in list(commands([hostile], OUT))[-1]


def test_what_pip_would_take_for_an_option_is_refused(make_record):
    record = make_record()
    model = record.model.model_copy(update={"distribution": "--index-url=https://evil.example/"})
    with pytest.raises(UsageError, match="nothing that pip could install"):
        list(commands([record.model_copy(update={"model": model})], OUT))


def test_the_run_of_a_record_is_that_run(registry, sound_records, smoke_runs):
    assert [run_of(registry, record) for record in sound_records] == smoke_runs


def test_a_run_of_another_version_says_what_to_install(registry, make_record):
    with pytest.raises(UsageError, match=r"another version .* pip install mann-bench==0.1.0"):
        run_of(registry, make_record("lstm"))
