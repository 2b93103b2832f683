import pytest

from mann_bench.statistics.looks import spent


@pytest.mark.parametrize(
    ("looks", "level"), [([], 0.95), ([5], 0.95), ([5, 10, 20, 40], 0.9875), ([1, 2, 3, 4, 5], 0.99)]
)
def test_looks_share_the_chance_of_being_wrong(looks, level):
    assert spent(0.95, looks) == pytest.approx(level)
