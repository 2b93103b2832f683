import itertools

import numpy as np
import pytest

from mann_bench.core.streams import Stream, generator, torch_seed

SHARED = [Stream.VALIDATION, Stream.PROBE, Stream.TEST]
OWN = [Stream.INIT, Stream.TRAIN]


def draw(stream, seed, index):
    return tuple(generator(stream, seed, index).bit_generator.random_raw(4).tolist())


@pytest.mark.parametrize("stream", Stream)
def test_the_same_stream_seed_and_index_give_the_same_numbers(stream):
    assert draw(stream, 3, 5) == draw(stream, 3, 5)


@pytest.mark.parametrize(
    ("stream", "seed", "index", "numbers"),
    [
        (
            "init",
            0,
            0,
            (0x9E659B8CE56C0B34, 0xECD91813A1E3BCFC, 0x91CC70015D011DD6, 0xB55ACC7E0CBC69A4),
        ),
        (
            "train",
            0,
            0,
            (0x4E7122DAB7C63958, 0x4344E248B9A57CB4, 0x4995E02281763A56, 0x91DDD40AF7F97ECD),
        ),
        (
            "train",
            7,
            123456,
            (0xE4A6DF0FBFCA0CD7, 0x8445677FF5FA6EDC, 0xABE582512CF66B06, 0xCAC5FBFA4E175245),
        ),
        (
            "validation",
            0,
            2**64 - 1,
            (0x886F26B7BD7A37A4, 0x52ACBE6E99B37C33, 0xC38EB085FEF1B671, 0xAE8F25A42DFCF964),
        ),
        (
            "probe",
            0,
            1,
            (0xDACE22C39907CA37, 0xBFE10EE7FC9D7B41, 0x42A877E633C39AB2, 0xF138AD5A01883DFA),
        ),
        (
            "test",
            0,
            0,
            (0x2CAE00ECF05BAC18, 0x405AC1244C1A4D22, 0x3DCB58D3CFDAB3E2, 0xC993AC46EB9E6F81),
        ),
    ],
)
def test_the_numbers_are_golden(stream, seed, index, numbers):
    assert draw(Stream(stream), seed, index) == numbers


def test_streams_differ():
    assert len({draw(stream, 0, 0) for stream in Stream}) == len(Stream)


@pytest.mark.parametrize("stream", OWN)
def test_own_streams_differ_between_seeds(stream):
    assert len({draw(stream, seed, 0) for seed in (0, 1, 2, 2**32 - 1)}) == 4


@pytest.mark.parametrize("stream", SHARED)
def test_shared_streams_ignore_the_seed(stream):
    assert stream.shared
    assert draw(stream, 0, 5) == draw(stream, 1, 5)


@pytest.mark.parametrize("stream", OWN)
def test_own_streams_are_not_shared(stream):
    assert not stream.shared


@pytest.mark.parametrize("stream", Stream)
def test_batches_of_a_stream_differ(stream):
    assert len({draw(stream, 0, index) for index in (0, 1, 2, 2**32, 2**63, 2**64 - 1)}) == 6


def test_seed_and_index_are_not_interchangeable():
    assert len({draw(Stream.TRAIN, s, i) for s, i in itertools.product(range(10), range(10))}) == 100


def test_neighbouring_batches_do_not_overlap():
    first, second = (generator(Stream.TRAIN, 0, i).bit_generator.random_raw(4000) for i in (0, 1))
    assert not np.intersect1d(first, second).size


def test_the_torch_seed_is_a_golden_number():
    assert [torch_seed(seed) for seed in (0, 1, 2)] == [3849063220, 204770927, 2731477318]
