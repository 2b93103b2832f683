import pytest


@pytest.mark.parametrize("name", ["", "..", "a/b", "../a", "A", "a b", ".a", "a.", "a..b", "a" * 101, "é", "a\n"])
def test_a_name_that_is_no_folder_is_refused(make_entry, make_board, name):
    with pytest.raises(ValueError, match="cannot name a page"):
        make_board(name=name)
    if "/" not in name:  # which no folder's name has
        with pytest.raises(ValueError, match="cannot name a page"):
            make_board(make_entry(name, name="Any"))


@pytest.mark.parametrize("name", ["a", "a-b_c.2", "0", "a" * 100])
def test_a_name_may_be_any_plain_one(make_entry, make_board, name):
    (entry,) = make_board(make_entry(name)).entries
    assert entry.identifier == name


def test_two_entries_of_one_name_are_refused(make_entry, make_board):
    with pytest.raises(ValueError, match="two entries are named 'one'"):
        make_board(make_entry("one"), make_entry("one"))


def test_an_entry_has_records(make_entry):
    with pytest.raises(ValueError, match="at least 1 item"):
        make_entry(at=())
