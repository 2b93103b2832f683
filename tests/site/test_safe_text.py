import json

import pytest

from mann_bench.site.safe_text import breakable, embedded, linked, safe_url, shown


def test_a_name_stays_as_it_is():
    assert shown("Jörg's NTM, 2nd <try> 測試") == "Jörg's NTM, 2nd <try> 測試"


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\u061c", "\x00", "\x1b", "\ufeff", "\ud800", "\u200b"])
def test_marks_that_are_not_seen_are_left_out(mark):
    assert shown(f"a{mark}b") == "ab"


def test_joiners_stay():
    assert shown("می\u200cخواهم") == "می\u200cخواهم"


def test_lines_become_one():
    assert shown(" a\n\n\tb\u2028c ") == "a b c"


def test_a_name_of_nothing_says_so():
    assert shown("\u202e\u200b ") == "(no name)"


@pytest.mark.parametrize("text", ["a" * 81, "a" * 10**7, "\x00" * 10**7])
def test_a_long_text_is_cut(text):
    assert len(shown(text)) <= 80
    assert shown(text).endswith("…")


@pytest.mark.parametrize("url", ["https://example.org/a?b=c#d", "http://example.org"])
def test_a_link_of_the_web_is_safe(url):
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        *(
            None,
            "",
            "javascript:alert(1)",
            "JaVaScRiPt:x",
            "data:text/html,x",
            "//example.org",
            "https:",
            "file:///etc",
        ),
        *("java\nscript:x", "https://[", "https://example.org/\u202e", f"https://a/{'a' * 3_000}", " https://a"),
    ],
)
def test_any_other_link_is_none(url):
    assert safe_url(url) is None


def test_addresses_in_a_text_become_links():
    made = linked("Who <2018>, https://example.org/a_(b)?c=1&d.")
    link = "https://example.org/a_(b)?c=1&amp;d"
    assert made == f'Who &lt;2018&gt;, <a href="{link}" rel="noopener noreferrer">{link}</a>.'


def test_a_variant_breaks_between_its_parts():
    assert breakable("ntm:a=<1>,b_c=2,000") == "ntm:<wbr>a=<wbr>&lt;1&gt;,<wbr>b_<wbr>c=<wbr>2,000"


def test_embedded_data_cannot_end_its_element():
    made = embedded(["</script><!--", "é"])
    assert "<" not in made
    assert json.loads(made) == ["</script><!--", "é"]


def test_embedded_numbers_are_short_and_finite():
    assert json.loads(embedded((1 / 3, 123456.789, 2e-7 / 3, 4.0, float("inf"), 0.0))) == [
        *(0.333333, 123457.0, 6.66667e-08, 4, "Infinity", 0),
    ]
