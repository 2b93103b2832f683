"""Short forms of crash_points.py and campaign.py, which tell what is done."""

import pytest
from integration.campaign import run
from integration.crash_points import SCENARIOS, points
from integration.faults import Fault

EVERY = {Fault.NO_SPACE: 13, Fault.IO_ERROR: 7, Fault.NO_PERMISSION: 13, Fault.KILL: 9}


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("scenario", list(SCENARIOS))
def test_no_file_operation_can_lose_a_record(tmp_path, scenario, fault):
    assert list(points(tmp_path, SCENARIOS[scenario], fault, EVERY.get(fault, 2)))


def test_killed_processes_lose_no_run(tmp_path):
    assert run(tmp_path, kills=3, seed=0).kills >= 3
