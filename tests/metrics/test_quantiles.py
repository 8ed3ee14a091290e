import numpy as np
import pytest

from gatelet import metrics
from gatelet.errors import DataError

LEVELS = np.array([0.1, 0.5, 0.9])


def test_pinball_by_hand() -> None:
    # errors 2, 0, -1 give losses 0.1 * 2, 0 and 0.1 * 1
    assert metrics.pinball([3.0], [[1.0, 3.0, 4.0]], LEVELS) == pytest.approx((0.2 + 0.0 + 0.1) / 3)


def test_pinball_of_the_median_is_half_the_absolute_error() -> None:
    rng = np.random.default_rng(0)
    y, y_hat = rng.normal(size=(4, 7)), rng.normal(size=(4, 7))
    np.testing.assert_allclose(
        metrics.pinball(y, y_hat[..., None], [0.5], axis=1), metrics.mae(y, y_hat, axis=1) / 2, rtol=1e-12
    )


def test_wql_is_twice_the_pinball_over_the_size() -> None:
    rng = np.random.default_rng(1)
    y, q_hat = rng.normal(size=(5, 6)), np.sort(rng.normal(size=(5, 6, 3)), axis=-1)
    y[2, 1:3] = np.nan
    expected = np.mean([
        2 * np.nansum(np.maximum(p * (y - q_hat[..., i]), (p - 1) * (y - q_hat[..., i]))) / np.nansum(np.abs(y))
        for i, p in enumerate(LEVELS)
    ])  # fmt: skip
    assert metrics.wql(y, q_hat, LEVELS) == pytest.approx(expected)
    assert metrics.wql(y, q_hat, LEVELS, axis=1).shape == (5,)
    assert np.isnan(metrics.wql([0.0], [[0.0, 1.0, 2.0]], LEVELS))


def test_crps_nears_the_closed_form_of_the_normal() -> None:
    rng = np.random.default_rng(2)
    levels = np.arange(0.005, 1.0, 0.01)
    quantiles = np.quantile(rng.normal(size=400_000), levels)
    y = np.array([-1.3, 0.0, 0.4, 2.2])
    density, below = np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi), np.array([0.0968005, 0.5, 0.6554217, 0.9860966])
    exact = y * (2 * below - 1) + 2 * density - 1 / np.sqrt(np.pi)
    np.testing.assert_allclose(
        metrics.crps_from_quantiles(y[:, None], quantiles[None, None, :], levels, axis=1), exact, atol=5e-3
    )
    with pytest.raises(DataError, match="levels must ascend"):
        metrics.crps_from_quantiles([1.0], [[1.0, 2.0]], [0.9, 0.1])


def test_coverage_width_and_winkler() -> None:
    y, low, high = np.array([0.0, 1.0, 5.0, np.nan]), np.zeros(4), np.ones(4)
    assert metrics.coverage(y, low, high) == pytest.approx(2 / 3)
    assert metrics.interval_width(low, high) == 1.0
    assert metrics.winkler(y, low, high, 0.8) == pytest.approx((1 + 1 + (1 + 10 * 4)) / 3)
    with pytest.raises(DataError, match="level must be between 0 and 1; got 80."):
        metrics.winkler(y, low, high, 80)


def test_levels_must_fit() -> None:
    with pytest.raises(DataError, match=r"as many quantiles as levels \(2,\); got \(1, 3\)"):
        metrics.pinball([1.0], [[1.0, 2.0, 3.0]], [0.1, 0.9])
    with pytest.raises(DataError, match="levels must lie between 0 and 1"):
        metrics.wql([1.0], [[1.0, 2.0]], [10, 90])
