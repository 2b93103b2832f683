import json
from typing import Literal, Optional

import pytest

from mann_bench.core.errors import UsageError
from mann_bench.core.options import option_text, options_of, resolve_options


def everything(
    size: int = 1,
    *,
    flag: bool = False,
    slots: int = 3,
    rate: float = 0.5,
    label: str = "a",
    init: Literal["constant", "learned"] = "constant",
    order: Literal[1, 2] = 1,
    bound: float | None = 20.0,
    limit: Optional[int] = None,  # noqa: UP045
) -> None: ...


def parse(name, text):
    return options_of(everything)[name].parse(text)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("flag", "true", True),
        ("flag", "True", True),
        ("flag", "false", False),
        ("flag", "False", False),
        ("slots", "64", 64),
        ("slots", "-1", -1),
        ("rate", "1e-3", 0.001),
        ("rate", "2", 2.0),
        ("label", "any text", "any text"),
        ("init", "learned", "learned"),
        ("order", "2", 2),
        ("bound", "none", None),
        ("bound", "None", None),
        ("bound", "5", 5.0),
        ("limit", "7", 7),
        ("limit", "none", None),
    ],
)
def test_text_becomes_a_value_of_the_options_type(name, text, value):
    parsed = parse(name, text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("flag", "1"),
        ("flag", "yes"),
        ("flag", "none"),
        ("slots", "64.0"),
        ("slots", "none"),
        ("rate", "fast"),
        ("rate", "none"),
        ("init", "Learned"),
        ("init", "random"),
        ("order", "3"),
        ("bound", "off"),
        ("limit", "1.5"),
    ],
)
def test_text_of_another_type_is_refused(name, text):
    with pytest.raises(ValueError, match=text):
        parse(name, text)


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("name", ["rate", "bound"])
def test_numbers_that_json_cannot_carry_are_refused(name, text):
    with pytest.raises(ValueError, match=text):
        parse(name, text)


def test_none_is_no_string_where_an_option_may_be_absent():
    def target(*, label: str | None = "a") -> None: ...

    assert options_of(target)["label"].parse("none") is None


def test_options_are_the_keyword_only_parameters_of_a_class():
    class Model:
        def __init__(self, input_size: int, *, slots: int = 3) -> None: ...

    assert list(options_of(Model)) == ["slots"]
    assert options_of(Model)["slots"].default == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("flag", "true|false"),
        ("slots", "int"),
        ("label", "str"),
        ("init", "constant|learned"),
        ("order", "1|2"),
        ("bound", "float|none"),
        ("limit", "int|none"),
    ],
)
def test_types_read_as_users_would_type_them(name, text):
    assert options_of(everything)[name].type_text == text


def test_an_option_without_default_is_the_plugins_fault():
    def target(*, slots: int) -> None: ...

    with pytest.raises(TypeError, match=r"'slots'.*needs a type annotation and a default"):
        options_of(target)


def test_an_option_without_annotation_is_the_plugins_fault():
    def target(*, slots=3) -> None: ...

    with pytest.raises(TypeError, match=r"'slots'.*needs a type annotation and a default"):
        options_of(target)


def test_an_option_of_a_type_that_text_cannot_express_is_the_plugins_fault():
    def target(*, slots: list[int] | None = None) -> None: ...

    with pytest.raises(TypeError, match="an option cannot be of type"):
        options_of(target)


def test_resolving_fills_in_defaults():
    values = resolve_options(options_of(everything), {"slots": "4"}, "model 'm'")
    assert values == {
        "flag": False,
        "slots": 4,
        "rate": 0.5,
        "label": "a",
        "init": "constant",
        "order": 1,
        "bound": 20.0,
        "limit": None,
    }


def test_an_unknown_option_is_an_error_with_the_nearest_match():
    with pytest.raises(UsageError, match=r"model 'm' has no option 'slot'\. Did you mean 'slots'\?"):
        resolve_options(options_of(everything), {"slot": "4"}, "model 'm'")


def test_an_unknown_option_is_an_error_that_lists_the_valid_ones():
    with pytest.raises(UsageError, match=r"Valid options: bound, flag, init, label, limit, order, rate, slots\."):
        resolve_options(options_of(everything), {"zzz": "4"}, "model 'm'")


def test_an_unknown_option_of_something_without_options_says_so():
    with pytest.raises(UsageError, match=r"Valid options: none\."):
        resolve_options({}, {"zzz": "4"}, "model 'm'")


def test_a_wrong_type_is_an_error_that_names_option_type_and_text():
    with pytest.raises(UsageError, match=r"model 'm': option 'init' takes constant\|learned, not 'random'\."):
        resolve_options(options_of(everything), {"init": "random"}, "model 'm'")


def test_a_whole_number_as_default_of_a_float_is_the_same_as_typing_it():
    def target(*, clip: float = 20) -> None: ...

    options = options_of(target)
    by_default, typed = (resolve_options(options, given, "m") for given in ({}, {"clip": "20"}))
    assert json.dumps(by_default) == json.dumps(typed)


@pytest.mark.parametrize("name", ["flag", "slots", "rate", "label", "init", "order", "bound", "limit"])
def test_the_text_of_a_default_parses_back_to_it(name):
    default = options_of(everything)[name].default
    assert parse(name, option_text(default)) == default
