import pytest


@pytest.mark.parametrize("name", ["", "..", "a/b", "../a", "A", "a b", ".a", "a.", "a..b", "a" * 101, "é", "a\n"])
def test_a_name_that_is_no_folder_is_refused(make_entry, make_board, name):
    for make in (lambda: make_entry(name), lambda: make_board(name=name)):
        with pytest.raises(ValueError, match="cannot name a page"):
            make()


@pytest.mark.parametrize("name", ["a", "a-b_c.2", "0", "a" * 100])
def test_a_name_may_be_any_plain_one(make_entry, name):
    assert make_entry(name).identifier == name


def test_two_entries_of_one_name_are_refused(make_entry, make_board):
    with pytest.raises(ValueError, match="two entries are named 'one'"):
        make_board(make_entry("one"), make_entry("one"))


def test_an_entry_has_records(make_entry):
    with pytest.raises(ValueError, match="has no records"):
        make_entry(at=())
