"""How messages read: numbers with their nouns, and texts of strangers on a terminal."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun, whose plural ends in s unless it is given: ``1 run``, ``1,000 entries``."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def printable(text: str) -> str:
    """Return a text in which all that a terminal might obey, or cannot show, is written as an escape such as ``\\x1b``.

    Lines and tabs stay.
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def unstopped(words: object) -> str:
    """Return the words of an error without the full stop that they may end in, for a sentence that goes on."""
    return str(words).rstrip().removesuffix(".")


def shortened(text: str, most: int) -> str:
    """Return a printable text on one line of at most `most` characters; it ends in ``...`` where it was longer."""
    line = printable(text[: most + 1].replace("\n", " ").replace("\t", " "))
    return line if len(line) <= most else f"{line[: most - 3]}..."


def bytes_text(count: int) -> str:
    """Return a number of bytes for people: ``157 MiB``, ``1.6 GiB``."""
    mebibytes = count / 2**20
    return f"{mebibytes / 1024:.1f} GiB" if mebibytes >= 1024 else f"{mebibytes:.0f} MiB"
