"""Standard output and standard error: plain characters stand in for those that they cannot hold, and words for people
who stopped reading end nothing."""

import codecs
import io
import os
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


class _Lasting(io.TextIOWrapper):
    """A stream that goes nowhere from when it can no longer be written to: its reader is gone, or its disk is full."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError:  # its reader is gone, or its disk is full
            self._turn_away()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            self._turn_away()

    def _turn_away(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def settle_streams() -> None:
    """Let what the two streams cannot encode be written plainly, and let standard error be closed by its reader.

    Neither ends the program then. A standard output that is closed does: nobody reads the results.
    """
    codecs.register_error(_ERRORS, _plainly)
    codecs.register(_ascii)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # To what is called ASCII, click writes UTF-8.
            ascii_alone = codecs.lookup(stream.encoding).name == "ascii"
            if ascii_alone or stream.errors == "strict":
                stream.reconfigure(encoding=_ASCII if ascii_alone else None, errors=_ERRORS)
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _Lasting(
            sys.stderr.buffer, encoding=sys.stderr.encoding, errors=sys.stderr.errors, line_buffering=True
        )


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
