import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatelet.tasks.forecasting.conformal import ENOUGH_WINDOWS, calibrated, conformal_offsets

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
HORIZON = 3


def draw(generator: np.random.Generator, windows: int, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Exchangeable windows: skewed errors that grow with the step, and bands of the wrong width around a median."""
    steps = 1.0 + np.arange(HORIZON)
    y = steps * (generator.gamma(2.0, size=(windows, HORIZON)) - 1.7)
    quantiles = np.broadcast_to(np.linspace(-width, width, len(LEVELS)), (windows, HORIZON, len(LEVELS))).copy()
    return quantiles, y


@pytest.mark.parametrize("width", [0.05, 1.0, 8.0], ids=["far too narrow", "unfit", "far too wide"])
@pytest.mark.parametrize("windows", [ENOUGH_WINDOWS - 1, ENOUGH_WINDOWS + 50])
def test_intervals_cover_what_they_promise(width: float, windows: int) -> None:
    generator = np.random.default_rng(0)
    inside = np.zeros((2, HORIZON))
    draws, fresh = 150, 200
    for _ in range(draws):
        offsets = conformal_offsets(*draw(generator, windows, width), LEVELS)
        quantiles, y = draw(generator, fresh, width)
        moved = calibrated(quantiles, offsets, LEVELS)
        for row, low in enumerate((0, 1)):
            inside[row] += ((y >= moved[..., low]) & (y <= moved[..., -1 - low])).mean(0)
    share = inside / draws
    promised = np.array([[0.8], [0.5]])
    if windows >= ENOUGH_WINDOWS:  # each step of the horizon for itself
        assert (share > promised - 0.015).all()
        assert (share < promised + 0.03).all()
    else:
        assert (abs(share.mean(1) - promised[:, 0]) < 0.02).all()


@given(st.integers(0, 2**32), st.floats(-3, 3), st.sampled_from([0.5, 3.0]))
def test_order_is_kept_and_the_median_stays(seed: int, shift: float, width: float) -> None:
    generator = np.random.default_rng(seed)
    quantiles = np.sort(generator.normal(size=(7, HORIZON, len(LEVELS))) * width, axis=-1)
    offsets = conformal_offsets(quantiles, generator.normal(size=(7, HORIZON)) + shift, LEVELS)
    moved = calibrated(quantiles, offsets, LEVELS)
    assert (np.diff(moved, axis=-1) >= 0).all()
    np.testing.assert_array_equal(moved[..., 2], quantiles[..., 2])


def test_levels_without_a_counterpart_are_left_alone() -> None:
    levels = (0.1, 0.3, 0.5, 0.9, 0.95)
    quantiles, y = draw(np.random.default_rng(1), 200, 0.1)
    offsets = conformal_offsets(quantiles, y, levels)
    assert (offsets[:, [1, 2, 4]] == 0).all() and (offsets[:, 0] < 0).all()
    np.testing.assert_array_equal(offsets[:, 3], -offsets[:, 0])
    assert not conformal_offsets(quantiles[..., :1], y, (0.5,)).any()


def test_what_was_not_observed_does_not_count() -> None:
    quantiles, y = draw(np.random.default_rng(2), 300, 1.0)
    expected = conformal_offsets(quantiles[:250], y[:250], LEVELS)
    y[250:] = np.nan
    np.testing.assert_array_equal(conformal_offsets(quantiles, y, LEVELS), expected)
    assert not conformal_offsets(quantiles, np.full_like(y, np.nan), LEVELS).any()


def test_few_windows_share_their_scores_among_the_steps() -> None:
    quantiles, y = draw(np.random.default_rng(3), ENOUGH_WINDOWS, 1.0)
    few, enough = conformal_offsets(quantiles[1:], y[1:], LEVELS), conformal_offsets(quantiles, y, LEVELS)
    assert (few == few[0]).all()
    assert (np.diff(enough[:, -1]) > 0).all()  # errors grow with the step


def test_the_margin_is_the_finite_sample_quantile() -> None:
    scores = np.arange(1.0, 10.0)  # nine windows of one step; 0.8 of ten is the eighth
    offsets = conformal_offsets(np.zeros((9, 1, 3)), scores[:, None], (0.1, 0.5, 0.9))
    assert offsets.tolist() == [[-8.0, 0.0, 8.0]]
    widest = conformal_offsets(np.zeros((3, 1, 3)), scores[:3, None], (0.1, 0.5, 0.9))
    assert widest.tolist() == [[-3.0, 0.0, 3.0]]
