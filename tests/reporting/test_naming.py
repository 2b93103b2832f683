from mann_bench.registry import Registry
from mann_bench.reporting.naming import SCORE_WORDS


def test_the_scores_of_the_rules_of_the_suites_own_tasks_have_words():
    tasks = Registry.discover(third_party=False).tasks.values()
    assert {entry.spec.convergence.metric for entry in tasks} <= set(SCORE_WORDS)


def test_a_rule_counted_in_tokens_has_words():
    assert SCORE_WORDS["token_errors"] == "wrong tokens a sequence"
