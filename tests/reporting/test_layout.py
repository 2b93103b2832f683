import pytest

from mann_bench.reporting.layout import fitting_widths, in_columns, indented, natural_widths, stacked, wrapped

VARIANT = "ntm:controller=feedforward,memory_slots=64"


def test_a_text_is_wrapped_between_words():
    assert wrapped("the quick brown fox", 10) == ["the quick", "brown fox"]


@pytest.mark.parametrize("text", ["", "word", "a longer text"])
def test_a_text_that_fits_is_a_line(text):
    assert wrapped(text, 20) == [text]


def test_a_word_is_never_broken():
    assert wrapped("an unbreakable word", 5) == ["an", "unbreakable", "word"]


def test_a_number_is_never_broken():
    assert wrapped("31,250 1:20", 3) == ["31,250", "1:20"]


def test_a_variant_that_is_longer_than_a_line_is_broken_between_its_options():
    assert wrapped(f"a {VARIANT}", 26) == ["a", "ntm:", "controller=feedforward,", "memory_slots=64"]


def test_a_variant_that_fits_a_line_of_its_own_stays_whole():
    assert wrapped(f"one of {VARIANT}", len(VARIANT)) == ["one of", VARIANT]


def test_bounds_and_shares_keep_their_signs():
    assert wrapped("> 6,250 [2,400, > 6,250; 75 %]", 9) == ["> 6,250", "[2,400,", "> 6,250;", "75 %]"]


def test_wide_characters_take_two_columns():
    assert (natural_widths([["神経"]]), wrapped("神経 神経", 5)) == ([4], ["神経", "神経"])


def test_the_widest_column_is_narrowed_first():
    assert fitting_widths([["one two three", "four"]], 12) == [8, 4]


def test_words_that_are_too_long_do_not_fit():
    assert fitting_widths([["unbreakable", "word"]], 12) is None


def test_rows_of_too_many_lines_do_not_fit():
    assert fitting_widths([["a b c d", "word"]], 6, most_lines=3) is None


def test_a_row_goes_on_below_itself():
    lines = in_columns([["a b", "1"], ["c", "22"]], [1, 3], "  ", [True, False])
    assert lines == [["a    1", "b"], ["c   22"]]


def test_a_stacked_row_is_a_block_below_its_keys():
    assert stacked(["task", "model", "steps", "NaN"], [["copy", "ntm", "200", "0"]], 2, 40) == [
        ["copy, ntm", "  steps   200", "  NaN     0"]
    ]


def test_a_note_goes_on_indented():
    assert indented("a note of some words", 12) == ["  a note", "    of some", "    words"]
