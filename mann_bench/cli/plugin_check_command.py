"""``mann-bench plugin check``: the conformance kit without pytest."""

import json
from itertools import groupby
from textwrap import indent

import click

from mann_bench.cli.parameters import VariantType, examples, registry_of
from mann_bench.cli.problems import say
from mann_bench.core.foreign_code import stdout_apart

FAILED, UNAVAILABLE = 4, 3


@click.command(epilog=examples("mann-bench plugin check acme_memory", "mann-bench plugin check acme_memory --markdown"))
@click.argument("names", metavar="NAME...", nargs=-1, required=True, type=VariantType("models", "tasks", "syllabuses"))
@click.option("--json", "as_json", is_flag=True, help="Print each result as one line of JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="Print a report to paste into a pull request.")
@click.pass_context
def check(context: click.Context, names: tuple[str, ...], as_json: bool, as_markdown: bool) -> int:
    """Check that a model, task or syllabus meets every clause of the conformance kit.

    NAME is a model, a task or a syllabus, such as acme_memory or acme_task:length=5, or the entry point of a plugin,
    which stands for all that it brings of these. The exit code is 4 if a clause is not met, and 3 if a package that
    one of them needs is missing.
    """
    if as_json and as_markdown:
        raise click.UsageError("--json and --markdown: choose one.")
    from mann_bench.testing.cases import find_cases
    from mann_bench.testing.report import Status, markdown, run_case, summary

    quiet, results = as_json or as_markdown, []
    for variant, cases in groupby(find_cases(names, registry_of(context)), key=lambda case: case.subject.text):
        say(variant, err=quiet)
        shown: dict[str, str] = {}
        for case in cases:
            with stdout_apart():
                result = run_case(case)
            results.append(result)
            say(result.line, err=quiet)
            if result.traceback:
                first = shown.setdefault(result.traceback, result.clause)
                text = result.traceback if first == result.clause else f"The traceback is that of {first}."
                say(indent(text, " " * 4), err=quiet)
            if as_json:
                say(json.dumps(result.data()))
    if as_markdown:
        say(markdown(results))
    say(f"{summary(results)} in {sum(result.seconds for result in results):.0f} s", err=quiet)
    statuses = {result.status for result in results}
    return FAILED if Status.FAILED in statuses else UNAVAILABLE if Status.UNAVAILABLE in statuses else 0
