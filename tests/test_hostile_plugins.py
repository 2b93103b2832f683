"""What the module of a plugin may try while it is imported, and what becomes of it."""

import json
import signal
import subprocess
import sys

import pytest

from mann_bench.core.plugin_code import PluginWarning
from mann_bench.plugins import Status
from mann_bench.registry import Registry

SOUND = """
from mann_bench import ModelSpec, hookimpl
@hookimpl
def mann_bench_models():
    return [ModelSpec('sound', 1, 'a:B', 'one line')]
"""
LIST = "import sys; from mann_bench.cli.main import main; sys.argv = ['mann-bench', 'list', 'models', '--json']; main()"


def row(name="acme-bad"):
    return next(plugin for plugin in Registry.discover().plugins if plugin.name == name)


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Return a function that lists the models in a process of its own, which sees the plugins of the test."""
    monkeypatch.setenv("MANN_BENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return lambda: subprocess.run([sys.executable, "-c", LIST], capture_output=True, text=True, check=False)


@pytest.fixture
def stops_at_ctrl_c():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
    yield
    signal.signal(signal.SIGINT, before)


def names(done):
    return {json.loads(line)["name"] for line in done.stdout.splitlines()}


ENDINGS = {
    "sys.exit": ("import sys; sys.exit(0)", "SystemExit: 0"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "GeneratorExit": ("raise GeneratorExit", "GeneratorExit"),
    "BaseException": ("raise BaseException('all of it')", "BaseException: all of it"),
    "in a hook": (SOUND.replace("return [", "raise KeyboardInterrupt; ["), "KeyboardInterrupt"),
    "no message": ("class E(Exception):\n    __str__ = None\nraise E", "E: (its message cannot be shown)"),
}


@pytest.mark.parametrize(("source", "reason"), ENDINGS.values(), ids=list(ENDINGS))
def test_whatever_a_module_raises_is_its_own_fault_alone(install, source, reason):
    install("acme-bad", source)
    install("acme-sound", SOUND)
    registry = Registry.discover()
    assert next(each for each in registry.plugins if each.name == "acme-bad").status is Status.BROKEN
    assert reason in row().reason
    assert {"sound", "ntm"} <= set(registry.models)


@pytest.mark.parametrize("answer", ["", "except BaseException: pass"], ids=["raised", "swallowed"])
def test_ctrl_c_during_an_import_is_the_users(install, answer, capsys, stops_at_ctrl_c):
    pressed = f"import signal\ntry: signal.raise_signal(signal.SIGINT)\n{answer or 'finally: pass'}"
    install("acme-bad", pressed)
    with pytest.raises(KeyboardInterrupt):
        Registry.discover()
    assert "Stopped while plugin 'acme-bad' of distribution 'acme-bad' was being imported" in capsys.readouterr().err


def test_the_answers_to_signals_come_back(install):
    before = signal.getsignal(signal.SIGINT)
    install("acme-bad", "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)")
    Registry.discover()
    assert signal.getsignal(signal.SIGINT) is before


PRINTS = {
    "print": "print('noise')",
    "descriptor": "import os; os.write(1, b'noise')",
    "process": "import subprocess; subprocess.run(['echo', 'noise'])",
}


@pytest.mark.parametrize("source", PRINTS.values(), ids=list(PRINTS))
def test_what_a_module_prints_is_kept_apart_from_the_output(install, command, source):
    install("acme-bad", f"{source}\n{SOUND}")
    done = command()
    assert "sound" in names(done)
    assert "noise" in done.stderr


def test_a_module_that_hangs_is_named_with_a_way_out(install, monkeypatch, capsys):
    monkeypatch.setattr("mann_bench.core.foreign_code._PATIENCE_SECONDS", 0.02)
    install("acme-bad", "import time; time.sleep(0.3)")
    Registry.discover()
    assert "plugin 'acme-bad' of distribution 'acme-bad' is still being imported" in (told := capsys.readouterr().err)
    assert "--no-plugins" in told


DEADLY = {"exits": "os._exit(0)", "is killed": "os.kill(os.getpid(), 9)"}


@pytest.mark.parametrize("deed", DEADLY.values(), ids=list(DEADLY))
def test_a_module_that_takes_the_process_down_is_found_at_the_next_start(install, command, deed):
    install("acme-bad", f"import os; {deed}")
    install("acme-sound", SOUND)
    assert names(command()) == set()
    for _ in range(2):
        assert "sound" in names(done := command())
        assert "was being imported" in done.stderr
        assert "plugin 'acme-bad'" in done.stderr


def test_a_module_that_takes_the_process_down_no_more_is_loaded_again(install, command, tmp_path):
    install("acme-bad", "import os; os._exit(3)")
    assert command().returncode == 3
    (tmp_path / "acme_bad_plugin.py").write_text(SOUND)
    assert "sound" in names(command())
    assert "Warning" not in command().stderr
    assert list((tmp_path / "cache" / "importing").iterdir()) == []


def test_a_cache_that_cannot_be_written_to_breaks_nothing(install, tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("no folder")
    monkeypatch.setenv("MANN_BENCH_CACHE", str(tmp_path / "cache"))
    install("acme-sound", SOUND)
    assert "sound" in Registry.discover().models


CHANGES = {
    "default_dtype from float32 to float64": "import torch; torch.set_default_dtype(torch.float64)",
    "default_device from cpu to meta": "import torch; torch.set_default_device('meta')",
    "float32_matmul_precision": "import torch; torch.set_float32_matmul_precision('medium')",
    "grad from True to False": "import torch; torch.set_grad_enabled(False)",
    "deterministic from 0 to 2": "import torch; torch.use_deterministic_algorithms(True)",
    "anomaly_detection": "import torch; torch.autograd.set_detect_anomaly(True)",
    "flush_denormal": "import torch; torch.set_flush_denormal(True)",
    "autocast_cpu": "import torch; torch.set_autocast_enabled('cpu', True)",
    "mkldnn": "import torch; torch.backends.mkldnn.enabled = False",
    "threads": "import torch; torch.set_num_threads(3)",
    "numpy_over from warn to raise": "import numpy; numpy.seterr(over='raise')",
    "the filters of warnings": "import warnings; warnings.simplefilter('ignore')",
    "the environment variable OMP_STRANGE": "import os; os.environ['OMP_STRANGE'] = '1'",
    "the environment variable PATH": "import os; del os.environ['PATH']",
    "the current folder": "import os; os.chdir('/')",
}


@pytest.mark.parametrize(("change", "source"), CHANGES.items(), ids=[each.split(" from")[0] for each in CHANGES])
def test_a_module_that_changes_what_is_global_is_named_and_undone(install, change, source):
    from mann_bench.core.process_state import ProcessState

    before = ProcessState.now()
    install("acme-bad", f"{source}\n{SOUND}")
    with pytest.warns(PluginWarning, match=f"plugin 'acme-bad' of distribution 'acme-bad' changed {change}"):
        Registry.discover()
    after = ProcessState.now()
    assert after == before
    assert row().status is Status.LOADED


def test_a_library_may_treat_its_own_warnings(install):
    install("acme-sound", f"import warnings\nclass W(Warning): pass\nwarnings.simplefilter('ignore', W)\n{SOUND}")
    Registry.discover()


def test_a_module_leaves_the_random_generators_alone(install):
    import torch

    torch.manual_seed(5)
    expected = torch.rand(2)
    torch.manual_seed(5)
    install("acme-sound", f"import torch; torch.manual_seed(0)\n{SOUND}")
    Registry.discover()
    assert torch.equal(torch.rand(2), expected)
