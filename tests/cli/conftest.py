import pytest

from mann_bench.cli.main import invoke


@pytest.fixture
def mann_bench(tmp_path, monkeypatch, capsys):
    """Return a function that runs the command line in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_MODE", "disabled")
    monkeypatch.setenv("MANN_BENCH_PLUGINS", "")

    def call(*arguments):
        code = invoke([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def run(mann_bench, tiny_protocol):
    """Return a function that runs a small LSTM on a small copy task, with arguments added."""

    def call(*arguments, model="lstm:layers=1,units=8", task="copy:max_length=3", seeds="0", jobs=1, **fields):
        base = ["run", "--model", model, "--task", task, "--seeds", seeds, "--jobs", jobs]
        return mann_bench(*base, "--protocol", tiny_protocol(**fields), *arguments)

    return call
