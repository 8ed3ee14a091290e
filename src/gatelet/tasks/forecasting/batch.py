"""Batches of windows as tensors: cut from a panel by one gather each, and scaled by their own context."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gatelet.features import Panel, Schema
from gatelet.features.windows import Windows

CENTERS = ("mean", "last")


@dataclass(frozen=True)
class Batch:
    """B windows of C steps of context and H steps of horizon; everything missing is 0 and told by a mask.

    A window is scaled by its observed context alone: (y - center) / scale, so that nothing of the horizon leaks.

    Attributes:
        context: (B, C) scaled target.
        context_observed: (B, C) 1 where the target is observed.
        past: (B, C, P) past features and their masks.
        known: (B, C + H, F) future features, their masks and the calendar.
        whole: (B, 2 + G) what is the same for all steps: level and log spread of the window beside those of the
            training data, and the static features.
        series: (B,) number of the series among those of the training, from 1; 0 for an unknown one.
        target: (B, H) scaled.
        target_observed: (B, H).
        center: (B,) float64, in the unit of the data; stays on the CPU, as does scale.
        scale: (B,) float64.
    """

    context: Tensor
    context_observed: Tensor
    past: Tensor
    known: Tensor
    whole: Tensor
    series: Tensor
    target: Tensor
    target_observed: Tensor
    center: Tensor
    scale: Tensor

    def __len__(self) -> int:
        return len(self.context)

    def to(self, device: torch.device, non_blocking: bool = False) -> Batch:
        """This batch with what the network needs on another device."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {
            name: part.to(device, non_blocking=non_blocking)
            for name, part in parts.items()
            if name not in ("center", "scale")
        }
        return Batch(**(parts | moved))


class WindowCutter:
    """Cuts batches of windows from a panel held as tensors."""

    def __init__(
        self,
        panel: Panel,
        windows: Windows,
        context_length: int,
        horizon: int,
        *,
        center: str,
        known_series: tuple[str, ...] = (),
    ) -> None:
        """Lay the panel out for gathering.

        Args:
            panel: the series.
            windows: W of them.
            context_length: C.
            horizon: H.
            center: what is subtracted: the "mean" of the context or its "last" observed value.
            known_series: the series of the training, in their order.
        """
        self._series = torch.from_numpy(windows.series)
        self._origins = torch.from_numpy(windows.origins)
        self._begins = torch.from_numpy(panel.offsets[:-1])
        self._ends = torch.from_numpy(panel.offsets[1:])
        self._steps = torch.arange(-context_length, horizon)
        self._context_length = context_length
        self._center = center
        observed = ~np.isnan(panel.target)
        self._target = torch.from_numpy(np.where(observed, panel.target, 0.0))
        self._observed = torch.from_numpy(observed.astype(np.float32))
        self._past = torch.from_numpy(_masked(panel.past))
        self._known = torch.from_numpy(np.concatenate([_masked(panel.future), panel.calendar], 1))
        self._static = torch.from_numpy(panel.static)
        self._target_mean, self._target_std = panel.schema.target_mean, panel.schema.target_std
        number_of = {name: number for number, name in enumerate(known_series, 1)}
        self._known_number = torch.tensor([number_of.get(name, 0) for name in panel.ids])

    def __call__(self, index: Tensor) -> Batch:
        """The windows with these numbers, (B,) int64."""
        series, length = self._series[index], self._context_length
        rows = self._origins[index, None] + self._steps
        inside = (rows >= self._begins[series, None]) & (rows < self._ends[series, None])
        rows = torch.where(inside, rows, 0)
        here = inside.to(torch.float32)
        observed = self._observed[rows] * here
        target = self._target[rows]
        center, scale = self._scale(target[:, :length], observed[:, :length])
        scaled = ((target - center[:, None]) / scale[:, None]).to(torch.float32) * observed
        return Batch(
            context=scaled[:, :length],
            context_observed=observed[:, :length],
            past=self._past[rows[:, :length]] * here[:, :length, None],
            known=self._known[rows] * here[..., None],
            whole=torch.cat([self._level(center, scale), self._static[series]], 1),
            series=self._known_number[series],
            target=scaled[:, length:],
            target_observed=observed[:, length:],
            center=center,
            scale=scale,
        )

    def _scale(self, context: Tensor, observed: Tensor) -> tuple[Tensor, Tensor]:
        """Center and scale (B,): mean or last, and standard deviation, of the observed context (B, C).

        The scale of a constant context is small beside its level, or beside the training data where the level is zero;
        it is always small beside the spread of the training data, which may be tiny beside their level.
        """
        count = observed.sum(1).clamp_min(1.0)
        mean = (context * observed).sum(1) / count
        deviation = (((context - mean[:, None]) * observed).square().sum(1) / count).sqrt()
        size = (context * observed).abs().amax(1)
        least = (1e-3 * size).clamp(1e-6 * self._target_std, 1e-2 * self._target_std)
        center = mean if self._center == "mean" else _last_observed(context, observed)
        return center, torch.maximum(deviation, least)

    def _level(self, center: Tensor, scale: Tensor) -> Tensor:
        """(B, 2) where the window lies, and how wide it is, beside the training data."""
        level = (center - self._target_mean) / self._target_std
        return torch.stack([level, (scale / self._target_std).log()], 1).clamp(-10.0, 10.0).to(torch.float32)


def batch_widths(schema: Schema) -> tuple[int, int, int]:
    """P, F and 2 + G of the batches of panels that a schema reads: features and their masks, sines and cosines."""
    known = 2 * len(schema.future_names) + 2 * len(schema.calendar)
    return 2 * len(schema.past_names), known, 2 + len(schema.static_names)


def _masked(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, P) with NaN -> (N, 2P): zeros for NaN, then 1 where a feature is observed."""
    observed = ~np.isnan(features)
    return np.concatenate([np.where(observed, features, 0.0), observed], 1).astype(np.float32)


def _last_observed(values: Tensor, observed: Tensor) -> Tensor:
    """(B,) the last observed of values (B, C)."""
    steps = torch.arange(1, values.shape[1] + 1)
    return values.gather(1, (observed * steps).argmax(1, keepdim=True)).squeeze(1)
