import pytest

from mann_bench.core.errors import UsageError
from mann_bench.execution.plan import Block, make_plan
from mann_bench.studies.plan import plan_study

PROTOCOLS = '["collier2018:max_steps=100"]'


def test_the_runs_are_those_that_run_would_plan(registry, write_study):
    planned = plan_study(registry, write_study())
    block = Block(["lstm:units=8", "ntm:memory_slots=8"], ["copy:max_length=3"], ["collier2018:max_steps=100"])
    assert [run.key for run in planned.plan.runs] == [run.key for run in make_plan(registry, [block], [0, 1]).runs]


def test_there_are_as_many_as_the_study_counts(registry, write_study):
    planned = plan_study(registry, write_study((PROTOCOLS, '["collier2018", "collier2018:grace=0"]'), CLAIM_PROTOCOL))
    assert len(planned.plan.runs) == planned.study.run_count() == 8


CLAIM_PROTOCOL = ("at_least", 'protocol = "collier2018"\nat_least')

TYPOS = {
    "unknown model": (('"ntm:memory_slots=8"', '"nmt"'), "cells[0].models[1]: unknown model 'nmt'. Did you mean 'ntm"),
    "unknown option": (
        ("memory_slots", "memory_slot"),
        "cells[0].models[1]: model 'ntm' has no option 'memory_slot'. Did you mean 'memory_slots'?",
    ),
    "unknown task": (("copy:", "cpoy:"), "cells[0].tasks[0]: unknown task 'cpoy'. Did you mean 'copy'?"),
    "unknown key": (("reference", "referense"), "referense: unknown key. Did you mean 'reference'?"),
    "unknown key in a claim": (("source", "sauce"), "claims[0].sauce: unknown key. Did you mean 'source'?"),
    "negative seed": (('"0-1"', '"-1"'), "seeds '-1': expected numbers and ranges such as 0-9 or 3,5"),
    "duplicate cell": (
        ('"lstm:units=8", ', '"lstm:units=8", "lstm:layers=3,units=8", '),
        "cells[0]: 'lstm:layers=3,units=8' on 'copy:max_length=3' is the same cell as 'lstm:units=8' on "
        "'copy:max_length=3' in cells[0]. Remove one of them.",
    ),
    "claim on no cell": (
        ('model = "lstm:units=8"', 'model = "lstm:units=9"'),
        "claims[0].model: 'lstm:units=9 on copy:max_length=3' is no cell of the study. Did you mean 'lstm:units=8 on",
    ),
    "unknown metric": (
        ("solve_rate", "solve_ratio"),
        "claims[0].metric: unknown metric 'solve_ratio'. Did you mean 'solve_rate'?",
    ),
    "syntax": (('version = 1', "version 1"), "is not TOML: Expected '=' after a key in a key/value pair (at line 2, "),
    "bounds": (("at_least = 0.5", "at_least = 0.5\nat_most = 0.1"), "claims[0].at_least: 0.5 is above at_most, 0.1."),
    "protocol field": (
        ("max_steps", "max_step"),
        "protocols[0]: protocol 'collier2018' has no option 'max_step'. Did you mean 'max_steps'?",
    ),
}  # fmt: skip
OPTIONAL = [("version", 'reference = "r"\nversion'), ("metric", 'source = "s"\nmetric')]


@pytest.mark.parametrize(("typo", "message"), TYPOS.values(), ids=list(TYPOS))
def test_a_typo_is_named_by_file_and_line_or_key_with_the_remedy(registry, write_study, typo, message):
    path = write_study(*(OPTIONAL if typo[0] in ("reference", "source") else []), typo)
    with pytest.raises(UsageError) as caught:
        plan_study(registry, path)
    assert str(caught.value).startswith(f"{path}: {message}")


def test_a_cell_may_not_stand_in_two_blocks(registry, write_study):
    again = (
        '[[cells]]\nmodels = ["ntm:memory_init=constant,memory_slots=8"]\ntasks = ["copy:max_length=3"]\n\n[[claims]]'
    )
    with pytest.raises(
        UsageError, match=r"cells\[1\]: 'ntm:memory_init=constant.* is the same cell as 'ntm:.*cells\[0"
    ):
        plan_study(registry, write_study(("[[claims]]", again)))


def test_a_task_may_not_stand_there_twice(registry, write_study):
    with pytest.raises(UsageError, match=r"cells\[0\]: .*'copy:bits=8,max_length=3' is the same cell as"):
        plan_study(
            registry, write_study(('["copy:max_length=3"]', '["copy:max_length=3", "copy:bits=8,max_length=3"]'))
        )


def test_a_protocol_may_not_stand_there_twice(registry, write_study):
    twice = '["collier2018", "collier2018:grace=2000"]'
    with pytest.raises(
        UsageError, match=r"protocols\[1\]: 'collier2018:grace=2000' is the same protocol as 'collier20"
    ):
        plan_study(registry, write_study((PROTOCOLS, twice)))


def test_a_model_that_cannot_be_built_is_named_with_the_file(registry, write_study):
    with pytest.raises(UsageError, match=r"study\.toml: model 'ntm:memory_slots=0' cannot be built: memory_slots must"):
        plan_study(registry, write_study(("slots=8", "slots=0")))


LOOKS = ('"0-1"', '"0-1"\nlooks = [2, 4]')


def test_the_first_look_is_the_plan_that_the_study_has_without_looks(registry, write_study):
    plain, growing = (plan_study(registry, write_study(*replaced)) for replaced in ([], [LOOKS]))
    assert [run.key for run in growing.plan.runs] == [run.key for run in plain.plan.runs]


def test_cells_and_claims_have_the_runs_of_all_looks(registry, write_study):
    planned = plan_study(registry, write_study(LOOKS))
    assert [[run.seed for run in cell] for cell in planned.cells.values()] == [[0, 1, 2, 3]] * 2
    assert [run.seed for run in planned.claims[0].model[0]] == [0, 1, 2, 3]
    assert planned.claims[0].looks.sizes == (2, 4)


def test_a_study_without_looks_has_one_at_all_of_its_seeds(registry, write_study):
    planned = plan_study(registry, write_study(('"0-1"', '"3,5,9"')))
    assert planned.looks.sizes == (3,)
    assert [run.seed for run in planned.all_runs] == [3, 5, 9] * 2


@pytest.mark.parametrize(("seeds", "runs"), [([], 2), ([0, 1], 2), ([2], 4)])
def test_a_cell_has_begun_the_look_of_its_last_record(registry, write_study, seeds, runs):
    planned = plan_study(registry, write_study(LOOKS))
    first, second = planned.cells.values()
    assert planned.begun({first[seed].key for seed in seeds}) == [*first[:runs], *second[:2]]
