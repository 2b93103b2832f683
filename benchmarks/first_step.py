"""The seconds from the start of `mann-bench run` to its first training step, of any installed mann-bench.

A plugin that is written for this brings an NTM which notes the time of its first step. The command is the one that
stands beside the Python that runs this, so that another checkout can be measured by its own.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

NOTE = "MANN_BENCH_FIRST_STEP"

_FILES = {
    "timed_ntm-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: timed-ntm\nVersion: 1\n",
    "timed_ntm-1.dist-info/entry_points.txt": "[mann_bench]\ntimed_ntm = timed_ntm\n",
    "timed_ntm.py": """
from mann_bench import ModelSpec, hookimpl

MANN_BENCH_PLUGIN_API = (1, 1)

@hookimpl
def mann_bench_models():
    named = {"name": "timed_ntm", "version": 1, "target": "timed_ntm_model:TimedNTM"}
    return [ModelSpec(**named, summary="NTM that notes its first step", reference="none")]
""",
    "timed_ntm_model.py": f"""
import contextlib, os, time

from mann_bench.models.ntm import NTMModel

class TimedNTM(NTMModel):
    def training_step(self, batches, batch_index):
        with contextlib.suppress(FileExistsError), open(os.environ["{NOTE}"], "x") as file:
            file.write(repr(time.time()))
        super().training_step(batches, batch_index)
""",
}


@contextlib.contextmanager
def timed_plugin() -> Iterator[Path]:
    """Yield a folder that brings the model `timed_ntm` where it is on PYTHONPATH."""
    with tempfile.TemporaryDirectory() as temporary:
        for name, content in _FILES.items():
            (file := Path(temporary, name)).parent.mkdir(exist_ok=True)
            file.write_text(content, encoding="utf-8")
        yield Path(temporary)


def seconds_to_first_step(plugin: Path, *options: str) -> float:
    """Start a run of copy with such options, wait for its first step, stop it; raises RuntimeError if none came."""
    with tempfile.TemporaryDirectory() as out:
        note = Path(out, "first_step")
        environment = os.environ | {"PYTHONPATH": str(plugin), NOTE: str(note)}
        command = [str(Path(sys.executable).with_name("mann-bench")), "run", "--model", "timed_ntm", "--task", "copy"]
        command += ["--wandb", "disabled", "--out", str(Path(out, "runs")), *options]
        started = time.time()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        while process.poll() is None and not (note.exists() and note.read_text()):
            time.sleep(0.01)
        process.terminate()
        output = process.communicate()[0].decode(errors="replace")
        if not note.exists():
            raise RuntimeError(f"{' '.join(command)} did no training step:\n{output}")
        return float(note.read_text()) - started
