"""No word of a plugin steers the terminal that it is printed to."""

import sys

import pytest
from rich.console import Console

from mann_bench.core.events import Finished, Notice, Started
from mann_bench.core.runs import Outcome
from mann_bench.reporting.progress import ConsoleProgress

STEERS = "\x1b]0;title\x07\x1b[31m\u202e"
PLUGIN = f"""
from mann_bench import ExpectedFailure, ModelSpec, hookimpl
@hookimpl
def mann_bench_models():
    failure = ExpectedFailure('causal', {STEERS!r})
    return [ModelSpec('acme', 1, 'acme_model:Model', {STEERS!r}, {STEERS!r}, expected_failures=(failure,))]
"""
MODEL = f'''
import torch
from mann_bench import SequenceModule
class Model(SequenceModule):
    """A model.{STEERS}

    Args:
        width: words{STEERS}.
    """
    def __init__(self, input_size: int, output_size: int, *, width: int = 3) -> None:
        super().__init__(input_size, output_size)
        self.readout = torch.nn.Linear(input_size, output_size)
    def forward(self, inputs):
        return self.readout(inputs)
    def details(self):
        return {{"kind": {STEERS!r}}}
'''


@pytest.fixture
def hostile(mann_bench, install, tmp_path, monkeypatch):
    """Return the command line beside two plugins whose every word holds escapes, one of them broken."""
    monkeypatch.delenv("MANN_BENCH_PLUGINS")
    install("acme-memory", PLUGIN)
    install("acme-broken", f"raise RuntimeError({STEERS!r})")
    (tmp_path / "acme_model.py").write_text(MODEL, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "acme_model", raising=False)
    return mann_bench


COMMANDS = {
    "list": "list models",
    "plugins": "plugins",
    "doctor": "doctor",
    "show": "show model acme",
    "show json": "show model acme --json",
    "check": "plugin check acme",
    "check markdown": "plugin check acme --markdown",
    "broken": "run --model acme-broken --task copy",
    "header": "run --model lstm --task copy --dry-run",
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=list(COMMANDS))
def test_a_command_prints_escapes_as_text(hostile, command):
    _, out, err = hostile(*command.split())
    assert not {"\x1b", "\x07", "\u202e"} & {*out, *err}
    assert "x1b" in out + err or "u001b" in out + err


def test_progress_prints_escapes_as_text(make_run, capsys):
    run = make_run()
    with ConsoleProgress(Console(stderr=True)) as progress:
        progress(Started(run))
        progress(Notice(run.key, f"acme: {STEERS}"))
        progress(Finished(run.key, Outcome.FAILED, None, f"it died: {STEERS}"))
    assert not {"\x1b", "\x07", "\u202e"} & {*(told := capsys.readouterr().err)}
    assert told.count("x1b]0;title") == 2
