"""One vector from the steps of a sequence: the last state, the maximum, the mean, or attention.

Shapes: y (B, T, D*H) are outputs of a recurrent stack whose last layer has D directions; mask (B, T) is true at real
steps, which come first; the result is (B, D*H).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

POOLINGS = ("last", "max", "mean", "attention")


class Pooling(nn.Module):
    """Pools in one of four ways: "last" (each direction where it ends), "max", "mean" or "attention".

    attention: a_t = softmax over t of v . tanh(W y_t + b), result = sum of a_t y_t.

    Source: Yang et al., Hierarchical Attention Networks for Document Classification, NAACL 2016.
    """

    def __init__(self, kind: str, size: int, directions: int) -> None:
        """Pool features of D*H = `size`; the last H of two directions read from the end."""
        super().__init__()
        self.kind, self.directions = kind, directions
        if kind == "attention":
            self.project = nn.Linear(size, size // directions)
            self.score = nn.Linear(size // directions, 1, bias=False)

    def forward(self, y: Tensor, mask: Tensor) -> Tensor:
        """(B, T, D*H) and (B, T) to (B, D*H)."""
        if self.kind == "max":
            return y.masked_fill(~mask[..., None], -torch.inf).amax(1)
        if self.kind == "last":
            return self._last(y, mask)
        return torch.einsum("bt,btf->bf", self.weights(y, mask), y)

    def weights(self, y: Tensor, mask: Tensor) -> Tensor:
        """(B, T) how much each step counts in "mean" or "attention"; they add up to 1."""
        if self.kind == "mean":
            real = mask.to(y)
            return real / real.sum(1, keepdim=True)
        return self.scores(y).masked_fill(~mask, -torch.inf).softmax(1)

    def scores(self, y: Tensor) -> Tensor:
        """(B, T) before the softmax of "attention"."""
        scores: Tensor = self.score(torch.tanh(self.project(y))).squeeze(-1)
        return scores

    def _last(self, y: Tensor, mask: Tensor) -> Tensor:
        last = y[torch.arange(len(y), device=y.device), mask.sum(1) - 1]
        if self.directions == 1:
            return last
        half = y.shape[2] // 2
        return torch.cat([last[:, :half], y[:, 0, half:]], 1)


class RunningPool:
    """The same vector while the steps of one sequence still come, in memory that does not grow."""

    def __init__(self, pooling: Pooling) -> None:
        """Start before the first step; the pooling reads one direction only."""
        self._pooling = pooling
        self._kept: Tensor | None = None  # (F,) last, maximum, or weighted sum
        self._weight = torch.zeros(())  # what the sum is divided by, relative to exp(_peak)
        self._peak = torch.tensor(-torch.inf)

    def add(self, y: Tensor) -> Tensor:
        """Take the next steps (T, F) in and give the vector (F,) of all so far."""
        kind, former = self._pooling.kind, self._kept
        if kind == "last":
            self._kept = y[-1]
        elif kind == "max":
            self._kept = y.amax(0) if former is None else torch.maximum(former, y.amax(0))
        else:
            return self._weighted(y, self._pooling.scores(y) if kind == "attention" else y.new_zeros(len(y)))
        return self._kept

    def _weighted(self, y: Tensor, scores: Tensor) -> Tensor:
        peak = torch.maximum(self._peak, scores.max())  # the exponentials stay at most 1
        shrink, weights = (self._peak - peak).exp(), (scores - peak).exp()
        total = weights @ y
        self._kept = total if self._kept is None else self._kept * shrink + total
        self._weight, self._peak = self._weight * shrink + weights.sum(), peak
        return self._kept / self._weight
