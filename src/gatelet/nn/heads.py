"""Heads that turn features into a predictive distribution, each with its loss."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gatelet.errors import require


class QuantileHead(nn.Module):
    """Quantiles that cannot cross: the median, and positive steps away from it.

        q_m = a_m,   q_{k+1} = q_k + softplus(a_{k+1}),   q_{k-1} = q_k - softplus(a_{k-1})

    Shapes: features (..., F) -> quantiles (..., Q) in the order of `levels`.
    """

    _levels: Tensor

    def __init__(self, num_features: int, levels: Sequence[float], repeats: int = 1) -> None:
        """Make a head for `repeats` consecutive steps per feature vector.

        Args:
            num_features: F.
            levels: increasing, 0.5 among them.
            repeats: steps that one feature vector describes.
        """
        super().__init__()
        self.levels = tuple(levels)
        self.num_outputs = len(self.levels)
        self._median = self.levels.index(0.5)
        self.linear = nn.Linear(num_features, repeats * self.num_outputs)
        self.register_buffer("_levels", torch.tensor(self.levels), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """(..., F) -> (..., repeats, Q) before `spread`: the raw outputs a."""
        return torch.unflatten(self.linear(features), -1, (-1, self.num_outputs))

    def spread(self, raw: Tensor, shift: Tensor) -> Tensor:
        """Quantiles (..., Q) of raw outputs (..., Q) and a shift (...) of all of them."""
        middle = raw[..., self._median : self._median + 1] + shift.unsqueeze(-1)
        # softplus(a - 2) starts near 0.13, a narrow band in units of the window's scale
        steps = functional.softplus(raw - 2.0)
        up = middle + steps[..., self._median + 1 :].cumsum(-1)
        down = middle - steps[..., : self._median].flip(-1).cumsum(-1).flip(-1)
        return torch.cat([down, middle, up], -1)

    def loss(self, quantiles: Tensor, y: Tensor, observed: Tensor) -> Tensor:
        """Twice the mean pinball loss over levels and observed values.

        Shapes: quantiles (..., Q); y, observed (...).
        Source: Koenker and Bassett, Regression quantiles, Econometrica 1978.
        """
        error = y.unsqueeze(-1) - quantiles
        pinball = torch.maximum(self._levels * error, (self._levels - 1.0) * error).mean(-1)
        return 2.0 * (pinball * observed).sum() / observed.sum().clamp_min(1.0)

    def quantiles(self, parameters: Tensor) -> np.ndarray:
        """(..., Q) as NumPy float64."""
        return parameters.double().cpu().numpy()


class StudentTHead(nn.Module):
    """A Student-t distribution: location, scale and degrees of freedom above 2, so that the variance exists.

    Shapes: features (..., F) -> parameters (..., 3): location, scale, degrees of freedom.
    """

    num_outputs = 3

    def __init__(self, num_features: int, levels: Sequence[float], repeats: int = 1) -> None:
        """Make a head; the arguments are those of `QuantileHead`."""
        super().__init__()
        self.levels = tuple(levels)
        self.linear = nn.Linear(num_features, repeats * self.num_outputs)

    def forward(self, features: Tensor) -> Tensor:
        """(..., F) -> (..., repeats, 3): the raw outputs."""
        return torch.unflatten(self.linear(features), -1, (-1, self.num_outputs))

    def spread(self, raw: Tensor, shift: Tensor) -> Tensor:
        """Parameters (..., 3) of raw outputs (..., 3) and a shift (...) of the location."""
        location = raw[..., 0] + shift
        # softplus(0.5413) = 1: the scale starts at that of the window; the degrees of freedom start near 8
        scale = functional.softplus(raw[..., 1] + 0.5413) + 1e-4
        freedom = 2.1 + functional.softplus(raw[..., 2] + 6.0)
        return torch.stack([location, scale, freedom], -1)

    def loss(self, parameters: Tensor, y: Tensor, observed: Tensor) -> Tensor:
        """Mean negative log-likelihood over the observed values.

        Shapes: parameters (..., 3); y, observed (...).
        """
        location, scale, freedom = parameters.unbind(-1)
        error = (y - location) / scale
        half = (freedom + 1.0) / 2.0
        likelihood = (
            torch.lgamma(half)
            - torch.lgamma(freedom / 2.0)
            - 0.5 * torch.log(math.pi * freedom)
            - torch.log(scale)
            - half * torch.log1p(error.square() / freedom)
        )
        return -(likelihood * observed).sum() / observed.sum().clamp_min(1.0)

    def quantiles(self, parameters: Tensor) -> np.ndarray:
        """(..., Q) as NumPy float64."""
        location, scale, freedom = (part.unsqueeze(-1).double().cpu().numpy() for part in parameters.unbind(-1))
        stats = require("scipy.stats", "train")
        values: np.ndarray = location + scale * stats.t.ppf(np.asarray(self.levels), freedom)
        return values

    @staticmethod
    def variance(parameters: Tensor) -> Tensor:
        """(...) scale^2 * v / (v - 2)."""
        _, scale, freedom = parameters.unbind(-1)
        return scale.square() * freedom / (freedom - 2.0)


Head = QuantileHead | StudentTHead
