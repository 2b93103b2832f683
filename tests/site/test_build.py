import csv
import dataclasses
import io
import json

import pytest

from mann_bench.leaderboard.files import record_content
from mann_bench.reporting.render import rows_csv
from mann_bench.results.schema import Record
from mann_bench.site.build import build_site, spreadsheet_row
from mann_bench.statistics.permutation import Comparison
from mann_bench.statistics.proportion import clopper_pearson
from mann_bench.studies.measurement import Count, Measurement
from mann_bench.studies.schema import TuningTable
from mann_bench.studies.tuning_file import Trial, TunedCell, Tuning

HOSTILE = "</script><script>document.title='x'</script><style>*{display:none}</style>\u202e" + "W" * 10_000


@pytest.fixture
def site(make_board, make_entry, claim):
    board = make_board(make_entry("one"), make_entry("two", (600, 600, 800), task="repeat_copy"), claims=[claim])
    return build_site([board, make_board(name="another")])


@pytest.fixture
def hostile(make_board, make_entry, named):
    entry = make_entry("bad", name=HOSTILE, note=HOSTILE, url="javascript:alert(1)", records=[named(HOSTILE, HOSTILE)])
    return build_site([make_board(entry)])


def test_the_files_of_a_site(site):
    pages = [path for path in site if not path.startswith("assets/")]
    assert pages == [
        *("another/board.csv", "another/board.json", "another/index.html"),
        *("another/one/index.html", "another/one/records.jsonl", "index.html"),
        *("study/board.csv", "study/board.json", "study/index.html"),
        *("study/one/index.html", "study/one/records.jsonl", "study/two/index.html", "study/two/records.jsonl"),
    ]


def test_the_order_of_what_is_given_changes_nothing(make_board, make_entry):
    entries = [make_entry("a"), make_entry("b", (800, 1_000, 600)), make_entry("c", task="repeat_copy")]
    turned = [make_entry(each.identifier, records=each.records[::-1]) for each in entries[::-1]]
    boards = [make_board(*entries, name="x"), make_board(name="y")]
    assert build_site(boards) == build_site([make_board(name="y"), make_board(*turned, name="x")])


def test_every_link_and_file_exists(site, elements):
    for path, content in site.items():
        if path.endswith(".html"):
            folder = path.split("/")[:-1]
            for element in elements(content):
                way = element.attributes.get("href") or element.attributes.get("src") or "#"
                if not way.startswith(("#", "https://example.org", "data:,")):
                    up, way = way.count("../"), way.partition("#")[0]
                    assert "/".join([*folder[: len(folder) - up], way.replace("../", "")]) in site, (path, way)


def test_pages_allow_no_script_but_their_own(site, elements):
    for path in ("index.html", "study/index.html", "study/one/index.html"):
        found = elements(site[path], "meta")
        (policy,) = [e.attributes["content"] for e in found if e.attributes.get("http-equiv")]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


def test_pages_have_no_style_or_handler_of_their_own(site, elements):
    for path, content in site.items():
        for element in elements(content) if path.endswith(".html") else ():
            assert not {name for name in element.attributes if name == "style" or name.startswith("on")}
            assert element.name != "style"
            assert element.name != "script" or element.words == "" or element.attributes["type"] == "application/json"


def test_the_table_stands_in_the_page_by_rank(site, elements):
    page = site["study/index.html"]
    cells = [e for e in elements(page) if e.name in ("th", "td") and e.attributes.get("class") == "words"]
    words = [cell.words for cell in cells if cell.attributes.get("scope") != "col"]
    assert words == ["ntm", "copy", "One", "ntm", "repeat_copy", "Two"]


def test_the_downloads_hold_the_rows(site):
    rows = json.loads(site["study/board.json"])
    lines = list(csv.DictReader(io.StringIO(site["study/board.csv"].decode())))
    assert [row["entry"] for row in rows] == [line["entry"] for line in lines] == ["one", "two"]
    assert [float(line["steps_median"]) for line in lines] == [row["steps_median"] for row in rows]


def test_the_records_of_an_entry_are_as_they_were(site, make_entry):
    lines, records = site["study/one/records.jsonl"].decode().splitlines(), make_entry("one").records
    assert [f"{line}\n".encode() for line in lines] == [record_content(record) for record in records]
    assert [Record.model_validate_json(line) for line in lines] == records


def test_texts_of_strangers_are_escaped(hostile, elements):
    for path, content in hostile.items():
        if path.endswith(".html"):
            assert [e.name for e in elements(content) if e.name == "style"] == []
            assert b"<script>document" not in content
            assert "\u202e".encode() not in content
            assert len(content) < 200_000


def test_a_link_that_is_no_web_address_is_text(hostile, elements):
    content = hostile["study/bad/index.html"]
    assert "javascript:alert(1)" in content.decode()
    assert not [e for e in elements(content, "a") if "javascript" in (e.attributes["href"] or "")]


