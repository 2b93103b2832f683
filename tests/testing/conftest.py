import pytest

from mann_bench.testing import find_cases, run_case

SLOW = {"trains", "speed", "overfits", "remembers"}


@pytest.fixture
def failures(registry_with):
    """Return a function that gives the message of every clause that a class does not meet, by the clause's name.

    The clauses that take long are left out unless they are `also` asked for.
    """

    def find(target, also=(), text="acme", **fields):
        cases = find_cases([text], registry_with(target, **fields))
        results = [run_case(case) for case in cases if case.clause.name not in SLOW - {*also}]
        return {result.clause: result.note for result in results if result.status == "failed"}

    return find
