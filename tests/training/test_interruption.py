import signal
import threading

import pytest

from mann_bench.training import interruption
from mann_bench.training.interruption import Interruption, sigterm_interrupts


@pytest.fixture(autouse=True)
def handlers_come_back():
    given = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    assert {number: signal.getsignal(number) for number in before} == before
    signal.signal(signal.SIGINT, given)


@pytest.fixture
def loop():
    """Return a function that sends signals in a loop; what it survived is noted in `loop.survived`."""

    def run(*numbers, error=None):
        run.survived = []
        with Interruption() as interruption:
            interruption.take()
            for number in numbers:
                signal.raise_signal(number)
                run.survived.append((number, interruption.came))
            if error is not None:
                raise error

    return run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_flag_and_is_raised_when_the_loop_is_left(loop, number):
    with pytest.raises(KeyboardInterrupt):
        loop(number)
    assert loop.survived == [(number, True)]


def test_without_a_signal_nothing_is_raised(loop):
    loop()


def test_a_second_signal_raises_at_once(loop, monkeypatch):
    monkeypatch.setattr(interruption, "_ONE_WISH_SECONDS", 0.0)
    with pytest.raises(KeyboardInterrupt):
        loop(signal.SIGTERM, signal.SIGINT)
    assert loop.survived == [(signal.SIGTERM, True)]


def test_signals_within_a_second_are_one(loop):
    with pytest.raises(KeyboardInterrupt):
        loop(signal.SIGTERM, signal.SIGTERM)
    assert len(loop.survived) == 2


def test_whatever_goes_wrong_after_a_signal_is_an_interruption(loop):
    with pytest.raises(KeyboardInterrupt):
        loop(signal.SIGTERM, error=RuntimeError())


def test_a_signal_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruption() as stop:
            stop.take()
            signal.raise_signal(signal.SIGINT)
            assert not stop.came
    finally:
        signal.signal(signal.SIGINT, before)


def test_another_thread_takes_no_signals():
    found = []

    def train():
        with Interruption() as stop:
            stop.take()
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert found == [signal.getsignal(signal.SIGTERM)]


def test_sigterm_raises_where_nobody_answers_it():
    with pytest.raises(KeyboardInterrupt), sigterm_interrupts():
        signal.raise_signal(signal.SIGTERM)


def test_who_answers_sigterm_already_keeps_it():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("sigterm"))
    try:
        with sigterm_interrupts():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == ["sigterm"]