def test_claims_have_their_verdict(site):
    page = site["study/index.html"].decode()
    assert "It is &lt;faster&gt;." in page
    assert '<span class="badge">undecided</span>' in page


def test_a_claim_states_how_its_interval_was_made(make_board, claim, elements):
    measured = Measurement(0, 0, clopper_pearson(0, 302), Count(0, 302))
    site = build_site([make_board(claims=(claim._replace(measured=measured),))])
    texts = [e.words for e in elements(site["study/index.html"], "dd")]
    assert "95 % Clopper-Pearson, n = 302" in texts
    assert any(text.startswith("0 of 302 runs [0 to 0.012") for text in texts)


def test_a_claim_of_an_order_states_the_test_that_decides_it(make_board, claim, elements):
    test = Comparison(-1, 0.0004, 1.1e-05, (10, 10), "exact log-rank permutation test")
    order = claim._replace(measured=Measurement(0.95, 0.95, None, test=test))
    texts = [e.words for e in elements(build_site([make_board(claims=(order,))])["study/index.html"], "dd")]
    assert {test.words(), "first in 95 % of pairs, p = 0.0004"} <= set(texts)


def test_a_claim_on_the_greatest_size_says_so(make_board, claim, elements):
    on_target = claim._replace(claim=claim.claim.model_copy(update={"converged_on": "target"}))
    pages = [build_site([make_board(claims=(each,))])["study/index.html"] for each in (claim, on_target)]
    told = ["the greatest training size alone" in [e.words for e in elements(page, "dd")] for page in pages]
    assert told == [False, True]


@pytest.mark.parametrize("page", ["index.html", "study/index.html"])
def test_claims_are_counted_in_three_numbers(site, elements, page):
    facts = [e.words for e in elements(site[page], "dd")]
    assert "0 reproduced, 0 not reproduced, 1 undecided" in facts


def test_a_board_may_be_empty(make_board):
    from mann_bench.site.board import Board

    site = build_site([Board("study", "A study.", None, (), ())])
    assert b"no entry yet" in site["study/index.html"]
    assert (site["study/board.json"], site["study/board.csv"]) == (b"[]\n", b"\n")


def test_a_site_may_have_no_board():
    assert b"no entry yet" in build_site([])["index.html"]


def test_two_boards_of_one_name_are_refused(make_board):
    with pytest.raises(ValueError, match="two boards are named 'study'"):
        build_site([make_board(), make_board()])


def test_a_spreadsheet_reads_no_text_as_a_formula():
    row = spreadsheet_row({"name": "=1+1", "steps": -1.5, "other": "a-b"})
    assert rows_csv([row]) == "name,steps,other\n'=1+1,-1.5,a-b\n"


def test_the_page_of_a_study_names_replications(make_board, make_entry, elements):
    board = dataclasses.replace(make_board(make_entry("one")), replications=["B repeats 7 runs of A"])
    words = [each.words for each in elements(build_site([board])["study/index.html"], "p")]
    assert any(text.startswith("Some entries are replications: B repeats 7 runs of A.") for text in words)


@pytest.fixture
def tuned_entry(make_entry, make_record):
    """An entry of two models, each tuned to a rate of its own."""
    rates = {"ntm": 3e-3, "lstm": 3e-4}
    texts = {model: f"collier2018:learning_rate={rate}" for model, rate in rates.items()}
    table = TuningTable(rates=sorted(rates.values()), seeds="1000000")

    def tuned(model, rate):
        tried = {"steps": 1.0, "error": 0.0, "sequences": 700, "seconds": 1.5}
        trials = [Trial(rate=each, solved=int(each == rate), **tried) for each in table.rates]
        name = {"model": model, "task": "copy", "protocol": "collier2018", "tuned_protocol": texts[model]}
        return TunedCell(**name, rate=rate, trials=trials)

    cells = [tuned(*each) for each in rates.items()]
    tuning = Tuning(schema_version=1, study="study", study_version=1, table=table, cells=cells)
    records = [make_record(model, "copy", seed, 400, protocol=texts[model]) for model in rates for seed in range(3)]
    return make_entry("tuned", records=records, tuning=tuning)


def test_a_board_ranks_tuned_rows_with_each_other_and_tells_rate_and_cost(make_board, make_entry, tuned_entry):
    files = build_site([make_board(tuned_entry, make_entry("plain"))])
    rows = json.loads(files["study/board.json"])
    found = [(row["protocol"], row["tuned_rate"], row["tuned_sequences"]) for row in rows if "tuned_rate" in row]
    assert sorted(found) == [("collier2018:learning_rate=tuned", rate, 1400) for rate in (3e-4, 3e-3)]
    page = files["study/index.html"].decode()
    assert "tuned by 2 runs at 2 rates, 1,400 sequences, 3 s" in page
    assert "not tuned" in page
