"""Standard output and standard error where they cannot hold every character: plain ones stand in for others there."""

import codecs
import io
import sys

_ERRORS = "mann_bench_plain"
_ASCII = "mann_bench_ascii"

_PLAIN = {
    **dict.fromkeys("─━╸╺╌—–−", "-"),
    **dict.fromkeys("│┃", "|"),
    **dict.fromkeys("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏•", "*"),
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
    **{"…": "...", "×": "x", "≥": ">=", "≤": "<=", "∞": "inf"},
}
"""What stands in for characters that we and our libraries print. Those of others are written as escapes."""


def show_plainly() -> None:
    """Let what the two streams cannot encode be written plainly, instead of ending the program."""
    codecs.register_error(_ERRORS, _plainly)
    codecs.register(_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # To what is called ASCII, click writes UTF-8.
            ascii_alone = codecs.lookup(stream.encoding).name == "ascii"
            if ascii_alone or stream.errors == "strict":
                stream.reconfigure(encoding=_ASCII if ascii_alone else None, errors=_ERRORS)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or c.encode("unicode_escape").decode() for c in lost), error.end


def _ascii(name: str) -> codecs.CodecInfo | None:
    if name != _ASCII:
        return None
    found = codecs.lookup("ascii")
    return codecs.CodecInfo(
        found.encode, found.decode, found.streamreader, found.streamwriter, found.incrementalencoder,
        found.incrementaldecoder, name=_ASCII,
    )  # fmt: skip
