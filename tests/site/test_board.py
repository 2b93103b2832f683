import pytest

from mann_bench.site import pairs
from mann_bench.site.build import build_site
from mann_bench.site.task_charts import MOST_POINTS

TASKS = ["copy:layout=collier2018", "repeat_copy:layout=collier2018", "associative_recall:layout=collier2018"]


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


@pytest.fixture
def large_entry(make_entry, make_record):
    """Return a function that makes an entry of three cells of five seeds, with curves as long as 900 rows keep."""

    def record(number, task, seed):
        factor = 1 + (7_919 * number + 104_729 * seed) % 9_973 / 9_973
        curve = [
            {
                "step": step,
                "sequences": 32 * step,
                "training_seconds": step * factor,
                "scores": {"bit_errors": factor / step},
            }
            for step in range(200, 200 * (MOST_POINTS // 900 + 1), 200)
        ]
        sizes = [({"length": length}, factor * length, 0.5) for length in (20, 40, 60, 80, 100, 120)]
        at = {"converged_at": 2_000 + 200 * seed, "steps": curve[-1]["step"], "best_step": 200}
        return make_record("ntm:memory_init=learned", task, seed, sizes=sizes, curve=curve, **at)

    def make(number):
        records = [record(number, task, seed) for task in TASKS for seed in range(5)]
        return make_entry(f"entry-{number}", records=records, name=f"A group of people, number {number}")

    return make


def test_a_page_of_three_hundred_entries_of_three_cells_stays_below_three_megabytes(
    make_board, large_entry, monkeypatch
):
    monkeypatch.setattr(pairs, "MOST_COMPARED", 2)
    tested = (
        3 * 276 * 150
    )  # bytes: of each task, the tests of the pairs of 24 rows, which are as many in any large board
    entries = list(map(large_entry, range(12)))
    few, many = (build_site([make_board(*entries[:count])]) for count in (4, 12))
    entry = (len(many["study/index.html"]) - len(few["study/index.html"])) / 8
    shared = sum(len(content) for path, content in many.items() if path.startswith("assets/"))
    assert len(many["study/index.html"]) + 288 * entry + tested + shared < 3_000_000


@pytest.mark.parametrize(("seeds", "shown"), [(8, True), (2, False)])
def test_a_rank_stands_only_where_any_two_rows_are_told_apart(make_board, make_entry, elements, seeds, shown):
    board = make_board(make_entry("a", [4_000] * seeds, "slow"), make_entry("b", [400] * seeds, "fast"))
    cells = elements(build_site([board])["study/index.html"], "td")
    assert any("rank" in each.words for each in cells) == shown
