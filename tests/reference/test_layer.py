import numpy as np
import pytest

from gatelet.reference import from_names
from gatelet.reference.layer import check_shape


def test_from_names_orders_layers_and_directions() -> None:
    endings = ["l1_reverse", "l0", "l1", "l0_reverse"]
    names = [f"{kind}_{ending}" for ending in endings for kind in ("bias_hh", "weight_hh", "weight_ih", "bias_ih")]
    layers = from_names({name: np.full((3, 1) if "weight" in name else 3, k) for k, name in enumerate(names)})
    assert len(layers) == 4
    for weights, ending in zip(layers, ["l0", "l0_reverse", "l1", "l1_reverse"], strict=True):
        for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            array = getattr(weights, kind)
            assert array.dtype == np.float64
            assert (array == names.index(f"{kind}_{ending}")).all()
        assert weights.weight_hr is None


def test_from_names_takes_absent_biases_for_zero() -> None:
    (weights,) = from_names({"weight_ih_l0": np.ones((6, 5)), "weight_hh_l0": np.ones((6, 2))})
    assert weights.state_size == 2
    np.testing.assert_array_equal(weights.bias_ih, np.zeros(6))
    np.testing.assert_array_equal(weights.bias_hh, np.zeros(6))


def test_from_names_says_which_names_it_needs() -> None:
    with pytest.raises(ValueError, match=r"named weight_ih_l0 and so on; got kernel, bias\."):
        from_names({"kernel": 1.0, "bias": 1.0})
    with pytest.raises(ValueError, match=r"got no names\."):
        from_names({})


def test_check_shape_names_the_thing_and_both_shapes() -> None:
    with pytest.raises(ValueError, match=r"^h0 must have shape \(2, 8, 64\); got \(1, 8, 64\)\.$"):
        check_shape("h0", np.zeros((1, 8, 64)), (2, 8, 64))
