import pytest

from mann_bench.leaderboard.schema import Badge, Check, Evidence, RunReference, earned_badge, entry_id

ONE, OTHER = "1" * 64, "2" * 64


def evidence(check, key=ONE, agrees=True):
    return Evidence(
        check=check, key=key, sha256=key, comparison="bitwise", agrees=agrees, text="equal", backend="eager",
        device_name="Some CPU", torch="2.9.0", date="2025-01-02",
    )  # fmt: skip


def run(key, weights=True):
    return RunReference(key=key, sha256=key, weights_sha256=key if weights else None)


@pytest.mark.parametrize(
    ("runs", "found", "badge"),
    [
        ([run(ONE)], [], Badge.REPORTED),
        ([run(ONE)], [evidence(Check.WEIGHTS)], Badge.RECOMPUTED),
        ([run(ONE), run(OTHER)], [evidence(Check.WEIGHTS)], Badge.REPORTED),
        ([run(ONE), run(OTHER, weights=False)], [evidence(Check.WEIGHTS)], Badge.RECOMPUTED),
        ([run(ONE, weights=False)], [], Badge.REPORTED),
        ([run(ONE), run(OTHER)], [evidence(Check.REPLAY)], Badge.REPORTED),
        ([run(ONE), run(OTHER, weights=False)], [evidence(Check.REPLAY)], Badge.REPLAYED),
        ([run(ONE)], [evidence(Check.REPLAY), evidence(Check.WEIGHTS)], Badge.REPLAYED),
        ([run(ONE)], [evidence(Check.REPLAY, agrees=False), evidence(Check.RERUN)], Badge.REPORTED),
        ([run(ONE)], [evidence(Check.FRESH)], Badge.REPORTED),
        ([run(ONE)], [evidence(Check.RERUN), evidence(Check.FRESH, agrees=False)], Badge.REPORTED),
        ([run(ONE), run(OTHER)], [evidence(Check.RERUN)], Badge.SPOT_CHECKED),
        ([run(ONE)], [evidence(Check.RERUN), evidence(Check.WEIGHTS, agrees=False)], Badge.REPORTED),
    ],
)
def test_the_badge_is_what_evidence_earns(runs, found, badge):
    assert earned_badge(runs, found) is badge


@pytest.mark.parametrize(
    ("name", "slug"), [("Ünit / Test", "unit-test"), ("漢字", "entry"), ("../..", "entry"), ("a" * 99, "a" * 40)]
)
def test_the_folder_is_named_in_plain_letters(name, slug):
    assert entry_id(name, [ONE]).rpartition("-")[0] == slug


def test_other_runs_are_another_entry():
    assert entry_id("a", [ONE]) != entry_id("a", [OTHER])
    assert entry_id("a", [ONE, OTHER]) == entry_id("a", [OTHER, ONE])
