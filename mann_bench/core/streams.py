"""Random streams: named branches of one seed, counter-based, so that batch i depends on nothing but i.

Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", https://doi.org/10.1145/2063384.2063405
"""

import hashlib
from enum import StrEnum

import numpy as np

from mann_bench.core.closed_streams import refuse

_WORD = 2**64


class Stream(StrEnum):
    """What a stream is for. Evaluation streams ignore the run's seed: every model meets the same sequences."""

    INIT = "init"
    TRAIN = "train"
    SYLLABUS = "syllabus"
    VALIDATION = "validation"
    PROBE = "probe"
    TEST = "test"

    @property
    def shared(self) -> bool:
        """Whether all seeds share this stream."""
        return self in (Stream.VALIDATION, Stream.PROBE, Stream.TEST)


def generator(stream: Stream, seed: int, index: int) -> np.random.Generator:
    """Return the generator of batch `index` of a stream, a pure function of the three arguments.

    The key of the Philox generator is (seed, stream), the high word of its counter is the index, so two
    batches would have to draw 2**192 blocks before they overlapped.

    Raises:
        EvaluationDataError: all seeds share the stream, and the code of a model asks for it.
    """
    if stream.shared:
        refuse(f"sequences of the {stream} stream")
    branch = int.from_bytes(hashlib.sha256(stream.value.encode()).digest()[:8])
    key = np.array([0 if stream.shared else seed, branch], dtype=np.uint64)
    counter = np.array([0, 0, 0, index % _WORD], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def weight_generator(seed: int, name: str) -> np.random.Generator:
    """Return the generator of the initial numbers of a weight, by its name in the model."""
    return generator(Stream.INIT, seed, int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]))


def torch_seed(seed: int) -> int:
    """Return the seed for torch's global generator, from the run's ``init`` stream."""
    return int(generator(Stream.INIT, seed, 0).integers(2**32))
