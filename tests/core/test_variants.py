import pytest

from mann_bench.core.errors import UsageError
from mann_bench.core.variants import Variant, parse_seeds, seeds_text, variant_text


@pytest.mark.parametrize(
    ("text", "name", "given"),
    [
        ("ntm", "ntm", {}),
        ("  ntm  ", "ntm", {}),
        ("ntm:memory_slots=64", "ntm", {"memory_slots": "64"}),
        ("ntm:b=2,a=none", "ntm", {"b": "2", "a": "none"}),
        ("ntm:path=x=y", "ntm", {"path": "x=y"}),
    ],
)
def test_a_variant_is_a_name_with_options(text, name, given):
    assert Variant.parse(text) == Variant(name, given)


@pytest.mark.parametrize("text", ["ntm:slots", "ntm:slots=", "ntm:=64", "ntm:a=1,", "ntm:a=1,,b=2", "ntm:,"])
def test_a_malformed_option_is_an_error_that_shows_the_grammar(text):
    with pytest.raises(UsageError, match="expected name:key=value,key=value"):
        Variant.parse(text)


@pytest.mark.parametrize("text", ["", "  ", ":a=1"])
def test_a_missing_name_is_an_error(text):
    with pytest.raises(UsageError, match="expected a name"):
        Variant.parse(text)


def test_an_option_given_twice_is_an_error_that_names_it():
    with pytest.raises(UsageError, match="'a' is given twice"):
        Variant.parse("ntm:a=1,b=2,a=1")


def test_the_canonical_text_without_options_is_the_name():
    assert variant_text("ntm", {}) == "ntm"


def test_the_canonical_text_sorts_options_by_name():
    assert variant_text("ntm", {"b": 1, "a": 2}) == variant_text("ntm", {"a": 2, "b": 1}) == "ntm:a=2,b=1"


def test_the_canonical_text_writes_values_as_a_user_would():
    options = {"bound": None, "frozen": True, "init": "random", "rate": 0.001, "slots": 64}
    assert variant_text("m", options) == "m:bound=none,frozen=true,init=random,rate=0.001,slots=64"


def test_the_canonical_text_parses_back():
    assert Variant.parse(variant_text("m", {"a": 1e-6, "b": False})).given == {"a": "1e-06", "b": "false"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a,b", "m:words~=a%2Cb"),
        ("", "m:words~="),
        (" a ", "m:words~=%20a%20"),
        (",%2C", "m:words~=%2C%252C"),
        ("ä,", "m:words~=%C3%A4%2C"),
        ("a%2Cb", "m:words=a%2Cb"),
        ("a b~=c", "m:words=a b~=c"),
    ],
)
def test_a_value_that_the_grammar_cannot_hold_has_escapes_and_no_other(value, text):
    assert variant_text("m", {"words": value}) == text
    assert Variant.parse(text) == Variant("m", {"words": value})


def test_values_with_and_without_escapes_stand_side_by_side():
    assert Variant.parse("m:a~=x%2Cy,b=%2C,c~=").given == {"a": "x,y", "b": "%2C", "c": ""}


@pytest.mark.parametrize("text", ["m:~=a", "m:a~", "m:a=1,a~=1", "m:a~=%0A", "m:a~=%1B[31m"])
def test_escapes_of_nothing_and_of_what_cannot_be_seen_are_errors(text):
    with pytest.raises(UsageError):
        Variant.parse(text)


OPTIONS = {"a": 128, "b": 0.001, "c": None, "d": True, "e": "constant"}
"""All options of a variant, of which b alone has not its default."""


@pytest.mark.parametrize(
    "written",
    [
        *("m:b=0.001", "m:b=1e-3", "m:b=.001,a=128", "m:a=128,b=0.001,c=none,d=true,e=constant"),
        *("m:e=constant,d=TRUE,c=None,b=1e-03,a=0128", " m:b = 0.001"),
    ],
)
def test_defaults_may_be_written_out_in_any_order(written):
    assert Variant.parse(written).means("m:b=0.001", OPTIONS)


@pytest.mark.parametrize(
    "written", ["m", "m:a=128", "m:b=0.002", "m:b=0.001,a=64", "m:b=0.001,d=1", "m:b=0.001,f=1", "n:b=0.001"]
)
def test_other_options_are_another_variant(written):
    assert not Variant.parse(written).means("m:b=0.001", OPTIONS)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("0", [0]),
        ("0-3", [0, 1, 2, 3]),
        ("3,5", [3, 5]),
        ("0-2,7", [0, 1, 2, 7]),
        ("7, 0-2", [0, 1, 2, 7]),
        ("1-3,2-4,3", [1, 2, 3, 4]),
        ("4-4", [4]),
        ("4294967295", [2**32 - 1]),
    ],
)
def test_seeds_are_numbers_and_ranges_sorted_each_once(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "x", "1,", ",1", "-1", "1-", "1-2-3", "1.5", "1 2", "0x1", "²", "1-x"])
def test_junk_seeds_are_an_error_that_shows_the_grammar(text):
    with pytest.raises(UsageError, match="expected numbers and ranges such as 0-9"):
        parse_seeds(text)


def test_a_backward_range_of_seeds_is_an_error_with_the_range_turned_round():
    with pytest.raises(UsageError, match="Did you mean '2-5'"):
        parse_seeds("5-2")


def test_a_seed_above_32_bits_is_an_error():
    with pytest.raises(UsageError, match="at most 4294967295"):
        parse_seeds("4294967296")


@pytest.mark.parametrize("text", ["0-100000", "0-4294967295", "0-99999,50000-149999", "0-99999,7-100000," * 500 + "1"])
def test_more_seeds_than_a_command_can_have_are_refused_however_they_are_written(text):
    with pytest.raises(UsageError, match="expected at most 100,000 in all") as caught:
        parse_seeds(text)
    assert len(str(caught.value)) < 200


def test_ranges_may_overlap_as_they_like_within_the_most_seeds():
    assert len(parse_seeds(",".join(["0-99999"] * 11))) == 100_000


@pytest.mark.parametrize("text", ["0", "0-2", "0-2,7", "3,5-6", "1,3,5"])
def test_seeds_are_written_as_they_are_read(text):
    assert seeds_text(parse_seeds(text)) == text


def test_seeds_are_written_sorted_and_once():
    assert seeds_text([7, 1, 0, 2, 1]) == "0-2,7"


def test_no_seeds_are_no_text():
    assert seeds_text([]) == ""
