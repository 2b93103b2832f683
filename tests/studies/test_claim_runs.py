import pytest

from mann_bench.core.errors import UsageError
from mann_bench.studies.plan import plan_study
from mann_bench.tasks.copy import Copy

TWO = ('["collier2018:max_steps=100"]', '["collier2018:max_steps=100", "collier2018:max_steps=50"]')


def claimed(*lines):
    """Replace the metric and the tolerance of the claim."""
    return ('metric = "solve_rate"', lines[0]), ("at_least = 0.5", "\n".join(["at_least = 0.5", *lines[1:]]))


def described(runs):
    return [(run.model.text, run.task.text, run.seed) for run in runs]


def test_a_claim_finds_the_runs_of_its_cell(registry, write_study):
    (claim,) = plan_study(registry, write_study()).claims
    (runs,) = claim.model
    assert described(runs) == [("lstm:units=8", "copy:max_length=3", seed) for seed in (0, 1)]
    assert claim.against == [[]]


def test_another_way_to_write_a_variant_finds_the_same_cell(registry, write_study):
    typed = [
        ('model = "lstm:units=8"', 'model = "lstm:units=8,layers=3"'),
        ('tasks = ["copy:max_length=3"]\nat', ANOTHER),
    ]
    (claim,) = plan_study(registry, write_study(*typed)).claims
    assert claim.model[0][0].text == "lstm:units=8 on copy:max_length=3, seed 0"


ANOTHER = 'tasks = ["copy:max_length=3,layout=graves2014"]\nat'


def test_a_ratio_finds_the_runs_of_both_sides_by_task(registry, write_study):
    two_tasks = '["copy:max_length=3", "copy:max_length=2"]'
    against = claimed('metric = "speed_ratio"', 'against = ["ntm:memory_slots=8"]')
    path = write_study(*2 * [('["copy:max_length=3"]', two_tasks)], *against)
    (claim,) = plan_study(registry, path).claims
    tasks = ("copy:max_length=3", "copy:max_length=2")
    assert [described(runs)[0] for runs in claim.model] == [("lstm:units=8", task, 0) for task in tasks]
    assert [described(row[0])[1] for row in claim.against] == [("ntm:memory_slots=8", task, 1) for task in tasks]


def test_a_rate_finds_the_runs_of_all_that_it_names(registry, write_study):
    several = 'protocols = ["collier2018:max_steps=50", "collier2018:max_steps=100"]'
    pooled = ('model = "lstm:units=8"', f'models = ["lstm:units=8", "ntm:memory_slots=8"]\n{several}')
    (claim,) = plan_study(registry, write_study(TWO, pooled)).claims
    found = {(cell[0].model.text, cell[0].protocol.max_steps, len(cell)) for cell in claim.model}
    assert found == {(model, steps, 2) for model in ("lstm:units=8", "ntm:memory_slots=8") for steps in (50, 100)}


def test_a_claim_names_one_of_several_protocols(registry, write_study):
    named = ("at_least", 'protocol = "collier2018:max_steps=50,grace=2000"\nat_least')
    (claim,) = plan_study(registry, write_study(TWO, named)).claims
    assert {run.protocol.max_steps for run in claim.model[0]} == {50}


BOTH = ("max_steps=100", "max_steps=100,grace_after=both")
TARGET = claimed('metric = "solve_rate"', 'converged_on = "target"')


def test_a_ratio_finds_the_runs_of_the_same_model_under_other_protocols(registry, write_study):
    lines = 'protocol = "collier2018:max_steps=50"', 'against_protocols = ["collier2018:max_steps=100"]'
    (claim,) = plan_study(registry, write_study(TWO, *claimed('metric = "speed_ratio"', *lines))).claims
    ((other,),) = claim.against
    assert {run.model.text for run in [*claim.model[0], *other]} == {"lstm:units=8"}
    assert (claim.model[0][0].protocol.max_steps, other[0].protocol.max_steps) == (50, 100)


@pytest.mark.parametrize("protocol", [BOTH, ("max_steps=100", "max_steps=100,grace=100")])
def test_a_claim_may_be_judged_on_the_greatest_size_where_runs_go_on_for_it(registry, write_study, protocol):
    assert plan_study(registry, write_study(protocol, *TARGET)).claims[0].claim.on_target


@pytest.fixture
def without_greatest_size(monkeypatch):
    """Take the greatest size away from the copy task."""
    sizes = [{"length": 1, "width": 2}, {"length": 2, "width": 1}]
    monkeypatch.setattr(Copy, "training_sizes", lambda _: sizes)


