"""Memory-augmented recurrent layers as plain torch modules, usable in any model, and how weights start."""

from mann_bench.nn.dnc import DNC, DNCCell, DNCState
from mann_bench.nn.initialization import Normal, Uniform, draw_weights, start
from mann_bench.nn.ntm import NTM, NTMCell, NTMState
from mann_bench.nn.sam import SAM, SAMCell, SAMState
from mann_bench.nn.sdnc import SDNC, SDNCCell, SDNCState
from mann_bench.nn.sparse import SparseWeighting

__all__ = [
    "DNC",
    "NTM",
    "SAM",
    "SDNC",
    "DNCCell",
    "DNCState",
    "NTMCell",
    "NTMState",
    "Normal",
    "SAMCell",
    "SAMState",
    "SDNCCell",
    "SDNCState",
    "SparseWeighting",
    "Uniform",
    "draw_weights",
    "start",
]
