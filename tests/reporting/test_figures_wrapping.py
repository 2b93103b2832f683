import pytest

from mann_bench.reporting.figures.wrapping import width, wrapped


@pytest.mark.parametrize("text", ["", "short", "a,b c"])
def test_text_that_fits_stays_on_one_line(text):
    assert wrapped(text, 9, 1_000) == text


def test_text_breaks_after_commas_and_spaces():
    assert wrapped("some:a=1,b=2 words", 9, 1) == "some:a=1,\nb=2\nwords"


def test_a_long_word_breaks_anywhere():
    assert wrapped("W" * 100, 9, 1) == "\n".join(["W" * 40, "W" * 40, "W" * 20])


@pytest.mark.parametrize("word", ["WWW,", "iii ", "lorem_ipsum=3,"])
def test_no_line_is_wider_than_asked_for_and_nothing_is_lost(word):
    lines = wrapped(word * 50, 9, 200).split("\n")
    assert max(width(line, 9) for line in lines) <= 200
    assert "".join(lines).replace(" ", "") == (word * 50).replace(" ", "")


def test_width_grows_with_the_letters():
    assert width("iii", 9) < width("WWW", 9) == pytest.approx(width("WWW", 18) / 2)
