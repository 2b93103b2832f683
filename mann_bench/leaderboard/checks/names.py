"""See that the names of an entry can be told from others by eye."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from mann_bench.leaderboard.faults import Fault, FaultName, Finding
from mann_bench.leaderboard.files import LoadedEntry

_TWINS = str.maketrans(
    # Cyrillic, Greek, Armenian, and Latin letters beyond ASCII, each with the ASCII letter that looks like it.
    "аеорсухіјѕԁһӏԛԝАВЕКМНОРСТУХІЈЅԌԚԜ" + "ονιυραΑΒΕΖΗΙΚΜΝΟΡΤΥΧ" + "օոսհցՕՍ" + "ɑɡıƖǀ",
    "aeopcyxijsdhlqwABEKMHOPCTYXIJSGQW" + "ovlupaABEZHIKMNOPTYX" + "onuhgOU" + "aglll",
)
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""What counts as printable, and shows nothing or changes what stands before it."""

_WORD = re.compile(r"[^\W\d_]+")


def check_seen(place: str, text: str) -> Iterator[Finding]:
    """Yield why a text cannot be told by eye: characters that are not seen, or that look like others."""
    if text.isascii():
        return
    if found := _BLANK.search(text):
        yield _finding(place, f"it holds U+{ord(found[0]):04X}, which is not seen. Remove it.")
    elif words := [word for word in _WORD.findall(text) if _is_disguised(word)]:
        plain = words[0].translate(_TWINS)
        yield _finding(place, f"{words[0]!a} looks like {plain!r}. Write it in the letters of one alphabet.")


def check_name(place: str, name: str) -> Iterator[Finding]:
    """Yield why a name cannot be told by eye, as of `check_seen`; it may not be in other forms of letters either."""
    yield from check_seen(place, name)
    if not _BLANK.search(name) and unicodedata.normalize("NFKC", name) != name:
        plain = unicodedata.normalize("NFKC", name)
        yield _finding(place, f"it holds other forms of plain characters. Write {plain!r}.")


def check_names(entries: Iterable[LoadedEntry]) -> Iterator[Fault]:
    """Yield entries of different submitters whose names differ, and look alike."""
    first: dict[str, LoadedEntry] = {}
    for loaded in sorted(entries, key=lambda each: (each.entry.date, str(each.folder))):
        entry, other = loaded.entry, first.setdefault(_skeleton(loaded.entry.name), loaded).entry
        if entry.name != other.name and entry.url != other.url:
            text = f"{entry.name!a} looks like {other.name!r}, an earlier entry of {other.url}. Choose another name."
            yield _finding("name", text).at(loaded.entry_file)


def _is_disguised(word: str) -> bool:
    """Tell whether a word that is not all Latin could be read as one that is; one letter alone is a symbol."""
    plain = word.translate(_TWINS)
    return plain != word and len(word) > 1 and all(letter.isascii() or _is_latin(letter) for letter in plain)


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")


def _skeleton(name: str) -> str:
    plain = unicodedata.normalize("NFKC", _BLANK.sub("", name)).translate(_TWINS)
    return " ".join(re.sub(r"[\W_]+", " ", plain.casefold()).split())


def _finding(place: str, text: str) -> Finding:
    return Finding(FaultName.LOOK_ALIKE, place, text)
