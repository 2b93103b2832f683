"""Memory-augmented recurrent layers as plain torch modules, usable in any model, and how weights start."""

from mann_bench.nn.dnc import DNC, DNCCell, DNCState
from mann_bench.nn.initialization import Normal, Uniform, draw_weights, start
from mann_bench.nn.ntm import NTM, NTMCell, NTMState

__all__ = ["DNC", "NTM", "DNCCell", "DNCState", "NTMCell", "NTMState", "Normal", "Uniform", "draw_weights", "start"]
