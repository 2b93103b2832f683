import dataclasses

import pytest

from mann_bench.cli.power_tables import Outlook
from mann_bench.execution.plan import Plan, by_cell
from mann_bench.results.outlines import Outline
from mann_bench.statistics.looks import Looks
from mann_bench.studies.growing import Standing
from mann_bench.studies.plan import StudyPlan
from mann_bench.studies.power import Need
from mann_bench.studies.schema import Study


@pytest.fixture
def outlook(run_of, make_record):
    """The outlook of a claim of an NTM and of its pair with an LSTM, three seeds each, 3 s a run on this machine."""
    cells = by_cell(run_of(model, seed=seed) for model in ("ntm", "lstm") for seed in range(3))
    records = [make_record(model, seed=seed) for model in ("ntm", "lstm") for seed in range(3)]
    planned = StudyPlan(Study.model_construct(), Plan([]), Looks((3,)), cells, [])
    standing = Standing.of(planned, {record.key: record for record in records})
    ntm, lstm = cells
    needs = [Need("claim", "a-claim", [ntm], 10), Need("pair", "ntm and lstm", [ntm, lstm], 8)]
    return Outlook(standing, needs, [Outline.of(record) for record in records], "Some CPU", workers=2)


def test_the_time_is_that_of_the_seeds_that_lack(outlook):
    effort = outlook.of(outlook.needs[0])
    # Each has trained for 3 s and evaluated for 0.5; two processes share them.
    assert (effort.runs, effort.taken.seconds) == (7, 7 * 3.5 / 2)


def test_claims_and_pairs_share_the_seeds_of_a_cell(outlook):
    assert outlook.together.runs == 7 + 5


def test_without_a_run_on_this_machine_those_of_others_tell(outlook):
    elsewhere = dataclasses.replace(outlook, device_name="Another CPU")
    assert elsewhere.of(outlook.needs[0]) == outlook.of(outlook.needs[0])


def test_runs_on_this_machine_count_alone(outlook):
    slow = [each._replace(seconds=350.0, device_name="Another CPU") for each in outlook.outlines]
    mixed = dataclasses.replace(outlook, outlines=[*outlook.outlines, *slow])
    assert mixed.of(outlook.needs[0]).taken.seconds == 7 * 3.5 / 2


def test_without_any_run_the_time_is_unknown(outlook):
    unknown = dataclasses.replace(outlook, outlines=[])
    assert unknown.of(outlook.needs[0]).time == "unknown"
