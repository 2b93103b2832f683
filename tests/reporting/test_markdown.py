import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mann_bench.reporting.markdown import escaped, fenced, line, markdown
from mann_bench.reporting.tables.table import Table

MARKUP = {
    "<img src=x onerror=y>": r"\<img src=x onerror=y>",
    "[click](https://example.org)": r"[click\](https://example.org)",
    "![](x)": r"![\](x)",
    "**bold** _slanted_ `code`": r"\*\*bold\*\* \_slanted\_ \`code\`",
    "a | b": r"a \| b",
    "~~gone~~ $x$": r"\~\~gone\~\~ \$x\$",
    "&lt;b&#62;": r"\&lt;b\&#62;",
    "back\\slash": r"back\\slash",
    "two\n# lines": "two # lines",
    "\x1b[31mred": r"\\x1b[31mred",
}


@pytest.mark.parametrize(("text", "shown"), MARKUP.items())
def test_markup_is_shown_as_it_is(text, shown):
    assert escaped(text) == shown


@given(st.text("ab1 \\`*_|~$[]()<>&#!:;/=-.'\"\n", min_size=1).filter(str.strip))
def test_a_reader_of_markdown_shows_any_text_as_it_is(text):
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    shown = reader.render(f"| title |\n|:--|\n{line([text])}\n")
    cell = shown.partition("<tbody>")[2].partition("</td>")[0].partition('left">')[2]
    assert html.unescape(cell) == " ".join(text.split())
    assert "<" not in cell


@pytest.mark.parametrize("text", ["repeat_copy:max_length=3", "2,200 [1,800, > 31,250]", "< 0.1", "4/5 [28, 99 %]"])
def test_the_words_of_tables_stay_as_they_are(text):
    assert escaped(text) == text


def test_a_row_has_as_many_cells_as_it_was_given():
    assert line(["a|b", "c\nd"]) == r"| a\|b | c d |"


def test_titles_and_notes_are_escaped_too():
    text = markdown(Table("<b>", ["model"], [["x"]], ["*note*"]))
    assert r"**\<b>**" in text
    assert r"- \*note\*" in text


def test_a_fence_is_longer_than_any_in_the_text():
    assert fenced("a\n````\nb")[0] == "`````text"
