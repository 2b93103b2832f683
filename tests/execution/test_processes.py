import os
import signal
import subprocess
import sys
from multiprocessing import Pipe, forkserver

import pytest

from mann_bench.core.jobs import Job
from mann_bench.execution.local import LocalExecutor, _serve
from mann_bench.execution.processes import start_server, worker_context
from mann_bench.results.store import Store

linux = pytest.mark.skipif(sys.platform != "linux", reason="workers come from a server on Linux alone")


@linux
def test_workers_come_from_a_server_except_for_a_gpu(monkeypatch):
    assert worker_context({"cpu"}).get_start_method() == "forkserver"
    assert worker_context({"cpu", "cuda"}).get_start_method() == "spawn"
    monkeypatch.setattr("sys.platform", "darwin")
    assert worker_context({"cpu"}).get_start_method() == "spawn"


@linux
def test_the_server_imports_before_it_forks(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from mann_bench.execution.processes import worker_context\n"
        "def say():\n"
        "    print('mann_bench.execution.worker' in sys.modules, 'torch' in sys.modules)\n"
        "if __name__ == '__main__':\n"
        "    process = worker_context().Process(target=say)\n"
        "    process.start()\n"
        "    process.join()\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"], done.stderr


@linux
def test_a_server_that_died_is_started_anew(make_run, tmp_path):
    start_server()
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    jobs = [Job(make_run("lstm:layers=1,units=8", seed=seed), "cpu", "eager", tmp_path) for seed in (0, 1)]
    LocalExecutor(jobs=2).execute(jobs, lambda event: None)
    assert all(Store(tmp_path).find(job.run.key) for job in jobs)


def test_workers_get_the_environment_of_now(monkeypatch):
    monkeypatch.setenv("MANN_BENCH_TEST", "early")
    ours, theirs = Pipe()
    ours.close()
    before = signal.getsignal(signal.SIGTERM)
    _serve(theirs, None, dict(os.environ) | {"MANN_BENCH_TEST": "late"})
    signal.signal(signal.SIGTERM, before)
    assert os.environ["MANN_BENCH_TEST"] == "late"
