from mann_bench.core.docstrings import Doc, words_of
from mann_bench.core.options import options_of

DOCSTRING = """Remember rows.

    A memory of `slots` rows.

    Args:
        input_size: channels, I.
        slots: rows of the memory, N: from
            one up.

            The paper uses 128.
        low, high (int): bounds of the rows,
            both included.
        silent:
        kind: ``a: b``, or ``c``.

    Raises:
        ValueError: they do not fit.
    """


def test_continuation_lines_are_joined():
    assert Doc.of(DOCSTRING).words["slots"] == "rows of the memory, N: from one up. The paper uses 128."


def test_several_names_share_their_words():
    words = Doc.of(DOCSTRING).words
    assert words["low"] == words["high"] == "bounds of the rows, both included."


def test_words_may_hold_colons():
    assert Doc.of(DOCSTRING).words["kind"] == "``a: b``, or ``c``."


def test_a_name_without_words_and_another_section_explain_nothing():
    assert not {"silent", "ValueError"} & Doc.of(DOCSTRING).words.keys()


def test_the_text_is_all_but_the_section():
    text = "Remember rows.\n\nA memory of `slots` rows.\n\nRaises:\n    ValueError: they do not fit."
    assert Doc.of(DOCSTRING).text == text


def test_a_docstring_without_the_section_or_none_at_all_explains_nothing():
    assert Doc.of("Remember rows.") == ("Remember rows.", {})
    assert Doc.of(None) == ("", {})


class Model:
    """Remember.

    Args:
        slots: rows.
        width: of the class.
    """

    def __init__(self, *, slots: int = 3, width: int = 4, bias: bool = True) -> None:
        """Build it.

        Args:
            width: of the method.
            bias: whether there is one.
        """


def test_a_class_explains_options_in_its_docstring_or_in_that_of_init():
    assert words_of(Model) == {"slots": "rows.", "width": "of the class.", "bias": "whether there is one."}


def test_an_inherited_init_is_explained_where_it_is_from():
    class Heir(Model):
        """Remember.

        Args:
            slots: rows, here many.
        """

    assert words_of(Heir) == words_of(Model) | {"slots": "rows, here many."}


def test_an_init_of_its_own_is_explained_by_its_class_alone():
    class Apart(Model):
        def __init__(self, *, slots: int = 5) -> None: ...

    assert words_of(Apart) == {}


def test_a_function_explains_its_options():
    def target(*, slots: int = 3) -> None:
        """Remember.

        Args:
            slots: rows.
        """

    assert options_of(target)["slots"].words == "rows."


def test_an_option_that_is_not_explained_has_no_words():
    def target(*, slots: int = 3) -> None: ...

    assert options_of(target)["slots"].words is None
