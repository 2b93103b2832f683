from pathlib import Path

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.core.specs import StudySpec
from mann_bench.plugins import Plugin, Status
from mann_bench.registry import Registered, Registry
from mann_bench.studies.loading import load_study, study_file


def registry_with(name, path):
    plugin = Plugin("acme", "acme", "1.0", Status.LOADED)
    return Registry(studies={name: Registered(StudySpec(name, Path(path), "one line"), plugin)})


def test_a_registered_study_is_loaded_by_its_name(write_study):
    assert load_study(registry_with("example", write_study()), "example").name == "example"


def test_a_path_is_loaded_whatever_the_study_is_called(registry, write_study):
    assert load_study(registry, write_study(('"example"', '"something-else"'))).name == "something-else"


def test_a_byte_order_mark_before_a_study_is_passed_over(registry, write_study):
    path = Path(write_study())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_study(registry, str(path)).name == "example"


def test_a_file_that_is_registered_under_another_name_is_an_error(write_study):
    with pytest.raises(UsageError, match=r"study\.toml: name: 'example' is registered as 'sample'"):
        load_study(registry_with("sample", write_study()), "sample")


def test_an_unknown_name_gets_the_nearest_match(registry):
    with pytest.raises(UsageError, match=r"unknown study 'smokee'. Did you mean 'smoke'\?"):
        study_file(registry, "smokee")


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot be read: No such file"), (b"\xff", "is not text: .* in UTF-8")]
)
def test_what_cannot_be_read_is_an_error_that_names_the_file(registry, tmp_path, content, message):
    path = tmp_path / "study.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match=rf"study\.toml: {message}"):
        load_study(registry, str(path))


def test_models_and_tasks_are_not_looked_up(registry, write_study):
    study = load_study(registry, write_study(("ntm:memory_slots=8", "nowhere")))
    assert study.cells[0].models[1] == "nowhere"


FAULTS = {
    "syntax": ((' = "example"', " example"), "is not TOML: .*(at line 1, column 6)"),
    "key twice": (('version = 1', 'name = "twice"'), "is not TOML: .*(at line 2"),
    "top key": (('summary =', 'sumary ='), "sumary: unknown key. Did you mean 'summary'? Known: name, version"),
    "cell key": (("models =", "model ="), "cells[0].model: unknown key. Did you mean 'models'? Known: models, tasks."),
    "claim key": (("statement =", "statment ="), "claims[0].statment: unknown key. Did you mean 'statement'?"),
    "missing": (('summary = "one line"\n', ""), "summary: it is missing. Add it"),
    "metric": (("solve_rate", "solved_rate"), "claims[0].metric: unknown metric 'solved_rate'. Did you mean 'solve_r"),
    "fault": (("at_least = 0.5", "score = 'x'"), "claims[0].score: metric 'solve_rate' does not use it. Remove it."),
    "bounds": (("at_least = 0.5", "at_least = 0.5\nat_most = 0.2"), "claims[0].at_least: 0.5 is above at_most, 0.2."),
    "seeds": (('"0-1"', '"-1"'), "seeds '-1': expected numbers and ranges such as 0-9 or 3,5"),
    "type": (('"0-1"', "0"), "seeds: it should be a text in quotes, not 0."),
    "item": (('"ntm:memory_slots=8"', "8"), "cells[0].models[1]: it should be a text in quotes, not 8."),
    "empty": (('tasks = ["copy:max_length=3"]', "tasks = []"), "cells[0].tasks: it is empty. Give at least 1"),
    "no list": (('tasks = ["copy:max_length=3"]', 'tasks = "copy"'), "cells[0].tasks: it should be a list in brackets"),
    "one table": (("[[claims]]", "[claims]"), "claims: it should be keys with values, below lines [[claims]], not"),
    "no version": (("version = 1", "version = 0"), "version: it should be 1 or more, not 0."),
    "looks fall": (('"0-1"', '"0-1"\nlooks = [2, 4, 4]'), "looks[2]: 4 is not above 4, the look before. Raise it."),
    "looks without the seeds": (
        ('"0-1"', '"0,2"\nlooks = [2, 4]'),
        "looks[0]: 2 seeds are 0-1, but seeds is '0,2'. Give both the same.",
    ),
    "no looks": (('"0-1"', '"0-1"\nlooks = []'), "looks: it is empty. Give at least 1 value"),
    "looks as text": (('"0-1"', '"0-1"\nlooks = ["2"]'), "looks[0]: it should be a whole number, not '2'."),
    "claim name": (('"lstm-solves"', '"LSTM solves"'), "claims[0].name: it should be lower-case letters and digits"),
}  # fmt: skip


@pytest.mark.parametrize(("replaced", "message"), FAULTS.values(), ids=list(FAULTS))
def test_a_fault_is_named_by_file_and_line_or_key(registry, write_study, replaced, message):
    path = write_study(replaced)
    with pytest.raises(UsageError) as caught:
        load_study(registry, path)
    first, _, rest = message.partition(".*")
    assert str(caught.value).startswith(f"{path}: {first}")
    assert rest in str(caught.value)


TUNING_FAULTS = {
    'seeds = "5-7"': "seeds: seed 5 is one of those that studies compare. Tuning has seeds from 1000000 on.",
    'seeds = "x"': "seeds: seeds 'x': expected numbers and ranges such as 0-9",
    "rates = [0.2, 0.1]": "rates[1]: 0.1 is not above 0.2, the rate before. Raise it.",
    "rates = [-0.1, 0.1]": "rates[0]: it should be greater than 0, not -0.1.",
    "rates = [0.1]": "rates: it has 1 value. Give at least 2 values; see docs/studies.md.",
    'rule = "best"': "rule: it should be 'solved' or 'error', not 'best'.",
    "rats = [0.1]": "rats: unknown key. Did you mean 'rates'? Known: rates, seeds, rule.",
}


@pytest.mark.parametrize(("line", "message"), TUNING_FAULTS.items(), ids=list(TUNING_FAULTS))
def test_a_fault_of_tuning_is_named_by_its_key(registry, write_study, line, message):
    path = write_study(("[[claims]]", f"[tuning]\n{line}\n\n[[claims]]"))
    with pytest.raises(UsageError) as caught:
        load_study(registry, path)
    assert str(caught.value).startswith(f"{path}: tuning.{message}")


def test_a_study_has_no_seed_that_is_kept_for_tuning(registry, write_study):
    with pytest.raises(UsageError, match="seeds: seed 1000000 is kept for tuning, as all from 1000000 on are"):
        load_study(registry, write_study(('"0-1"', '"0,1000000"')))


def test_two_claims_of_one_name_are_an_error(registry, write_study):
    path = write_study()
    claim = Path(path).read_text().partition("[[claims]]")[2]
    Path(path).write_text(f"{Path(path).read_text()}\n[[claims]]{claim}")
    with pytest.raises(UsageError, match=r"claims\[1\]\.name: 'lstm-solves' is taken by another claim. Rename it"):
        load_study(registry, path)
