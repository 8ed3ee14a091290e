import numpy as np
import pytest

from gatelet import metrics
from gatelet.errors import DataError

Y = np.array([[1.0, 2.0, np.nan], [4.0, 0.0, -6.0]])
Y_HAT = np.array([[2.0, 2.0, 9.0], [2.0, 0.0, 6.0]])


def test_mae_mse_rmse_leave_missing_truth_out() -> None:
    assert metrics.mae(Y, Y_HAT) == pytest.approx((1 + 0 + 2 + 0 + 12) / 5)
    assert metrics.mse(Y, Y_HAT) == pytest.approx((1 + 0 + 4 + 0 + 144) / 5)
    assert metrics.rmse(Y, Y_HAT) == pytest.approx(np.sqrt(149 / 5))
    np.testing.assert_allclose(metrics.mae(Y, Y_HAT, axis=-1), [0.5, 14 / 3])
    np.testing.assert_allclose(metrics.rmse(Y, Y_HAT, axis=1), [np.sqrt(0.5), np.sqrt(148 / 3)])
    assert isinstance(metrics.rmse(Y, Y_HAT), float)


def test_a_missing_forecast_shows() -> None:
    assert np.isnan(metrics.mae([1.0, 2.0], [1.0, np.nan]))
    assert metrics.mae([1.0, np.nan], [3.0, np.nan]) == 2.0
    assert np.isnan(metrics.coverage([1.0, 2.0], [0.0, np.nan], [2.0, 3.0]))


def test_nothing_to_score_is_nan() -> None:
    np.testing.assert_array_equal(metrics.mae(np.full((2, 3), np.nan), np.zeros((2, 3)), axis=1), [np.nan, np.nan])


def test_smape_is_that_of_m4() -> None:
    assert metrics.smape([100.0], [110.0]) == pytest.approx(200 * 10 / 210)
    assert metrics.smape([0.0, 5.0], [0.0, -5.0]) == pytest.approx(100.0)


def test_seasonal_scale_and_mase() -> None:
    train = np.array([[1.0, 2.0, 3.0, 5.0, np.nan, 6.0], [3.0, 3.0, 3.0, 3.0, 3.0, 3.0]])
    scale = metrics.seasonal_scale(train, 2)
    np.testing.assert_allclose(scale, [(2 + 3 + 1) / 3, 0.0])
    assert metrics.mase([[4.0], [3.0]], [[6.0], [8.0]], scale[:, None]) == pytest.approx(1.0)
    per_series = metrics.mase([[4.0], [3.0]], [[6.0], [8.0]], scale[:, None], axis=1)
    np.testing.assert_allclose(per_series, [1.0, np.nan])
    assert np.isnan(metrics.seasonal_scale([1.0, 2.0], 24))
    with pytest.raises(DataError, match="seasonality must be at least 1; got 0."):
        metrics.seasonal_scale(train, 0)


def test_mase_of_m4_seasonal_naive_is_the_published_one(shared_data: object) -> None:
    from gatelet.datasets import series

    train, test = series.m4_hourly()
    history = [part["y"].to_numpy() for part in train.partition_by("unique_id", maintain_order=True)]
    actual = test["y"].to_numpy().reshape(414, 48)
    naive = np.array([np.tile(values[-24:], 2) for values in history])
    scale = np.array([metrics.seasonal_scale(values, 24) for values in history])
    assert metrics.mase(actual, naive, scale[:, None]) == pytest.approx(1.193, abs=5e-4)
    assert metrics.smape(actual, naive) == pytest.approx(13.91, abs=5e-3)
