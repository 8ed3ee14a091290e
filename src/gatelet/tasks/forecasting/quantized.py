"""What a forecaster is quantized with: windows to calibrate, to train, and to score."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from gatelet.features import read_panel
from gatelet.features.windows import Windows, rolling_windows, training_windows
from gatelet.plan import Plan
from gatelet.tasks.forecasting.batch import Batch
from gatelet.tasks.forecasting.fitted import Fitted, HeldOut, learn, usual_validation
from gatelet.tasks.forecasting.network import ForecastNetwork, forecast_loss
from gatelet.tasks.forecasting.planned import PlannedForecastNetwork, arrays_of, scaled_part
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

if TYPE_CHECKING:
    from gatelet.deploy.quantization.observing import Sequences
    from gatelet.tasks.forecasting.forecaster import Forecaster

# windows that tell how large values become, and as many that say whether training helped
CALIBRATION_WINDOWS = 300


class ForecasterMaterial:
    """What a forecaster is quantized with: the last rows of each series for the scores, those before for the rest."""

    metric, higher_is_better = "mase", False

    def __init__(self, forecaster: Forecaster, data: Any, test_size: int | None, seed: int) -> None:
        """Read the table."""
        self._forecaster, self._data = forecaster, data
        self.fitted: Fitted = forecaster._need_fitted()
        panel = read_panel(data, self.fitted.schema)
        horizon = forecaster.horizon
        self._test_size = test_size or forecaster.test_size or usual_validation(panel, horizon)
        self._panel = panel.before(self._test_size)
        self._validation = usual_validation(self._panel, horizon)

    def calibration(self, plan: Plan) -> list[tuple[Plan, Sequences]]:
        """The part of the plan behind the scaling of a window, and windows as its frames."""
        sizes = self.fitted.network.sizes
        windows = training_windows(self._panel, sizes.context_length, sizes.horizon, self._validation)
        part = scaled_part(plan)
        arrays = arrays_of(self._batch(windows), part)
        rows = range(len(next(iter(arrays.values()))))
        return [(part, [[{name: array[row] for name, array in arrays.items()} for row in rows]])]

    def planned(self, plan: Plan) -> ForecastNetwork:
        """A network that runs a plan."""
        forecaster, network = self._forecaster, self.fitted.network
        return PlannedForecastNetwork(plan, network.settings, network.sizes, forecaster.distribution, forecaster.levels)

    def with_network(self, network: Any) -> Forecaster:
        """The forecaster with another network."""
        other = copy(self._forecaster)
        other._fitted = replace(self.fitted, network=network)
        return other

    def copied(self) -> ForecastNetwork:
        """The network, to be trained."""
        return deepcopy(self.fitted.network)

    def learn(self, network: Any, training: TrainingSettings, progress: bool | Report) -> None:
        """Train a network in place."""
        learn(
            replace(self.fitted, network=network), self._panel, HeldOut(self._validation), training, progress=progress
        )

    def validation_loss(self, network: Any) -> float:
        """The mean loss of the rows that say whether training helped."""
        sizes = self.fitted.network.sizes
        windows = rolling_windows(self._panel, sizes.context_length, sizes.horizon, self._validation, 1)
        with torch.inference_mode():
            return float(forecast_loss(network.eval(), self._batch(windows)))

    def scores(self, forecaster: Forecaster) -> dict[str, float]:
        """What the task itself says of the rows that are held out."""
        found = forecaster.backtest(self._data, test_size=self._test_size, baselines=False).scores()
        overall = found.to_json()["overall"]["gatelet"]
        return {name: value for name, value in overall.items() if isinstance(value, float)}

    @property
    def counted(self) -> str:
        """What the scores are of."""
        return f"the last {self._test_size} rows of each series"

    def _batch(self, windows: Windows) -> Batch:
        thinned = windows.thinned(CALIBRATION_WINDOWS)
        return self.fitted.cutter(self._panel, thinned)(torch.arange(len(thinned)))
