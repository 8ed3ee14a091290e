import numpy as np
import pytest

from gatelet import metrics
from gatelet.errors import DataError


def test_qlike_is_least_at_the_variance() -> None:
    returns = np.random.default_rng(0).normal(scale=2.0, size=10_000)
    best = metrics.qlike(returns, returns.var() + returns.mean() ** 2)
    assert best < metrics.qlike(returns, 3.5) and best < metrics.qlike(returns, 4.5)
    assert metrics.qlike([1.0, np.nan], [2.0, 5.0]) == pytest.approx(np.log(2) + 0.5)
    np.testing.assert_allclose(metrics.qlike(np.ones((2, 3)), np.ones(3), axis=1), [1.0, 1.0])


def test_variance_must_be_positive() -> None:
    with pytest.raises(DataError, match="must be positive; got 0.0"):
        metrics.qlike([1.0], [0.0])


def test_published_scores_of_the_index(shared_data: object) -> None:
    from gatelet.datasets import series

    prices = series.sp500()
    returns, test = prices["y"].to_numpy()[1:], prices["ds"].to_numpy()[1:] >= np.datetime64("2014-01-01")
    assert test.sum() == 1258
    assert metrics.qlike(returns[test], returns[~test].var()) == pytest.approx(0.9405, abs=1e-4)
    smoothed = np.empty(len(returns))
    smoothed[0] = returns[:22].var()
    for day in range(1, len(returns)):
        smoothed[day] = 0.94 * smoothed[day - 1] + 0.06 * returns[day - 1] ** 2
    assert metrics.qlike(returns[test], smoothed[test]) == pytest.approx(0.4530, abs=1e-4)
