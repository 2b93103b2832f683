from contextlib import suppress

import pytest

from mann_bench.core.closed_streams import EvaluationDataError, closed_to, is_closed, measuring, opened
from mann_bench.core.runs import Component
from mann_bench.core.streams import Stream, generator

ACME = Component("acme", 1, f"{__name__}:Acme", "acme-memory", "1", {}, {}, {})
KEPT = [Stream.VALIDATION, Stream.PROBE, Stream.TEST]


@pytest.mark.parametrize("stream", KEPT)
def test_closed_streams_name_themselves_and_who_asks(stream):
    message = f"acme: ask_for asks for sequences of the {stream} stream"
    with pytest.raises(EvaluationDataError, match=message), closed_to(ACME):
        ask_for(stream)


def ask_for(stream):
    generator(stream, 0, 0)


def test_the_suite_measures_what_is_closed():
    with closed_to(ACME), measuring("scores"):
        generator(Stream.TEST, 0, 0)


def test_a_model_cannot_ask_the_suite_to_measure_it():
    with pytest.raises(EvaluationDataError, match="acme: ask_to_measure asks for scores"), closed_to(ACME):
        ask_to_measure()


def ask_to_measure():
    with measuring("scores"):
        pass


@pytest.mark.parametrize("stream", [stream for stream in Stream if stream not in KEPT])
def test_streams_of_the_runs_seed_are_never_closed(stream):
    with closed_to(ACME):
        generator(stream, 0, 0)


def test_the_suite_opens_what_is_closed_for_as_long_as_it_draws():
    with closed_to(ACME):
        with opened():
            generator(Stream.TEST, 0, 0)
            assert not is_closed()
        assert is_closed()
    assert not is_closed()


def test_a_refusal_that_was_swallowed_is_raised_at_the_end():
    with pytest.raises(EvaluationDataError, match="test stream"), closed_to(ACME), suppress(EvaluationDataError):
        generator(Stream.TEST, 0, 0)
