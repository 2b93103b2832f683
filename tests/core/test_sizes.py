import pytest

from mann_bench.core.sizes import size_index, size_text, spread


def lengths(count):
    return [{"length": n} for n in range(1, count + 1)]


@pytest.mark.parametrize(
    ("size", "text"), [({"length": 20}, "20"), ({"length": 10, "repeats": 20}, "10x20"), ({"items": 6}, "6")]
)
def test_a_size_reads_as_its_numbers(size, text):
    assert size_text(size) == text


def test_the_index_of_a_size_is_a_golden_number():
    assert size_index({"length": 20}) == 0x554B7F382BE538FF


def test_the_index_of_a_size_does_not_depend_on_the_order_of_its_dimensions():
    assert size_index({"length": 10, "repeats": 20}) == size_index({"repeats": 20, "length": 10})


def test_the_index_of_a_size_depends_on_values_and_names():
    sizes = [{"length": 10, "repeats": 20}, {"length": 20, "repeats": 10}, {"length": 10}, {"items": 10}]
    assert len({size_index(size) for size in sizes}) == len(sizes)


def test_the_index_of_a_size_is_a_64_bit_word():
    assert all(0 <= size_index(size) < 2**64 for size in lengths(50))


@pytest.mark.parametrize("count", [1, 3, 20, 100])
@pytest.mark.parametrize("total", [1, 7, 64, 640, 641])
def test_a_spread_sums_to_its_total(total, count):
    assert sum(share for _, share in spread(total, lengths(count))) == total


@pytest.mark.parametrize("count", [1, 3, 20, 100])
@pytest.mark.parametrize("total", [100, 101, 640, 641])
def test_a_spread_is_even(total, count):
    shares = spread(total, lengths(count))
    assert [size for size, _ in shares] == lengths(count)
    assert {share for _, share in shares} <= {total // count, -(-total // count)}


def test_a_spread_over_more_sizes_than_sequences_is_evenly_spaced():
    assert spread(4, lengths(20)) == [({"length": n}, 1) for n in (5, 10, 15, 20)]


def test_a_spread_of_nothing_is_empty():
    assert spread(0, lengths(3)) == []
