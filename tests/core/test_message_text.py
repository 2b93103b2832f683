import pytest

from mann_bench.core.message_text import counted, printable, shortened, unstopped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ünïcode", "plain, ünïcode"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\0\r\x7f", r"a\x00\r\x7f"),
        ("\u202eabc\u2028", r"\u202eabc\u2028"),
        ("\udc80", r"\udc80"),
    ],
)
def test_what_a_terminal_might_obey_is_an_escape(text, shown):
    assert printable(text) == shown


def test_a_long_text_is_cut():
    assert shortened("x" * 10**6, 20) == "x" * 17 + "..."


@pytest.mark.parametrize("text", ["", "x" * 20])
def test_a_text_that_fits_stays(text):
    assert shortened(text, 20) == text


def test_lines_become_one():
    assert shortened("a\nb\tc", 20) == "a b c"


@pytest.mark.parametrize(
    ("text", "shown"), [("no memory.", "no memory"), ("no memory", "no memory"), ("a. b.\n", "a. b")]
)
def test_a_sentence_goes_on_after_the_words_of_an_error(text, shown):
    assert unstopped(ValueError(text)) == shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, "run"), "0 runs"),
        ((1, "run"), "1 run"),
        ((2_000, "run"), "2,000 runs"),
        ((1, "entry", "entries"), "1 entry"),
    ],
)
def test_a_number_has_its_noun(arguments, words):
    assert counted(*arguments) == words
