"""What this plugin brings to mann-bench; tasks and syllabus are loaded on first use."""

from pathlib import Path

from mann_bench import ConvergenceRule, StudySpec, SyllabusSpec, TaskSpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)

_GRAVES = "Graves et al. 2016, https://doi.org/10.1038/nature20101"

_RULE = ConvergenceRule("sequence_error_rate", below=0.1)
"""That of the paper for a lesson: 90 % of the examples have every triple right."""


@hookimpl
def mann_bench_tasks() -> list[TaskSpec]:
    """Return the two tasks."""
    return [
        TaskSpec(
            name="graph_traversal",
            version=1,
            target="mann_bench_graphs.traversal:GraphTraversal",
            summary="follow edges through a graph that was described edge by edge",
            reference=_GRAVES,
            convergence=_RULE,
        ),
        TaskSpec(
            name="graph_inference",
            version=1,
            target="mann_bench_graphs.inference:GraphInference",
            summary="tell where a relation leads, a chain of edges that is never shown",
            reference=_GRAVES,
            convergence=_RULE,
        ),
    ]


@hookimpl
def mann_bench_syllabuses() -> list[SyllabusSpec]:
    """Return the syllabus of both tasks: it goes through the lessons of whichever is trained."""
    return [
        SyllabusSpec(
            name="lessons",
            version=1,
            target="mann_bench_graphs.syllabus:Lessons",
            summary="one lesson at a time, now and then an earlier one",
            reference=_GRAVES,
        )
    ]


@hookimpl
def mann_bench_studies() -> list[StudySpec]:
    """Return the study."""
    return [
        StudySpec(
            "graph-lessons",
            Path(__file__).with_name("graph-lessons.toml"),
            "the lessons of graph traversal and inference that DNC, NTM and LSTM reach, a short budget",
        )
    ]
