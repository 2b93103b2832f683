"""Intervals cover what they are of as often as they say, and tests reject what is true no more often, in simulation."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = 200


@pytest.fixture
def simulation(benchmark_named):
    """The benchmark of coverage."""
    return benchmark_named("coverage")


@pytest.mark.parametrize("seeds", [3, 4, 6, 10])
def test_no_interval_covers_less_and_no_test_rejects_more_than_it_says(simulation, seeds):
    cases = simulation.simulate(seeds, SAMPLES)
    assert {case.quantity for case in cases} == {
        *("median", "median of scores", "share", "ratio of medians"),
        *("log-rank test", "rank-sum test", "test of shares"),
    }
    assert [case for case in cases if not case.honest(SAMPLES)] == []


def test_the_interval_of_a_mean_over_sequences_covers_as_often_as_it_says(simulation):
    assert simulation.mean_over_sequences(2_000).honest(2_000)


def test_an_interval_that_says_more_than_it_covers_is_found(simulation, monkeypatch):
    def boasting(durations):
        estimate = honest(durations)
        return estimate._replace(interval=estimate.interval._replace(level=0.95))

    honest = simulation.survival_median
    monkeypatch.setattr(simulation, "survival_median", boasting)
    found = {case.quantity for case in simulation.simulate(3, SAMPLES) if not case.honest(SAMPLES)}
    assert found == {"median"}


def test_the_table_ends_with_0_where_all_is_as_it_says(simulation, capsys):
    assert simulation.main(["--samples", "50", "--seeds", "3"]) == 0
    assert "50 samples" in capsys.readouterr().out


def test_the_page_has_every_quantity_as_often_right_as_it_says(simulation):
    lines = (ROOT / "docs/statistics.md").read_text(encoding="utf-8").splitlines()
    heading, _, *rows = [line.strip("| ").split(" | ") for line in lines if re.match(r"\| (of \| runs|:--|.*\[)", line)]
    assert heading[2:] == [f"n = {n}" for n in simulation.SEEDS]
    names = {(case.quantity, case.population) for case in simulation.simulate(3, 2)}
    assert {tuple(row[:2]) for row in rows} == names
    for quantity, population, *cells in rows:
        for n, cell in zip(simulation.SEEDS, cells, strict=True):
            kept, level = (float(number) / 100 for number in re.fullmatch(r"([\d.]+) \[([\d.]+)\]", cell).groups())
            assert simulation.Case(quantity, population, n, kept, level).honest(2_000)
