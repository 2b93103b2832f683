import dataclasses
import json

import pytest

from mann_bench.site.assets import asset_files
from mann_bench.site.build import build_site
from mann_bench.site.front import MOST_ROWS, front
from mann_bench.site.front_words import in_short, sentences
from mann_bench.site.sentence import MOST
from mann_bench.studies.claims import Verdict

SLOW, FAST = [4_000] * 8, [400] * 8


@pytest.fixture
def decided(make_board, make_entry):
    """Two boards, of which one has a slow model and the other a fast one on the same task."""
    slow, fast = make_entry("a", SLOW, "slow"), make_entry("b", FAST, "fast")
    return [make_board(slow, name="one"), make_board(fast, name="two")]


@pytest.fixture
def first_page():
    """Return a function that makes the first page of boards."""
    return lambda boards: build_site(boards)["index.html"]


def test_the_first_page_has_the_models_of_all_boards_on_each_task(decided, first_page, elements):
    rows = [each for each in elements(first_page(decided), "tr") if "data-row" in each.attributes]
    assert [row.words.split()[0] for row in rows] == ["fast", "slow"]
    assert [("8/8" in row.words, "rank" in row.words) for row in rows] == [(True, True)] * 2


def test_a_cell_says_solved_generalising_steps_and_rank(decided, first_page, elements):
    cells = [each.words for each in elements(first_page(decided), "td") if "data-value" in each.attributes]
    assert cells[0].startswith("8/8generalise 0/8400 stepsrank 1 of 2")


@pytest.fixture
def rank_words(first_page, elements):
    """Return a function that says which ranks the first page of boards shows."""

    def words(boards):
        small = elements(first_page(boards), "small")
        return {each.words for each in small if "rank" in (each.attributes.get("class") or "")}

    return words


def test_a_rank_that_may_be_any_is_undecided(make_board, make_entry, rank_words):
    boards = [make_board(make_entry("a", FAST, "slow"), make_entry("b", FAST, "fast"))]
    assert rank_words(boards) == {"undecided"}


def test_a_task_with_too_few_seeds_says_so_and_ranks_no_model(make_board, make_entry, rank_words):
    boards = [make_board(make_entry("a", (400,), "slow"), make_entry("b", (600,), "fast"))]
    assert rank_words(boards) == set()
    assert in_short(front(boards))[0].told == "too few seeds to tell any pair apart: it takes 4"


def test_the_sentences_tell_tasks_with_seeds_enough_from_the_others(decided, make_board, make_entry):
    few = make_board(make_entry("c", (400,), "slow", "mqar"), make_entry("d", (600,), "fast", "mqar"), name="three")
    boards = [*decided, few]
    told, others, _ = (each.text for each in sentences(boards, front(boards)))
    assert told.startswith("On 1 of 2 tasks the seeds are enough to tell models apart. Of 1 pair")
    assert others.startswith(
        "On the other tasks no pair can be told apart yet: models have 1 seed, and it takes 4 of each"
    )


def test_the_sentences_name_the_pairs_that_tests_tell_apart(decided):
    (told, _) = sentences(decided, front(decided))
    assert told.text == "Of 1 pair of models on a task, tests tell apart 1 by steps:"
    assert [each.text for each in told.items] == ["fast converges sooner than slow on copy"]


def test_the_sentences_name_all_models_that_one_is_better_than_together(make_board, make_entry):
    slow = [make_entry(name, (4_000,) * 12, name) for name in ("b", "c", "d")]
    boards = [make_board(make_entry("a", (400,) * 12, "fast"), *slow)]
    (told, _) = sentences(boards, front(boards))
    assert told.text == "Of 6 pairs of models on a task, tests tell apart 3 by steps:"
    assert [each.text for each in told.items] == ["fast converges sooner than b, c and d on copy"]


@pytest.mark.parametrize(("count", "unfolds"), [(MOST, ()), (MOST + 2, ("2 more",))])
def test_what_a_sentence_lists_beyond_the_first_few_unfolds(count, unfolds, make_board, make_entry, elements):
    made = [
        make_entry(f"{model}{place}", (steps,) * 8, model, f"task{place}")
        for place in range(count)
        for model, steps in (("fast", 400), ("slow", 4_000))
    ]
    page = build_site([make_board(*made)])["index.html"]
    (list_of_outcomes,) = [each for each in elements(page, "ul") if each.attributes.get("class") == "outcomes"]
    assert list_of_outcomes.words.count(" converges sooner than ") == count
    assert tuple(each.words for each in elements(page, "summary") if each.words.endswith(" more")) == unfolds


def test_without_such_a_pair_the_sentences_say_what_it_would_take(make_board, make_entry):
    boards = [make_board(make_entry("a", (400, 600), "slow"), make_entry("b", (600, 800), "fast"))]
    (told, _) = sentences(boards, front(boards))
    assert "none can be told apart yet: models have 2 seeds, and it takes 4 of each" in told.text


