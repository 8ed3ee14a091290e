from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gatelet.errors import DataError
from gatelet.features import Panel
from gatelet.features.windows import rolling_windows, training_windows
from gatelet.tasks.forecasting import NetworkSettings, fitted
from gatelet.tasks.forecasting.fitted import Fitted, HeldOut, learn, usual_validation
from gatelet.tasks.forecasting.network import ForecastNetwork, WindowSizes
from gatelet.training import TrainingSettings

Make = Callable[..., Panel]
LEVELS = (0.1, 0.5, 0.9)
ONE_EPOCH = TrainingSettings(epochs=1, batch_size=1)


def fresh(panel: Panel, context: int = 6, horizon: int = 3) -> Fitted:
    torch.manual_seed(0)
    sizes = WindowSizes(context, horizon, 0, 0, 2, panel.num_series)
    network = ForecastNetwork(NetworkSettings(hidden_size=4), sizes, "quantiles", LEVELS)
    return Fitted(panel.schema, panel.ids, network)


def wave(rows: int = 80) -> Any:
    return np.sin(np.arange(rows)) + 0.1 * np.random.default_rng(0).normal(size=rows)


def weights_after(panel: Panel, held_out: HeldOut) -> list[torch.Tensor]:
    learned = fresh(panel)
    learn(learned, panel, held_out, ONE_EPOCH)
    return [weight.detach().clone() for weight in learned.network.parameters()]


@pytest.mark.parametrize("gap", [slice(0, 0), slice(60, 74), slice(73, 74)], ids=["none", "long", "short"])
@pytest.mark.parametrize("held_out", [HeldOut(6), HeldOut(6, 6)], ids=["validation", "calibration"])
def test_training_learns_nothing_of_the_rows_that_judge_it(panel_of: Make, gap: slice, held_out: HeldOut) -> None:
    values = wave()
    values[gap] = np.nan
    panel = panel_of(values)
    # the newest rows that validation or calibration look at, however missing values have moved them
    later = panel.before(held_out.calibration) if held_out.calibration else panel
    judged = rolling_windows(later, 6, 3, held_out.validation, 1).origins.min()
    changed = replace(panel, target=np.where(np.arange(80) >= judged, 100.0 + values, values))
    assert all(map(torch.equal, weights_after(panel, held_out), weights_after(changed, held_out)))


def test_training_learns_of_all_other_rows(panel_of: Make) -> None:
    panel = panel_of(wave())
    changed = replace(panel, target=np.where(np.arange(80) == 80 - 6 - 1, 100.0, panel.target))
    assert not any(map(torch.equal, weights_after(panel, HeldOut(6)), weights_after(changed, HeldOut(6))))


def test_calibration_looks_at_rows_that_neither_trained_nor_judged(panel_of: Make) -> None:
    panel = panel_of(wave())
    learned = fresh(panel)
    learn(learned, panel, HeldOut(6, 9), ONE_EPOCH)
    assert learned.offsets is not None and learned.offsets.shape == (3, 3) and not learned.offsets[:, 1].any()
    offsets = learned.offsets
    learned.offsets = None
    learned.calibrate(panel, rolling_windows(panel, 6, 3, 9, 1))
    np.testing.assert_array_equal(learned.offsets, offsets)
    learn(learned, panel, HeldOut(6), ONE_EPOCH)
    assert learned.offsets is None


def test_intervals_cover_what_they_promise_after_calibration(panel_of: Make) -> None:
    generator = np.random.default_rng(0)
    panel = panel_of(*(generator.gamma(2.0, size=150) for _ in range(4)))
    learned = fresh(panel)
    test = rolling_windows(panel, 6, 3, 40, 1)
    actual = panel.target[test.origins[:, None] + np.arange(3)]
    learn(learned, panel.before(40), HeldOut(10, 60), ONE_EPOCH)  # far from done, so that its own bands are wrong
    quantiles, _ = learned.forward(panel, test)
    assert 0.72 < np.mean((actual >= quantiles[..., 0]) & (actual <= quantiles[..., 2])) < 0.88
    learned.offsets = None
    before, _ = learned.forward(panel, test)
    assert not 0.72 < np.mean((actual >= before[..., 0]) & (actual <= before[..., 2])) < 0.88


def test_forward_passes_are_cut_without_a_seam(panel_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = panel_of(wave(), 5 + 3 * wave(50))
    learned, windows = fresh(panel), training_windows(panel, 6, 3, 0)
    whole, variance = learned.forward(panel, windows)
    monkeypatch.setattr(fitted, "FORWARD_WINDOWS", 7)
    parts, _ = learned.forward(panel, windows)
    assert variance is None and whole.shape == (len(windows), 3, 3)
    np.testing.assert_allclose(parts, whole, rtol=1e-5, atol=1e-6)


def test_rows_held_out_without_targets_are_told(panel_of: Make) -> None:
    gap = wave()
    gap[40:77] = np.nan  # what follows has no context
    panel = panel_of(gap)
    with pytest.raises(DataError, match=r"^The 3 rows held out for calibration must hold targets with a context; none"):
        learn(fresh(panel), panel, HeldOut(3, 3), ONE_EPOCH)
    with pytest.raises(DataError, match=r"^The 3 rows held out for validation must hold targets with a context; none"):
        learn(fresh(panel), panel, HeldOut(3), ONE_EPOCH)
    with pytest.raises(DataError, match=r"^The rows before the last 90 must hold targets to learn from; none do\.$"):
        learn(fresh(panel), panel, HeldOut(4, 90), ONE_EPOCH)


def test_validation_is_usually_a_tenth_in_whole_horizons(panel_of: Make) -> None:
    panel = panel_of(wave(100), wave(260), wave(300))
    assert usual_validation(panel, 5) == 25
    assert usual_validation(panel, 24) == 24
    assert usual_validation(panel, 100) == 100
