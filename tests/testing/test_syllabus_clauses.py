"""Every defect fails the clause that names it, and no other."""

import pytest

DEFECTS = {
    "Forgetful": ("resumes", "after load_state other sizes are drawn"),
    "DrawsGlobally": ("pure", "drew other sizes"),
    "DrawsBeyond": ("draws", "came of the training sizes"),
    "SharesState": ("resumes", "shares lists"),
    "Swallowing": ("options", "took the option"),
}


def test_a_sound_syllabus_passes(failures):
    assert failures("broken_syllabuses:Sound") == {}


@pytest.mark.parametrize("target", DEFECTS)
def test_a_defect_fails_the_clause_that_names_it(failures, target):
    clause, told = DEFECTS[target]
    found = failures(f"broken_syllabuses:{target}")
    assert told in found.pop(clause)
    assert set(found) <= {"resumes"}