def test_a_task_without_a_greatest_size_has_no_convergence_on_it(registry, write_study, without_greatest_size):
    path = write_study(BOTH, *TARGET)
    with pytest.raises(UsageError, match="converged_on: 'copy:max_length=3' has no training size that is the greatest"):
        plan_study(registry, path)


def test_the_other_side_of_a_ratio_has_to_go_on_for_the_greatest_size_too(registry, write_study):
    own, other = "collier2018:grace=10,max_steps=100,grace_after=both", "collier2018:grace=10,max_steps=100"
    lines = f'protocol = "{own}"', f'against_protocols = ["{other}"]', 'converged_on = "target"'
    protocols = ('["collier2018:max_steps=100"]', f'["{own}", "{other}"]')
    path = write_study(protocols, *claimed('metric = "speed_ratio"', *lines))
    with pytest.raises(UsageError, match=f"converged_on: under '{other}' a run may end before it"):
        plan_study(registry, path)


CLIMBED = "collier2018:max_steps=100,syllabus=naive"


def leveled(metric, *lines, at_least=2):
    """Replace the claim by one on the level that is reached under a syllabus with a curriculum point."""
    tolerance = ("at_least = 0.5", "\n".join([f"at_least = {at_least}", *lines]))
    return ("collier2018:max_steps=100", CLIMBED), ('metric = "solve_rate"', f'metric = "{metric}"'), tolerance


def test_a_claim_on_a_level_finds_the_runs_that_climb(registry, write_study):
    path = write_study(*leveled("level_ratio", 'against = ["ntm:memory_slots=8"]'))
    (claim,) = plan_study(registry, path).claims
    assert {cell[0].syllabus.text for cell in claim.cells} == {"naive"}


def test_both_sides_of_a_ratio_of_levels_need_a_curriculum_point(registry, write_study):
    both = ('["collier2018:max_steps=100"]', f'["{CLIMBED}", "collier2018:max_steps=100"]')
    lines = f'protocol = "{CLIMBED}"', 'against_protocols = ["collier2018:max_steps=100"]'
    path = write_study(both, *claimed('metric = "level_ratio"', *lines))
    with pytest.raises(UsageError, match="with a curriculum point, and 'collier2018:max_steps=100' has none"):
        plan_study(registry, path)


