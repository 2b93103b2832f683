import pytest

from mann_bench.leaderboard.checks.publishable import ABSOLUTE_PATH, check_strings, check_text, check_url


def names(findings):
    return [finding.name.value for finding in findings]


@pytest.mark.parametrize("text", ["plain", "Ünïcödé 漢字 عربى", "a < b, 3 <4, x<-y", "two\nlines", "C++ & R", ""])
def test_plain_text_is_left_alone(text):
    assert names(check_text("note", text, 100, lines=True)) == []


@pytest.mark.parametrize("text", ["\u202e", "\u2066x", "\u200f", "\u200b", "\ufeff", "\0", "\x1b[2J", "\r", "\u2028"])
def test_what_is_not_seen_is_a_fault(text):
    assert names(check_text("note", f"a{text}b", 100, lines=True)) == ["control-character"]


@pytest.mark.parametrize("text", ["<b>", "</style>", "<!--", "<?php", "a<img src=x>"])
def test_what_begins_a_tag_is_a_fault(text):
    assert names(check_text("note", text, 100)) == ["markup"]


def test_a_line_break_in_a_name_is_a_fault():
    assert names(check_text("name", "a\nb", 100)) == ["control-character"]


def test_an_enormous_text_is_not_looked_into():
    assert names(check_text("name", "<script>" * 1_000_000, 100)) == ["too-long"]


@pytest.mark.parametrize("url", ["https://example.org", "https://a.b-c.de:8443/x/y?q=1&r=%20#top", "https://a.org/..b"])
def test_https_addresses_are_left_alone(url):
    assert names(check_url("url", url)) == []


@pytest.mark.parametrize(
    "url",
    ["", "http://example.org", "javascript:alert(1)", "data:text/html,x", "https://", "https://localhost",
     "https://a.org@b.org", "https://a.org/\"onclick=", "https://a.org/<b>", "HTTPS://a.org", " https://a.org",
     "https://a.org/\u202e", "//a.org/x".lstrip("/"), "https://[::1"],
)  # fmt: skip
def test_what_is_no_https_address_is_a_fault(url):
    assert names(check_url("url", url)) == ["unsafe-url"]


@pytest.mark.parametrize(
    "url", ["../x", "/etc/passwd", "~/x", "C:\\x", "file:///x", "https://a.org/../x", "https://a.org/%2E%2E/x", "..\\x"]
)
def test_what_leads_through_folders_is_a_fault(url):
    assert names(check_url("url", url)) == ["unsafe-path"]


@pytest.mark.parametrize(
    "text", ["/home/a/b.py", 'File "/home/a/b.py"', "~/a/b", "C:\\Users\\a\\b.py", "see (/tmp/x/y)"]
)
def test_absolute_paths_are_found(text):
    assert ABSOLUTE_PATH.search(text)


@pytest.mark.parametrize(
    "text", ["https://a.org/b/c", "bits/sequence", "a/b/c", "1 / 2", "AMD / Intel", "</p>", "w/o x/y"]
)
def test_what_is_no_absolute_path_is_not(text):
    assert not ABSOLUTE_PATH.search(text)


def test_strings_are_found_however_deep_with_their_place():
    (finding,) = check_strings({"model": {"given": [{"a": "<b>"}]}})
    assert (finding.name, finding.place) == ("markup", "model.given[0].a")


def test_keys_are_text_too():
    assert names(check_strings({"model": {"\u202e": 1}})) == ["control-character"]


def test_a_traceback_may_be_long_and_have_lines():
    assert names(check_strings({"error": "line\n" * 1_000})) == []
    assert names(check_strings({"other": "line\n" * 1_000})) == ["too-long"]
