import threading
import time

import pytest

from mann_bench.reporting.wandb_log import wait_for_end


@pytest.mark.parametrize("kinds", [["exit"], ["run", "history", "exit"], [*["history"] * 100, "exit", "footer"]])
def test_a_log_with_its_end_is_not_waited_for(tmp_path, log_of, kinds):
    (tmp_path / "log").write_bytes(log_of(*kinds))
    wait_for_end(tmp_path / "log", patience=0.0)


@pytest.mark.parametrize("left_out", [1, 5, 9, 12])
def test_a_log_that_breaks_off_has_no_end(tmp_path, log_of, left_out):
    (tmp_path / "log").write_bytes(log_of("run", "exit")[:-left_out])
    with pytest.raises(TimeoutError, match="has no end"):
        wait_for_end(tmp_path / "log", patience=0.0)


@pytest.mark.parametrize("content", [None, b"", b":W&B\0\0\0"])
def test_a_log_that_is_not_there_yet_has_no_end(tmp_path, content):
    if content is not None:
        (tmp_path / "log").write_bytes(content)
    with pytest.raises(TimeoutError, match="has no end"):
        wait_for_end(tmp_path / "log", patience=0.0)


def test_the_end_is_waited_for(tmp_path, log_of):
    threading.Timer(0.2, lambda: (tmp_path / "log").write_bytes(log_of("run", "exit"))).start()
    start = time.monotonic()
    wait_for_end(tmp_path / "log")
    assert time.monotonic() - start >= 0.15
