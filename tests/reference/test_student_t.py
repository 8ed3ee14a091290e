"""Quantiles of Student-t distributions beside SciPy's."""

import warnings

import numpy as np
import pytest
from numpy.polynomial import chebyshev

from gatelet.reference.student_t import quantile_series, quantiles

stats = pytest.importorskip("scipy.stats")
LEVELS = (1e-9, 1e-6, 0.001, 0.025, 0.1, 0.4, 0.5, 0.51, 0.75, 0.9, 0.99, 0.999, 1 - 1e-6)


@pytest.mark.parametrize(("low", "high"), [(0.3, 2.1), (2.1, 30.0), (30.0, 9.9e4), (1e5, 1e15)])
def test_quantiles_are_scipys(low: float, high: float) -> None:
    v = np.geomspace(low, high, 65)
    expected = stats.t.ppf(np.array(LEVELS), v[:, None])
    np.testing.assert_allclose(quantiles(LEVELS, v), expected, rtol=2e-12, atol=1e-300)


def test_what_is_no_number_of_degrees_of_freedom() -> None:
    v = np.array([np.nan, -np.inf, -3.0, 0.0, 1e-20, np.inf])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = quantiles((0.1, 0.5, 1 - 1e-16), v)
    assert np.isnan(found[:4]).all()
    assert found[4, 0] < -1e20 and found[4, 1] == 0.0 and found[4, 2] > 1e20
    np.testing.assert_allclose(found[5, :2], [-1.2815515655446004, 0.0])


@pytest.mark.parametrize("levels", [(0.5,), (0.1, 0.5, 0.9), (0.001, 0.3), (1e-9, 1 - 1e-9)])
def test_the_series_gives_the_quantiles(levels: tuple[float, ...]) -> None:
    c = quantile_series(levels, 2.1)
    assert c.shape[0] == len(levels) and c.shape[1] <= 20
    v = np.append(2.1 + np.geomspace(1e-6, 1e6, 333), [2.1, np.inf])
    np.testing.assert_allclose(chebyshev.chebval(4.2 / v - 1.0, c.T).T, quantiles(levels, v), rtol=2e-9, atol=1e-12)


def test_levels_too_close_to_the_end() -> None:
    with pytest.raises(ValueError, match="must not lie so close to 0 and 1; got 1e-300"):
        quantile_series((1e-300,), 2.1)
