"""Records as strangers might write them: valid ones, changed by value, by structure and byte by byte."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic

from mann_bench.results.keys import record_key
from mann_bench.results.schema import Record

ROOT = Path(__file__).parents[2]

NUMBERS = [
    0, -1, 1, 2, 3, 7, 10**12, 10**18, 2**53, 2**53 + 1, 2**63, 2**64, -(10**18), 10**400, 0.0, -0.0, 0.5, 1e-320,
    1e-30, 5e-324, 1e30, 1e100, 1.7e308, -1.7e308, "NaN", "Infinity", "-Infinity", "inf", "1", True, False,
]  # fmt: skip
TEXTS = [
    "", " ", "a", "\x1b[31mred", "[bold]", "[/x]", "[link=file:///etc/passwd]x[/link]", "a\0b", "a\nb", "a\rb",
    "a\u2028b", "\u202eabc", "\ud800", "x" * 1_000, "x" * 100_000, "../../etc/passwd", "/etc/passwd", "$(touch x)",
    "`x`", "%s%n{}",
    "<script>alert(1)</script>", "</script>", "|", "\\", "$x_1^2$", r"\input{/etc/passwd}", "&", "=1+1", "\U0001f4a9",
    "e\u0301" * 50, "collier2018", "ntm", "copy", "bit_errors", "loss_bits", "sequence_accuracy", "regret_bits", "size",
    "task", "seeds", "length", "a b", "a,b=c:d", "-",
]  # fmt: skip
OTHERS = [None, [], {}, [[]], {"": {}}, [None], {"a": 1}, [0, 1], [1, 0]]


def valid_records() -> list[dict[str, Any]]:
    """Return honest records as plain data: the committed ones, an early one, and some that ended otherwise."""
    files = [*sorted(ROOT.glob("leaderboards/*/*/records/*.json")), ROOT / "tests/results/historic/record-v1.json"]
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    nothing = {
        "steps": 0,
        "best_step": 0,
        "converged_first": None,
        "converged_confirmed": None,
        "curve": [],
        "probe": [],
    }
    nothing |= {"generalization": [], "grid": [], "weights_sha256": None, "error": "Traceback:\n  \x1b[31mred"}
    return [*found, *(copy.deepcopy(record) | nothing | {"outcome": "failed"} for record in found[:20:7])]


def mutated(valid: list[dict[str, Any]], draw: random.Random) -> bytes:
    """Return a record with one to three changes; most keep the key that belongs to what it says was run."""
    record = copy.deepcopy(draw.choice(valid))
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        draw.choice((_replace, _replace, _replace, _nudge, _nudge, _drop, _add, _repeat, _splice, _reseed, _dimension))(
            record, valid, draw
        )
    if draw.random() < 0.8:
        _give_key(record)
    content = json.dumps(record, indent=draw.choice((None, 1))).encode("utf-8", "surrogatepass")
    return _damaged(content, draw) if draw.random() < 0.15 else content


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container and index or key below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield value, name
        yield from _places(inner)


def _place(record: Any, draw: random.Random) -> tuple[Any, Any]:
    """Choose a place, any field of the record as often as another: curves would get nearly all otherwise."""
    name = draw.choice(sorted(record, key=str))
    inner = list(_places(record[name]))
    return draw.choice(inner) if inner and draw.random() < 0.8 else (record, name)


def _replace(record: Any, valid: Any, draw: random.Random) -> None:
    where, name = _place(record, draw)
    where[name] = draw.choice(draw.choice((NUMBERS, NUMBERS, TEXTS, OTHERS)))


def _nudge(record: Any, valid: Any, draw: random.Random) -> None:
    """Change a number, or all numbers of one name, to another that the schema takes."""
    field = draw.choice(sorted(record))
    numbers = [(w, n) for w, n in _places({field: record[field]}) if isinstance(w[n], int | float)]
    if not numbers:
        return
    where, name = draw.choice(numbers)
    hostile = draw.choice([0, 1, 2**53, 10**12, "NaN", "Infinity", "-Infinity", 1.7e308, -1.7e308, 5e-324, -1.0, 0.5])
    everywhere = draw.random() < 0.4
    for inner, other in numbers:
        if (inner is where or everywhere) and other == name:
            inner[other] = hostile
    if name == field:
        record[field] = hostile


def _dimension(record: Any, valid: Any, draw: random.Random) -> None:
    """Give every size another dimension, or take its first away."""
    name = draw.choice(TEXTS[22:])
    for where, key in list(_places(record)):
        if key == "size" and isinstance(where[key], dict):
            if len(where[key]) > 1:
                where[key].pop(next(iter(where[key])))
            else:
                where[key][name] = 3


def _drop(record: Any, valid: Any, draw: random.Random) -> None:
    where, name = _place(record, draw)
    del where[name]


def _add(record: Any, valid: Any, draw: random.Random) -> None:
    """Add a key, or rename one everywhere in the record."""
    places = [(where, name) for where, name in _places(record) if isinstance(where, dict)]
    where, name = draw.choice(places)
    text = draw.choice(TEXTS)
    if draw.random() < 0.5:
        where[text] = draw.choice([*NUMBERS, *TEXTS])
        return
    for inner, other in places:
        if other == name and name in inner:
            inner[text] = inner.pop(name)


def _repeat(record: Any, valid: Any, draw: random.Random) -> None:
    """Empty, repeat, reverse or shorten a list."""
    lists = [where[name] for where, name in _places(record) if isinstance(where[name], list)]
    if lists:
        rows = draw.choice(lists)
        rows[:] = draw.choice(([], rows + rows, rows[::-1], rows[:1], rows[1:], rows[:-1], rows[:1] * 5))


def _splice(record: Any, valid: Any, draw: random.Random) -> None:
    """Take a field from another record: its curve, its grid, its protocol."""
    other = draw.choice(valid)
    name = draw.choice(sorted(other))
    record[name] = copy.deepcopy(other[name])


def _reseed(record: Any, valid: Any, draw: random.Random) -> None:
    record["seed"] = draw.choice((0, 1, 2, 3, 2**32, 2**53))


def _give_key(record: Any) -> None:
    """Give a record the key of what it says was run, where it is one."""
    try:
        text = json.dumps(record).encode()
        record["key"] = record_key(Record.model_validate_json(text))
    except (ValueError, pydantic.ValidationError, RecursionError):
        return


def _damaged(content: bytes, draw: random.Random) -> bytes:
    """Truncate, flip a bit, insert bytes, give a key twice or nest deeply."""
    at = draw.randrange(len(content))
    kind = draw.randrange(6)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:at] + bytes([content[at] ^ 1 << draw.randrange(8)]) + content[at + 1 :]
    if kind == 2:
        return content[:at] + draw.randbytes(draw.choice((1, 4, 50))) + content[at:]
    if kind == 3:
        return content.replace(b'"seed":', b'"seed": 3, "seed":', 1)
    if kind == 4:
        return content[:at] + b"[" * 10_000 + content[at:]
    return content.replace(b"\\u", b"\\\\u", 1).replace(b"0", b"00", 1)