FAULTS = {
    "no syllabus": (
        [("solve_rate", "level")],
        "metric: 'level' needs a syllabus with a curriculum point, and 'collier2018:max_steps=100' has none. Give ",
    ),
    "no curriculum point": (
        [("solve_rate", "level"), ("max_steps=100", "max_steps=100,syllabus=target")],
        "metric: 'level' needs a syllabus with a curriculum point, and 'collier2018:max_steps=100,syllabus=target' ",
    ),
    "level": (leveled("level", at_least=4), "at_least: the greatest level of 'copy:max_length=3' is 3. Lower 4."),
    "no protocol": (
        [TWO],
        "protocol: it is missing, and the study has several. Add one of them: collier2018:max_steps=1",
    ),
    "other protocol": (
        claimed('metric = "solve_rate"', 'protocol = "collier2018:max_steps=10"'),
        "protocol: 'collier2018:max_steps=10' is no protocol of the study. Did you mean 'collier2018:max_steps=100'?",
    ),
    "unknown protocol": (
        claimed('metric = "solve_rate"', 'protocol = "colier2018"'),
        "protocol: unknown protocol 'colier2018'. Did you mean 'collier2018'?",
    ),
    "against": (
        claimed('metric = "speed_ratio"', 'against = ["ntm:memory_slots=8", "ntm"]'),
        "against[1]: 'ntm on copy:max_length=3' is no cell of the study. Did you mean ",
    ),
    "unknown against": (
        claimed('metric = "speed_ratio"', 'against = ["nmt"]'),
        "against[0]: unknown model 'nmt'. Did you mean 'ntm'?",
    ),
    "unknown of several": (
        [('model = "lstm:units=8"', 'models = ["lstm:units=8", "nmt"]')],
        "models[1]: unknown model 'nmt'. Did you mean 'ntm'?",
    ),
    "other of several": (
        [('model = "lstm:units=8"', 'models = ["lstm:units=8", "ntm"]')],
        "models[1]: 'ntm on copy:max_length=3' is no cell of the study. Did you mean ",
    ),
    "model twice": (
        [('model = "lstm:units=8"', 'models = ["lstm:units=8", "lstm:units=8,layers=3"]')],
        "models[1]: 'lstm:units=8,layers=3' is the same model as 'lstm:units=8'. Remove one of them.",
    ),
    "task twice": (
        [('tasks = ["copy:max_length=3"]\nat', 'tasks = ["copy:max_length=3", "copy:max_length=03"]\nat')],
        "tasks[1]: 'copy:max_length=03' is the same task as 'copy:max_length=3'. Remove one of them.",
    ),
    "protocol twice": (
        claimed('metric = "solve_rate"', 'protocols = ["collier2018:max_steps=100", "collier2018:max_steps=0100"]'),
        "protocols[1]: 'collier2018:max_steps=0100' is the same protocol as 'collier2018:max_steps=100'. Remove one",
    ),
    "other of several protocols": (
        claimed('metric = "solve_rate"', 'protocols = ["collier2018:max_steps=100", "collier2018"]'),
        "protocols[1]: 'collier2018' is no protocol of the study. Did you mean ",
    ),
    "unknown task": ([('tasks = ["copy:max_length=3"]\nat', 'tasks = ["cop"]\nat')], "tasks[0]: unknown task 'cop'."),
    "other task": (
        [('tasks = ["copy:max_length=3"]\nat', 'tasks = ["copy"]\nat')],
        "model: 'lstm:units=8 on copy' is no cell of the study. Did you mean 'lstm:units=8 on copy:max_length=3'?",
    ),
    "size": (
        claimed('metric = "test_score"', 'score = "bit_errors"', "size = {length = 30}"),
        "size: 'copy:max_length=3' is not tested at {'length': 30}. Known: length 20, 40, 60, 80, 100, 120.",
    ),
    "score": (
        claimed('metric = "test_score"', 'score = "bit_error"', "size = {length = 20}"),
        "score: unknown score 'bit_error'. Did you mean 'bit_errors'? Known: loss_bits, bit_errors, ",
    ),
    "sequences": (
        claimed('metric = "training_score"', 'score = "bit_errors"', "sequences = 3201"),
        "sequences: the budget is 3200. Lower 3201, or raise max_steps.",
    ),
    "target": (
        [("max_steps=100", "max_steps=100,grace=99"), *TARGET],
        "converged_on: under 'collier2018:grace=99,max_steps=100' a run may end before it converges on the greatest "
        "size alone. Give the protocol grace_after=both.",
    ),
    "neither mix nor target": (
        claimed('metric = "solve_rate"', 'converged_on = "both"'),
        "converged_on: it should be 'mix' or 'target', not 'both'. Mend it; see docs/studies.md.",
    ),
    "against another protocol": (
        claimed('metric = "speed_ratio"', 'against_protocols = ["collier2018"]'),
        "against_protocols[0]: 'collier2018' is no protocol of the study. Did you mean ",
    ),
    "against its own protocol": (
        claimed('metric = "speed_ratio"', 'against_protocols = ["collier2018:max_steps=100"]'),
        "against_protocols[0]: it names the same runs as the claim itself. Remove it.",
    ),
    "against itself": (
        claimed('metric = "speed_ratio"', 'against = ["lstm:units=8,layers=3"]'),
        "against[0]: it names the same runs as the claim itself. Remove it.",
    ),
    "against twice": (
        claimed('metric = "speed_ratio"', 'against = ["ntm:memory_slots=8", "ntm:memory_slots=08"]'),
        "against[1]: it names the same runs as against[0]. Remove it.",
    ),
    "probe": (
        [("max_steps=100", "probe_every=0"), ("solve_rate", "generalizing_rate")],
        "metric: 'generalizing_rate' needs a probe. Give the protocol a probe_every above 0.",
    ),
}


@pytest.mark.parametrize(("replaced", "message"), FAULTS.values(), ids=list(FAULTS))
def test_a_claim_that_does_not_fit_the_study_is_an_error(registry, write_study, replaced, message):
    path = write_study(*replaced)
    with pytest.raises(UsageError) as caught:
        plan_study(registry, path)
    assert str(caught.value).startswith(f"{path}: claims[0].{message}")


@pytest.mark.parametrize("score", ["bayes_bits", "regret_bits"])
def test_the_scores_are_those_of_the_task(registry, write_study, score):
    lines = claimed('metric = "test_score"', f'score = "{score}"', "size = {bits = 200}")
    path = write_study(*2 * [("copy:max_length=3", "dynamic_ngrams")], *lines)
    assert plan_study(registry, path).claims[0].claim.score == score
