import pytest

from mann_bench_ray import room as module
from mann_bench_ray.messages import Refused, Remark, Work
from mann_bench_ray.room import Room


@pytest.fixture
def look(monkeypatch):
    """Return a function that lets a room look at nodes, again and again without a pause."""
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.0)

    def at(room, *nodes):
        rows = [{"Alive": alive, "Resources": resources} for alive, resources in nodes]
        monkeypatch.setattr(module.ray, "nodes", lambda: rows)
        return list(room.look())

    return at


SMALL, LARGE = {"CPU": 1.0}, {"CPU": 8.0, "GPU": 1.0}


def asking(fixed, cpus, gpus):
    room = Room(fixed)
    room.ask(Work("a", "run a", b"", cpus, gpus))
    return room


def test_a_run_that_fits_on_a_node_is_no_matter(look):
    assert look(asking(True, 2.0, 0.25), (True, SMALL), (True, LARGE)) == []


def test_a_run_that_fits_on_no_node_waits_for_one_and_that_is_said_once(look):
    room = asking(False, 2.0, 0.25)
    (remark,) = look(room, (True, SMALL), (False, LARGE))
    assert isinstance(remark, Remark)
    assert "no node has the 2 CPUs and 0.25 GPUs that a run asks for; such runs wait" in remark.text
    assert look(room, (True, SMALL)) == []
    assert look(room, (True, LARGE)) == []
    assert look(room, (True, SMALL)) == [remark]


def test_where_no_node_can_join_it_is_refused(look):
    (refused,) = look(asking(True, 2.0, 0.0), (True, SMALL))
    assert isinstance(refused, Refused)
