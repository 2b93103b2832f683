import numpy as np
import pydantic
import pytest

from mann_bench.results.trace import Picture


@pytest.mark.parametrize(("least", "most"), [(0.25, 0.75), (-1.5, 1.5), (-3.0, -1.0), (4.0, 9.0)])
def test_a_picture_keeps_values_to_half_of_a_255th_of_its_scale(least, most):
    values = np.random.default_rng(0).uniform(least, most, (3, 7))
    picture = Picture.of(values)
    assert picture.minimum <= 0 <= picture.maximum
    np.testing.assert_allclose(picture.values(), values, atol=(picture.maximum - picture.minimum) / 509)


def test_a_picture_of_nothing_is_nothing():
    assert not Picture.of(np.zeros((2, 3))).values().any()


def test_a_picture_is_a_byte_a_value():
    assert Picture.of(np.array([[0.0, 0.5, 1.0]])).model_dump(mode="json") == {
        "shape": [1, 3], "minimum": 0.0, "maximum": 1.0, "data": "AID/"
    }  # fmt: skip


def test_what_is_not_finite_is_refused():
    with pytest.raises(pydantic.ValidationError, match="finite"), np.errstate(all="ignore"):
        Picture.of(np.array([[0.0, np.inf]]))


def test_all_pictures_have_their_place(make_record, make_trace):
    places = [place for place, _ in make_trace(make_record(), readers=2).pictures()]
    assert places[:4] == ["inputs", "targets", "mask", "outputs"]
    assert places[4:7] == [*("memory.write_weightings[0]", "memory.read_weightings[0]", "memory.read_weightings[1]")]
    assert places[7:] == ["memory.memory_norm", "memory.gates.key_strength", "memory.gates.shift"]
