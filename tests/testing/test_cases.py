import numpy as np
import pytest
import torch

from mann_bench.core.errors import PluginUnavailableError, UsageError
from mann_bench.core.specs import ExpectedFailure
from mann_bench.plugins import Plugin, Status
from mann_bench.testing import MODEL_CLAUSES, TASK_CLAUSES, ConformanceError, find_cases


@pytest.fixture
def registry(registry_with):
    return registry_with("broken_models:Sound")


def variants(cases):
    return list(dict.fromkeys(case.subject.text for case in cases))


def test_a_model_has_a_case_for_every_model_clause(registry):
    assert [case.clause for case in find_cases(["acme"], registry)] == list(MODEL_CLAUSES)


def test_a_task_has_a_case_for_every_task_clause(registry):
    assert [case.clause for case in find_cases(["copy"], registry)] == list(TASK_CLAUSES)


def test_a_plugin_has_those_of_all_that_it_brings(registry):
    assert variants(find_cases(["builtin"], registry))[:5] == ["ntm", "dnc", "sam", "sdnc", "lstm"]
    assert variants(find_cases(["acme_plugin"], registry)) == ["acme"]


def test_what_is_named_twice_is_checked_once(registry):
    cases = find_cases(["acme", "acme_plugin", "acme:width=4"], registry)
    assert variants(cases) == ["acme", "acme:width=4"]
    assert len({case.id for case in cases}) == len(cases)


def test_a_case_is_named_by_variant_and_clause(registry):
    assert find_cases(["acme:width=4"], registry)[0].id == "acme:width=4-specs"


def test_an_unknown_name_is_an_error_with_the_nearest(registry):
    with pytest.raises(UsageError, match=r"'acne' is no model, task, syllabus or plugin\. Did you mean 'acme'"):
        find_cases(["acne"], registry)


def test_an_unknown_option_is_an_error_before_anything_is_checked(registry):
    with pytest.raises(UsageError, match="no option 'widht'"):
        find_cases(["acme:widht=4"], registry)


def test_a_plugin_that_is_broken_is_unavailable(registry):
    registry.plugins.append(Plugin("bolt", "bolt-memory", "1", Status.BROKEN, "ImportError: no bolt", ("acme",)))
    with pytest.raises(PluginUnavailableError, match="no bolt"):
        find_cases(["bolt"], registry)


def test_a_plugin_with_protocols_alone_has_nothing_to_check(registry):
    registry.plugins.append(Plugin("recipes", "recipes", "1", Status.LOADED, brings=("collier2018",)))
    with pytest.raises(UsageError, match="brings no models, tasks or syllabuses, only collier2018"):
        find_cases(["recipes"], registry)


def test_an_expected_failure_is_known_to_its_case_alone(registry_with):
    declared = ExpectedFailure("causal", "it reads both ways")
    cases = find_cases(["acme"], registry_with("broken_models:Peeking", expected_failures=(declared,)))
    assert {case.clause.name: case.expected_failure for case in cases if case.expected_failure} == {"causal": declared}


def test_a_missing_requirement_is_known_and_nothing_is_loaded(registry_with):
    cases = find_cases(["acme"], registry_with("broken_models:NoSuchClass", requires=("no_such_package",)))
    assert {case.missing for case in cases} == {("no_such_package",)}


def test_what_a_model_raises_is_a_failure_with_its_cause(registry_with):
    cases = find_cases(["acme"], registry_with("broken_models:FixedChannels"))
    case = next(case for case in cases if case.clause.name == "builds")
    with pytest.raises(ConformanceError, match="RuntimeError was raised: mat1 and mat2") as caught:
        case.check()
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_check_leaves_global_generators_and_threads_alone(registry):
    def states():
        return np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()

    before = states()
    for case in find_cases(["acme", "copy"], registry):
        if case.clause.name in ("seeded", "streams"):
            case.check()
    assert states() == before
    assert torch.get_num_threads() == 1