@pytest.fixture
def first_sentence(make_board, claim):
    """Return a function that tells what became of claims, each given by its statement and verdict, a board each."""

    def say(*stated):
        results = [claim._replace(claim=claim.claim.model_copy(update={"statement": s}), verdict=v) for s, v in stated]
        boards = [make_board(claims=(result,), name=f"b{number}") for number, result in enumerate(results)]
        return sentences(boards, front(boards))[0]

    return say


def test_the_sentences_link_to_the_claims_that_are_decided(first_sentence):
    found = first_sentence(("a", Verdict.UNDECIDED), ("b", Verdict.REPRODUCED))
    assert found.text.endswith("Decided:")
    assert found.items == [("faster of b1 (reproduced)", "b1/index.html#claim-faster")]


def test_the_page_of_a_study_has_the_place_that_a_claim_is_linked_at(make_board, claim, elements):
    page = build_site([make_board(claims=(claim,))])["study/index.html"]
    assert "claim-faster" in [each.attributes.get("id") for each in elements(page, "li")]


def test_the_sentences_count_claims_over_all_boards(first_sentence):
    found = first_sentence(("a", Verdict.UNDECIDED), ("b", Verdict.NOT_REPRODUCED), ("c", Verdict.NOT_REPRODUCED))
    assert found.text == "Of 3 claims about published results, 0 reproduced, 2 not reproduced, 1 undecided. Decided:"


def test_a_claim_that_two_studies_state_alike_counts_once_by_the_one_that_decides_it(first_sentence):
    found = first_sentence(("a", Verdict.UNDECIDED), ("a", Verdict.REPRODUCED))
    assert found.text == (
        "Of 1 claim about published results, 1 reproduced, 0 not reproduced, 0 undecided. The boards state them 2 "
        "times; a claim that several boards state counts once. Decided:"
    )


def test_a_claim_on_which_two_studies_contradict_each_other_is_undecided(first_sentence):
    found = first_sentence(("a", Verdict.NOT_REPRODUCED), ("a", Verdict.REPRODUCED))
    assert found.text.startswith("Of 1 claim about published results, 0 reproduced, 0 not reproduced, 1 undecided.")
    assert not found.items


@pytest.fixture
def generalizes_elsewhere(make_board, make_record, make_probe, make_entry):
    """Boards of which only one generalises, under a protocol that the table does not show."""
    probe, protocol = make_probe(1.0, 1.0, 1.0), "collier2018:syllabus=target"
    records = [make_record(seed=seed, steps=3_200, protocol=protocol, probe=probe) for seed in range(2)]
    table = make_board(make_entry("b"), make_entry("c", model="dnc"), name="two")
    return [make_board(make_entry("a", records=records), name="one"), table]


def test_the_sentences_link_to_what_generalises_under_other_protocols(generalizes_elsewhere):
    found = sentences(generalizes_elsewhere, front(generalizes_elsewhere))
    assert found[1].text == "Under the protocols of the table below, no seed generalises to the longest test size yet."
    assert found[2].items == [("ntm on copy (2/2, one)", "one/index.html#task=copy&model=ntm")]


def test_a_task_in_short_names_what_generalises_under_another_protocol(generalizes_elsewhere):
    (short,) = in_short(front(generalizes_elsewhere))
    assert short.generalizing == "no seed of any model; under another protocol ntm: 2/2 (one)"


def test_a_task_in_short_gives_each_model_its_own_number_of_seeds(make_board, make_entry):
    boards = [make_board(make_entry("a", (400,) * 5, "few"), make_entry("b", (400,) * 10, "many"))]
    (short,) = in_short(front(boards))
    assert short.solved == "few: 5/5; many: 10/10"


def test_a_task_in_short_names_the_models_that_come_first(make_board, make_entry):
    boards = [make_board(make_entry("a", (4_000, None), "half"), make_entry("b", (600, 800), "whole"))]
    (short,) = in_short(front(boards))
    assert (short.task, short.solved, short.soonest, short.seeds) == ("copy", "whole: 2/2", "whole: 600", "2")


def test_the_page_holds_the_test_of_each_pair(decided, first_page, elements):
    (data,) = [each for each in elements(first_page(decided), "script") if each.attributes.get("id") == "pairs"]
    ((task, first, second, ratio, tests),) = json.loads("".join(data.text))["pairs"]
    assert (task, first, second, tests[0]) == (0, 0, 1, [-1, "0.0002", True])
    assert ratio.startswith("10.00x [")


def test_a_search_finds_the_cells_of_all_boards(decided, first_page, elements):
    (data,) = [each for each in elements(first_page(decided), "script") if each.attributes.get("id") == "front"]
    made = json.loads("".join(data.text))
    found = [[*(made["words"][number] for number in each[:4]), *each[4:]] for each in made["found"]]
    assert found == [["fast", "copy", "collier2018", "two", "8/8", 1], ["slow", "copy", "collier2018", "one", "8/8", 1]]


def test_cells_link_to_their_rows_on_the_board(decided, first_page, elements):
    links = [each.attributes["href"] for each in elements(first_page(decided), "a")]
    assert "two/index.html#task=copy&model=fast" in links


