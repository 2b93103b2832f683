import gc

from mann_bench.core.collector import imported_for_good, uncollected


def test_garbage_is_looked_for_again_afterwards():
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_is_imported_for_good_is_not_visited():
    try:
        with imported_for_good():
            kept = [[]]
        assert all(each is not kept for each in gc.get_objects())
        assert gc.isenabled()
    finally:
        gc.unfreeze()
