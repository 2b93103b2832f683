"""Import a plugin in a process of its own, after it has taken one down."""

import os
import signal
import subprocess
import sys

from mann_bench.plugins import PLUGINS_VARIABLE, Plugin

_SECONDS = 60
_OVER = "over"
_SCRIPT = f"from mann_bench.registry import Registry; Registry.discover(); print({_OVER!r})"


def trial(plugin: Plugin) -> str | None:
    """Return why a plugin cannot be imported into a process; None where that goes well by now.

    Where it takes that process down too, a new mark is left, so that it is tried again at the next start.
    """
    environment = os.environ | {PLUGINS_VARIABLE: plugin.name, "PYTHONPATH": os.pathsep.join(sys.path)}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT],
            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        how = f"it takes more than {_SECONDS} seconds"
    except OSError:
        return None
    else:
        if done.stdout.split()[-1:] == [_OVER.encode()]:
            return None
        how = _end_text(done.returncode)
    return (
        f"its import took a process of mann-bench down, and does so again ({how}). Mend or uninstall it; it is tried "
        "again at the next start"
    )


def _end_text(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