def test_a_cell_of_a_variant_links_to_that_variant(make_board, make_entry, first_page, elements):
    page = first_page([make_board(make_entry("a", model="ntm:memory_slots=9"))])
    links = [each.attributes["href"] for each in elements(page, "a")]
    assert "study/index.html#task=copy&model=ntm%3Amemory_slots%3D9" in links


def test_every_link_to_a_section_of_the_first_page_leads_to_one(decided, first_page, elements):
    page = elements(first_page(decided))
    names = {each.attributes.get("id") for each in page}
    links = {each.attributes["href"][1:] for each in page if (each.attributes.get("href") or "").startswith("#")}
    assert {"boards-title", "search-title"} <= links <= names


def test_the_notes_explain_a_level_that_is_not_that_of_every_board(decided, first_page):
    stricter = dataclasses.replace(decided[0], significance=0.0125)
    words = b"this page ranks by the strictest level among its boards"
    assert [words in first_page(each) for each in (decided, [stricter, decided[1]])] == [False, True]


@pytest.fixture
def one_of_three(make_board, make_entry):
    """A board on which one model ran one of three tasks, and two models ran all."""
    tasks = ["copy", "mqar", "repeat_copy"]
    entries = [make_entry(f"{model}{n}", (at,), model, task) for n, task in enumerate(tasks)
               for model, at in (("slow", 800), ("fast", 600))]  # fmt: skip
    return [make_board(*entries, make_entry("z", (400,), "rare"))]


def test_a_model_that_ran_few_of_the_tasks_stands_last_without_points(one_of_three, first_page, elements):
    assert [(row.label, row.placed) for row in front(one_of_three).rows] == [
        ("fast", True), ("slow", True), ("rare", False),
    ]  # fmt: skip
    rows = [each.words for each in elements(first_page(one_of_three), "tr") if "data-row" in each.attributes]
    assert rows[2].startswith("rare –1 of 3 tasks")


def test_the_page_says_where_the_order_of_points_decides_nothing(one_of_three, decided, first_page):
    words = b"The intervals of all points overlap"
    assert [words in first_page(boards) for boards in (one_of_three, decided)] == [True, False]


def test_the_page_says_what_tasks_and_models_are(make_board, first_page, elements):
    board = dataclasses.replace(make_board(), task_summaries={"copy": "say it back"}, model_summaries={"ntm": "a tape"})
    assert {"say it back", "a tape"} <= {each.words for each in elements(first_page([board]), "dd")}


def test_other_protocols_are_named_with_their_boards(make_board, make_record, make_entry):
    other = [make_record("slow", seed=seed, protocol="collier2018:max_steps=9000") for seed in range(2)]
    boards = [make_board(make_entry("a", records=other), name="one"), make_board(make_entry("b"), name="two")]
    assert front(boards).elsewhere == [("collier2018:max_steps=9000", "one", 1)]


def test_a_study_with_looks_lowers_the_level_of_the_tasks_that_show_it(decided):
    stricter = dataclasses.replace(decided[0], significance=0.0125)
    assert (front(decided).significance, front([stricter, decided[1]]).significance) == (0.05, 0.0125)


def test_the_first_page_of_many_entries_stays_small(make_board, make_entry, first_page):
    entries = [make_entry(f"e{number}", (400,), f"m{number}:x={number}", f"task{number % 9}") for number in range(300)]
    boards = [make_board(*entries)]
    assert len(front(boards).rows) == MOST_ROWS
    shared = sum(len(content) for path, content in asset_files().items())
    assert len(first_page(boards)) + shared < 1_000_000


def test_the_first_page_shows_error_and_generalising_of_its_models_against_their_cost(decided, first_page, elements):
    page = elements(first_page(decided))
    figures = [each.attributes["id"] for each in page if each.name == "figure"]
    assert figures == [
        f"cost0-{kind}-{cost}" for kind in ("front", "crest") for cost in ("parameters", "state", "seconds")
    ]
    (data,) = [each for each in page if each.attributes.get("id") == "charts"]
    (section,) = json.loads("".join(data.text))["sections"]
    assert [(row, label) for row, label, _ in section["lines"]] == [(0, "fast"), (1, "slow")]


def test_a_model_has_the_style_of_the_boards_on_the_first_page(decided, elements):
    site = build_site(decided)
    styles = []
    for path in ("index.html", "one/index.html", "two/index.html"):
        (data,) = [each for each in elements(site[path], "script") if each.attributes.get("id") == "charts"]
        styles.append({label: style for _, label, style in json.loads("".join(data.text))["sections"][0]["lines"]})
    assert styles == [{"slow": 0, "fast": 1}, {"slow": 0}, {"fast": 1}]


def test_texts_of_strangers_stand_in_the_first_page_as_text(make_board, make_entry, named, first_page):
    hostile = "</script><script>alert(1)</script>\u202e"
    made = first_page([make_board(make_entry("bad", records=[named(hostile, hostile)]))])
    assert b"<script>alert" not in made
    assert "\u202e".encode() not in made
