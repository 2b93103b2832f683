import socket
import sys
import time
from pathlib import Path

import pytest

from mann_bench import MannBenchError
from mann_bench_ray import process as module
from mann_bench_ray.process import RayProcess


@pytest.fixture
def driver(monkeypatch, tmp_path):
    """Return a function that lets the process execute some code instead of talking to Ray."""
    start = module.subprocess.Popen
    head = "import sys; from multiprocessing.connection import Connection; from mann_bench_ray.messages import *; "

    def write(code):
        code = head + "pipe = Connection(int(sys.argv[1])); " + code
        replaced = lambda command, **kw: start([sys.executable, "-c", code, *command[3:]], **kw)  # noqa: E731
        monkeypatch.setattr(module.subprocess, "Popen", replaced)

    return write


def test_an_address_where_nobody_listens_is_refused_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(MannBenchError, match=f"nobody answers at {address}: Connection refused. Give the address"):
        RayProcess(address).__enter__()


def test_a_ray_that_does_not_answer_is_not_waited_for_for_ever(driver, monkeypatch):
    monkeypatch.setattr(module, "_START_SECONDS", 0.5)
    driver("import time; time.sleep(600)")
    with pytest.raises(MannBenchError, match="executor ray, address=auto: no answer within 0 seconds"):
        RayProcess("auto").__enter__()


def test_why_ray_refuses_is_said(driver):
    driver("pipe.send(Refused('none runs'))")
    with pytest.raises(MannBenchError, match="executor ray, address=auto: none runs"):
        RayProcess("auto").__enter__()


def test_a_connection_that_ends_is_said_with_the_last_words(driver):
    driver("pipe.send(Ready()); pipe.recv(); sys.exit('the GCS is gone')")
    with RayProcess(None) as process:
        process.submit("work")
        with pytest.raises(MannBenchError, match=r"lost \(the GCS is gone\). Finished runs keep their records"):
            list(process.messages(60.0))


def test_what_the_process_started_ends_with_it(driver):
    driver(
        "import subprocess as s; print(s.Popen(['sleep', '600']).pid, flush=True); pipe.send(Ready()); pipe.poll(None)"
    )
    with RayProcess(None) as process:
        child = int(process._last_words())
    assert _ends(child)


def _ends(pid):
    """Return whether a process is gone soon, or dead and waits for its new parent to notice."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_leaving_closes_the_pipe_and_waits(driver, tmp_path):
    driver(f"pipe.send(Ready()); pipe.poll(None); open({str(tmp_path / 'closed')!r}, 'w').write('')")
    with RayProcess(None):
        pass
    assert (tmp_path / "closed").exists()
