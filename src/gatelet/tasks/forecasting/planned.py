"""A forecaster as a plan: the network that runs what lies behind the scaling of a window, and windows as its frames."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gatelet.plan import Plan
from gatelet.plan.cutting import part_of
from gatelet.stream import Session
from gatelet.tasks.forecasting.batch import Batch
from gatelet.tasks.forecasting.network import HEADS, ForecastNetwork, NetworkSettings, WindowSizes

# what a window holds once it is scaled by itself, as the plan calls it
SCALED = ("context", "context_observed", "past_rows", "known_rows", "ahead_rows", "level", "static", "series")


class PlannedForecastNetwork(ForecastNetwork):
    """The network of a forecaster that has a plan and no weights of torch; it cannot be trained."""

    def __init__(
        self, plan: Plan, settings: NetworkSettings, sizes: WindowSizes, distribution: str, levels: tuple[float, ...]
    ) -> None:
        """Run a plan of these sizes."""
        nn.Module.__init__(self)
        self.settings, self.sizes, self.plan = settings, sizes, plan
        self.head = HEADS[distribution](1, levels)
        self.head.linear = nn.Identity()  # type: ignore[assignment]  # its weights are in the plan
        self._part = scaled_part(plan)
        if self._part.outputs[0].shape[:1] != (sizes.horizon,):
            raise ValueError(f"the plan must forecast {sizes.horizon} steps; it does not.")
        if not {value.name for value in self._part.inputs} <= set(SCALED):
            raise ValueError("the plan must read what a window holds; it reads something else.")
        if self._part.state_bytes:
            raise ValueError("the plan must remember nothing behind its windows; it does.")
        self._session = Session(self._part)

    def forward(self, batch: Batch) -> Tensor:
        """Parameters (B, H, Q or 3) of the head, in the scale of the window."""
        # nothing is remembered from one window to the next, so that windows are frames
        return torch.from_numpy(np.asarray(self._session.push(arrays_of(batch, self._part)))).to(batch.context)


def scaled_part(plan: Plan) -> Plan:
    """What a plan computes of windows that are scaled by themselves, up to the parameters of its distribution."""
    name = "parameters" if "parameters" in plan.shapes else "quantiles"
    return part_of(plan, [name], SCALED)


def arrays_of(batch: Batch, part: Plan) -> dict[str, NDArray[np.float64]]:
    """The windows of a batch as what that part reads, (B, ...) each."""
    length = batch.context.shape[1]
    values = {
        "context": batch.context[..., None],
        "context_observed": batch.context_observed[..., None],
        "past_rows": batch.past,
        "known_rows": batch.known[:, :length],
        "ahead_rows": batch.known[:, length:],
        "level": batch.whole[:, :2],
        "static": batch.whole[:, 2:],
        "series": batch.series,
    }
    return {value.name: values[value.name].double().numpy() for value in part.inputs}
