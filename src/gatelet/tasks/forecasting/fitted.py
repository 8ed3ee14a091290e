"""What fitting leaves behind, and how it is learned and run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

import numpy as np
import torch
from numpy.typing import NDArray

from gatelet.errors import DataError
from gatelet.features import Panel, Schema
from gatelet.features.windows import Windows, rolling_windows, training_windows
from gatelet.nn.heads import StudentTHead
from gatelet.tasks.forecasting.batch import Batch, WindowCutter
from gatelet.tasks.forecasting.conformal import calibrated, conformal_offsets
from gatelet.tasks.forecasting.network import ForecastNetwork, forecast_loss
from gatelet.training import Batches, History, Run, TrainingSettings, fit

Array = NDArray[np.float64]

# windows that one forward pass without gradients takes
FORWARD_WINDOWS = 2048
# windows that are enough to know the validation loss, or to calibrate
HELD_OUT_WINDOWS = 4096


@dataclass
class Fitted:
    """A network with what it needs to read a table and to scale its quantiles back.

    Attributes:
        schema: how to read a table.
        series: the series of the training, in the order of their learned vectors.
        network: with its weights.
        offsets: (H, Q) of the conformal calibration in the scale of a window, or None.
    """

    schema: Schema
    series: tuple[str, ...]
    network: ForecastNetwork
    offsets: Array | None = None

    def forward(self, panel: Panel, windows: Windows) -> tuple[Array, Array | None]:
        """Quantiles (W, H, Q), and the variance (W, H) if the head has one, in the unit of the data."""
        quantiles, variance, cutter = [], [], self.cutter(panel, windows)
        for index in torch.split(torch.arange(len(windows)), FORWARD_WINDOWS):
            batch = cutter(index)
            center, scale = batch.center.numpy()[:, None], batch.scale.numpy()[:, None]
            values, spread = self._scaled(batch)
            if self.offsets is not None:
                values = calibrated(values, self.offsets, self.network.head.levels)
            quantiles.append(values * scale[..., None] + center[..., None])
            if spread is not None:
                variance.append(spread * scale**2)
        return np.concatenate(quantiles), np.concatenate(variance) if variance else None

    def calibrate(self, panel: Panel, windows: Windows) -> None:
        """Find the conformal offsets on windows that training has not seen."""
        cutter, quantiles, targets = self.cutter(panel, windows), [], []
        for index in torch.split(torch.arange(len(windows)), FORWARD_WINDOWS):
            batch = cutter(index)
            quantiles.append(self._scaled(batch)[0])
            targets.append(np.where(batch.target_observed.numpy() > 0, batch.target.double().numpy(), np.nan))
        levels = self.network.head.levels
        self.offsets = conformal_offsets(np.concatenate(quantiles), np.concatenate(targets), levels)

    def cutter(self, panel: Panel, windows: Windows) -> WindowCutter:
        """Batches of these windows, as the network wants them."""
        sizes, center = self.network.sizes, self.network.settings.center
        return WindowCutter(
            panel, windows, sizes.context_length, sizes.horizon, center=center, known_series=self.series
        )

    def _scaled(self, batch: Batch) -> tuple[Array, Array | None]:
        """Quantiles and variance in the scale of the windows."""
        head = self.network.head
        with torch.inference_mode():
            parameters = self.network.eval()(batch)
            variance = head.variance(parameters).double().numpy() if isinstance(head, StudentTHead) else None
            return head.quantiles(parameters), variance


@dataclass(frozen=True)
class HeldOut:
    """Rows at the end of each series that training does not learn from: validation, then calibration."""

    validation: int
    calibration: int = 0


def usual_validation(panel: Panel, horizon: int) -> int:
    """A tenth of the median series, in whole horizons, at least one."""
    median = float(np.median(panel.ends - panel.offsets[:-1]))
    return horizon * max(1, int(median / 10 // horizon))


def learn(
    fitted: Fitted,
    panel: Panel,
    held_out: HeldOut,
    training: TrainingSettings,
    **run: Unpack[Run],
) -> History:
    """Train the network of `fitted` in place, and calibrate it if rows are held out for that.

    Raises:
        DataError: no series is long enough, or nothing was observed in the rows held out.
    """
    sizes = fitted.network.sizes
    context, horizon = sizes.context_length, sizes.horizon
    # training and validation are counted back from the same rows, wherever missing values end what comes before
    earlier = panel.before(held_out.calibration) if held_out.calibration else panel
    if not earlier.num_series:
        raise DataError(f"The rows before the last {held_out.calibration} must hold targets to learn from; none do.")
    windows = training_windows(earlier, context, horizon, held_out.validation)
    judged = rolling_windows(earlier, context, horizon, held_out.validation, 1).thinned(HELD_OUT_WINDOWS)
    last = rolling_windows(panel, context, horizon, held_out.calibration, 1).thinned(HELD_OUT_WINDOWS)
    for name, rows, found in (("validation", held_out.validation, judged), ("calibration", held_out.calibration, last)):
        if rows and not len(found):
            raise DataError(f"The {rows} rows held out for {name} must hold targets with a context; none do.")
    history = fit(
        fitted.network,
        forecast_loss,
        Batches(
            len(windows),
            fitted.cutter(earlier, windows),
            training.batch_size,
            seed=training.seed,
            limit=training.steps_per_epoch,
        ),
        Batches(len(judged), fitted.cutter(earlier, judged), FORWARD_WINDOWS, seed=None),
        training,
        **run,
    )
    fitted.offsets = None
    if held_out.calibration:
        fitted.calibrate(panel, last)
    return history
