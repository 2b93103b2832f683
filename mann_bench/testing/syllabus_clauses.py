"""What is asked of every syllabus, in the order in which it is checked."""

import copy
import json
from collections.abc import Sequence

import numpy as np

from mann_bench.core.sizes import Size, size_text
from mann_bench.core.streams import Stream, generator
from mann_bench.syllabuses.base import Syllabus, TrainedBatch
from mann_bench.testing.clause import clauses, require
from mann_bench.testing.common_clauses import check_class, check_options, check_spec, explained
from mann_bench.testing.subject import SyllabusSubject

_STEPS = 60
_EVERY = 5

_GRIDS: tuple[Sequence[Size], ...] = (
    [{"length": n} for n in range(1, 8)],
    [{"length": n, "repeats": r} for n in (1, 2, 3) for r in (1, 2)],
    [{"bits": 200}],
    [{"nodes": 3, "edges": 3}, {"nodes": 4, "edges": 5}, {"nodes": 4, "edges": 6}],
)


def specs(subject: SyllabusSubject) -> None:
    """The spec says what the syllabus is and where it comes from, with a version; the class has a docstring."""
    check_spec(subject, [clause.name for clause in SYLLABUS_CLAUSES])


def api(subject: SyllabusSubject) -> None:
    """The class is a `Syllabus`, complete."""
    check_class(subject, Syllabus, ())


def options(subject: SyllabusSubject) -> None:
    """Options are keyword-only, typed and with defaults; an unknown one is an error that names the nearest."""
    check_options(subject, lambda **given: subject.target(_GRIDS[0], **given), ("sizes",))


def draws(subject: SyllabusSubject) -> None:
    """Only training sizes are drawn, and the curriculum point is one, on grids of one and two dimensions and others."""
    for sizes in _GRIDS:
        syllabus = subject.build(sizes)
        for size in [*_followed(syllabus, 0, _STEPS), syllabus.point()]:
            require(
                size is None or dict(size) in [dict(each) for each in sizes],
                f"{size!r} came of the training sizes {', '.join(map(size_text, sizes))}",
                "one of them, or None",
                "Return sizes of self.sizes alone",
            )


def pure(subject: SyllabusSubject) -> None:
    """Draws follow from the generator and from what the syllabus was told, and from nothing else."""
    for sizes in _GRIDS:
        first, second = (_followed(subject.build(sizes), 0, _STEPS) for _ in range(2))
        require(
            first == second,
            "two syllabuses that were told the same drew other sizes",
            "the same",
            "Draw from the generator that draw and trained are given, and keep all state on self",
        )


def resumes(subject: SyllabusSubject) -> None:
    """A syllabus that goes on from `state`, by way of JSON, draws as one that was never interrupted."""
    for sizes in _GRIDS:
        whole, half = subject.build(sizes), subject.build(sizes)
        expected = _followed(whole, 0, _STEPS)[_STEPS // 2 :]
        _followed(half, 0, _STEPS // 2)
        state, resumed = json.loads(json.dumps(half.state())), subject.build(sizes)
        before = copy.deepcopy(state)
        resumed.load_state(state)
        require(
            _followed(resumed, _STEPS // 2, _STEPS) == expected and whole.point() == resumed.point(),
            "after load_state other sizes are drawn",
            "those of a run without an interruption",
            "Return all that changes from state, and take it back in load_state",
        )
        require(state == before, "load_state shares lists with what it is given", "copies of its own", "Copy them")


SYLLABUS_CLAUSES = clauses(specs, api, options, explained, draws, pure, resumes)
"""See each clause's `asks`."""


def _followed(syllabus: Syllabus, first: int, last: int) -> list[Size | None]:
    """Return what is drawn by steps that are evaluated now and then; the losses are made up, and fall."""
    drawn = []
    for step in range(first, last):
        rng = generator(Stream.SYLLABUS, 0, step)
        drawn.append(size := syllabus.draw(rng))
        if size is not None:
            loss = sum(size.values()) / (step + 1)
            syllabus.trained(TrainedBatch(size, loss / 100, loss / (step + 2)), rng)
        if step % _EVERY == 0:
            syllabus.evaluated(float(np.cos(step)))
    return drawn
