from pathlib import Path

import pytest

from mann_bench.core.field_types import check_spec
from mann_bench.core.protocol import Protocol
from mann_bench.core.specs import ConvergenceRule, ExecutorSpec, ExpectedFailure, ModelSpec, StudySpec, TaskSpec
from mann_bench.plugins import KINDS
from mann_bench.registry import Registry

ABOUT = {"name": "acme", "version": 1, "target": "acme.model:Model", "summary": "one line"}


def put(spec, **fields):
    """Put fields into a spec past the checks of types that tests run under."""
    for name, value in fields.items():
        object.__setattr__(spec, name, value)
    return spec


def model(**fields):
    return put(ModelSpec(**ABOUT), **fields)


def task(**fields):
    return put(TaskSpec(**ABOUT), **fields)


BAD = {
    "text as version": (model(version="two"), "version of a ModelSpec is 'two'; expected a whole number"),
    "bool as version": (model(version=True), "version of a ModelSpec is True"),
    "negative version": (model(version=-1), "expected 0 or more"),
    "huge version": (model(version=2**60), "expected a whole number"),
    "number as name": (model(name=3), "name of a ModelSpec is 3; expected a text"),
    "bytes as summary": (model(summary=b"x"), "summary of a ModelSpec"),
    "no reference": (model(reference=None), "reference of a ModelSpec is None; expected a text"),
    "text as requires": (
        model(requires="numpy"),
        "requires of a ModelSpec is 'numpy'; expected several of type a text",
    ),
    "texts as failures": (model(expected_failures=("causal",)), "expected several of type ExpectedFailure"),
    "failure in failures": (
        model(expected_failures=(put(ExpectedFailure("causal", "x"), reason=3),)),
        "reason of a ExpectedFailure in",
    ),
    "no class": (model(target="acme.model"), "expected 'package.module:Class'"),
    "path as target": (model(target="../x:y"), "expected 'package.module:Class'"),
    "rule": (task(convergence=0.1), "convergence of a TaskSpec is 0.1; expected ConvergenceRule"),
    "rule's number": (task(convergence=put(ConvergenceRule(), below="1")), "below of a ConvergenceRule in"),
    "not finite": (task(convergence=ConvergenceRule("x", float("nan"))), "expected a number"),
    "text as path": (put(StudySpec("acme", Path(), "one line"), path="study.toml"), "path of a StudySpec"),
    "option": (
        put(ExecutorSpec("acme", "a:B", "one line"), parallel_option=3),
        "parallel_option of a ExecutorSpec is 3; expected a text or",
    ),
    "broken batch": (put(Protocol(), batch_size=2.5), "batch_size of a Protocol is 2.5; expected a whole number"),
    "syllabus": (put(Protocol(), syllabus=None), "syllabus of a Protocol is None; expected a text"),
}


@pytest.mark.parametrize(("spec", "words"), BAD.values(), ids=list(BAD))
def test_a_field_of_another_type_is_named_with_what_was_expected(spec, words):
    with pytest.raises((TypeError, ValueError), match=words.replace("(", r"\(")):
        check_spec(spec)


GOOD = [
    model(requires=["numpy"], expected_failures=[ExpectedFailure("causal", "both ways")]),
    task(convergence=put(ConvergenceRule(), below=1)),
    StudySpec("acme", Path("study.toml"), "one line"),
    ExecutorSpec("acme", "a:B", "one line"),
    Protocol(gradient_clip_norm=None),
]


@pytest.mark.parametrize("spec", GOOD, ids=lambda spec: type(spec).__name__)
def test_what_stands_for_the_declared_type_is_let_pass(spec):
    check_spec(spec)


def test_all_that_ships_with_the_suite_is_sound():
    registry = Registry.discover(third_party=False)
    for kind in KINDS:
        for entry in registry.all_of(kind).values():
            check_spec(entry.spec)
