import numpy as np
import pytest
from numpy.typing import NDArray

from gatelet.study.bootstrap import Interval, resample


def errors(gap: float, seeds: int = 3, series: int = 40) -> NDArray[np.float64]:
    """(2, K, S): two cells that share how hard each series is; the second is worse by `gap`."""
    random = np.random.default_rng(1)
    hardness = random.uniform(0.5, 3.0, size=(1, 1, series))
    noise = random.normal(0.0, 0.02, size=(2, seeds, series))
    return np.asarray(hardness + noise + np.array([0.0, gap])[:, None, None])


def test_pairing_sees_a_gap_far_smaller_than_the_spread_of_the_series() -> None:
    resampled = resample(errors(0.05))
    mean, gap = resampled.mean(0), resampled.difference(1, 0)
    assert mean.high - mean.low > 0.3
    assert not gap.includes(0.0)
    assert gap.low < 0.05 < gap.high
    assert gap.high - gap.low < 0.03


def test_no_gap_is_not_found() -> None:
    assert resample(errors(0.0)).difference(1, 0).includes(0.0)


def test_estimates_are_plain_means() -> None:
    values = errors(0.2)
    np.testing.assert_allclose(resample(values).estimates, values.mean(axis=(1, 2)), rtol=1e-12)


def test_weights_turn_ratios_of_series_into_the_ratio_of_all() -> None:
    random = np.random.default_rng(0)
    losses, sizes = random.uniform(size=(2, 3, 7)), random.uniform(1.0, 9.0, size=7)
    expected = losses.sum(axis=(1, 2)) / (3 * sizes.sum())
    np.testing.assert_allclose(resample(losses / sizes, weights=sizes).estimates, expected, rtol=1e-12)


def test_same_seed_same_interval_and_another_seed_another() -> None:
    values = errors(0.1)
    assert resample(values, seed=4).mean(0) == resample(values, seed=4).mean(0)
    assert resample(values, seed=4).mean(0) != resample(values, seed=5).mean(0)


def test_seeds_that_disagree_widen_the_interval() -> None:
    steady = errors(0.0)
    shifts = np.zeros((2, 3, 1))
    shifts[1] = np.array([[-0.4], [0.0], [0.4]])
    assert resample(steady + shifts).difference(1, 0).high > 0.2
    assert resample(steady).difference(1, 0).high < 0.05


def test_a_series_without_a_score_is_left_out_for_every_cell() -> None:
    values = errors(0.1, series=9)
    values[1, 2, 4] = np.nan
    expected = np.delete(values, 4, axis=2).mean(axis=(1, 2))
    np.testing.assert_allclose(resample(values).estimates, expected, rtol=1e-12)


def test_one_seed_of_one_series_has_no_spread() -> None:
    assert resample(np.array([[[0.7]]])).mean(0) == Interval(0.7, 0.7, 0.7)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(2)
    hits = 0
    for trial in range(100):
        effects = random.normal(0.0, 1.0, (1, 1, 60)) + random.normal(0.0, 0.3, (2, 8, 1))
        values = effects + random.normal(0.0, 0.5, (2, 8, 60))
        hits += resample(values, resamples=400, seed=trial).difference(0, 1).includes(0.0)
    assert hits >= 85


def test_errors_say_what_came() -> None:
    with pytest.raises(ValueError, match=r"shape \(cells, seeds, series\); got \(2, 3\)"):
        resample(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="at least one series"):
        resample(np.full((2, 3, 4), np.nan))
