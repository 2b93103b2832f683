"""Memory that a native recurrence asks for and does not get: an error, not the end of the process."""

import ctypes
import os
import shutil
import subprocess
import sys

import pytest

from mann_bench.core.errors import MannBenchError
from mann_bench.native import memory, ntm
from mann_bench.nn import NTMCell

pytestmark = pytest.mark.skipif(not any(map(shutil.which, ("g++", "clang++", "c++"))), reason="needs a C++ compiler")

CODE = """
import resource, torch
from mann_bench.native import dnc, memory, ntm
from mann_bench.nn import DNCCell, NTMCell

torch.set_num_threads({threads})
if {model!r} == "ntm":
    cell, sequence = NTMCell(2, 5, memory_slots=7, slot_width=3, read_heads=3, write_heads=4), ntm.ntm_sequence
else:
    cell, sequence = DNCCell(2, 5, memory_slots=130, slot_width=3), dnc.dnc_sequence

def limit(megabytes):
    used = 4096 * int(open("/proc/self/statm").read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (used + (megabytes << 20), resource.RLIM_INFINITY))

def outputs(steps, batch):
    return sequence(cell, torch.zeros(steps, batch, 2), cell.initial_state(batch))[0].sum()

outputs(2, 4).backward()
if {where!r} == "forward":
    rooms, call = (60, 90, 120), lambda: outputs(4000, 70)
else:
    loss = outputs(3000, 4)
    rooms, call = (3, 5, 8), lambda: loss.backward(retain_graph=True)
for room in rooms:
    limit(room)
    try:
        call()
    except memory.NativeMemoryError as error:
        print(error)
        break
    except RuntimeError:
        pass  # of torch, which needed some before: a little more leaves it to the recurrence
limit(4000)
outputs(2, 4).backward()
print("still there")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits its memory as Linux does")
@pytest.mark.parametrize(
    ("model", "where", "threads"), [("ntm", "forward", 1), ("dnc", "forward", 1), ("dnc", "backward", 2)]
)
def test_memory_that_runs_out_is_an_error_that_says_how_much_was_asked_for(model, where, threads):
    code = CODE.format(model=model, where=where, threads=threads)
    # What the system's allocator has set aside for itself would be found in spite of the limit.
    environment = os.environ | {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "1000000"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    told, *rest = done.stdout.splitlines() or [done.stderr]
    assert "the native recurrence asked for" in told, done.stderr
    assert rest == ["still there"]


def test_more_than_an_address_can_count_is_an_error():
    cell = NTMCell(2, 5, memory_slots=7, slot_width=3)
    library = ntm.NTM.library(ntm._sizes(cell), cell.clip)
    with pytest.raises(memory.NativeMemoryError, match="9,223,372,036,854,775,808 bytes"):
        memory.tape(library, 2**63)
    with pytest.raises(memory.NativeMemoryError):
        memory.tape(library, 2**62)


@pytest.fixture
def pool():
    """A library whose pool is asked directly."""
    cell = NTMCell(2, 5, memory_slots=7, slot_width=3)
    return ntm.NTM.library(ntm._sizes(cell), cell.clip)


@pytest.mark.parametrize("size", [1, 64, 512, 513, 100_000, 5_000_000])
def test_a_block_that_was_given_back_serves_again(pool, size):
    block = pool.pool_take(size)
    assert block % 64 == 0
    ctypes.memset(block, 1, size)
    pool.pool_give_back(block)
    again = pool.pool_take(size)
    pool.pool_give_back(again)
    assert again == block


def test_a_block_of_more_than_twice_as_much_is_left_to_those_who_need_it(pool):
    large = pool.pool_take(1_000_000)
    pool.pool_give_back(large)
    small = [pool.pool_take(400_000) for _ in range(100)]
    for block in small:
        pool.pool_give_back(block)
    assert large not in small
    assert len(set(small)) == 100


def test_the_error_is_a_users_and_pythons():
    assert issubclass(memory.NativeMemoryError, MannBenchError)
    assert issubclass(memory.NativeMemoryError, MemoryError)


def test_memory_of_a_tape_is_used_again():
    library = ntm.NTM.library(ntm._sizes(cell := NTMCell(2, 5, memory_slots=7, slot_width=3)), cell.clip)
    address = memory.tape(library, 12_345_678).data_ptr()
    assert memory.tape(library, 12_345_000).data_ptr() == address
