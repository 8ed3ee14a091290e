"""Cross-entropy over a large vocabulary, gradients included, without keeping what lies between."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

# rows whose scores are in memory at once
ROWS = 1024


def vocabulary_loss(
    features: Tensor, weight: Tensor, bias: Tensor, target: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """Mean cross-entropy of `softmax(features @ weight.T + bias)`, as by a linear layer and torch's `cross_entropy`.

        loss = mean over rows of (1 - e) * -log p[target] + e * mean over v of -log p[v]

    Scores and softmax of a large vocabulary are most of what a small translator computes. Here both passes are made at
    once, a part of the rows at a time: nothing of size (N, V) is kept. Within autocast the three products run in its
    precision, and softmax and sums in float32.

    Args:
        features: (N, E).
        weight: (V, E).
        bias: (V,).
        target: (N,) numbers in the vocabulary.
        label_smoothing: e.

    Returns:
        the loss, a scalar; it can be differentiated once.
    """
    device = features.device.type
    half = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
    loss: Tensor = _VocabularyLoss.apply(features, weight, bias, target, label_smoothing, half)  # type: ignore[no-untyped-call]
    return loss


class _VocabularyLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        features: Tensor,
        weight: Tensor,
        bias: Tensor,
        target: Tensor,
        label_smoothing: float,
        half: torch.dtype | None,
    ) -> Tensor:
        with torch.autocast(features.device.type, enabled=False):
            wide = torch.promote_types(weight.dtype, torch.float32)
            precision = half or weight.dtype
            x, w, b = features.to(precision), weight.to(precision), bias.to(precision)
            loss = torch.zeros((), dtype=wide, device=x.device)
            dx = torch.empty_like(x, dtype=wide)
            dw, db = torch.zeros_like(weight, dtype=wide), torch.zeros_like(bias, dtype=wide)
            for begin in range(0, len(x), ROWS):
                rows = slice(begin, begin + ROWS)
                part, gradient = _scores_gradient(x[rows], w, b, target[rows], label_smoothing, wide)
                loss += part
                db += gradient.sum(0)
                gradient = gradient.to(precision)
                dx[rows] = gradient @ w
                dw += gradient.T @ x[rows]
        ctx.save_for_backward(dx, dw, db)
        ctx.scale, ctx.dtype = 1.0 / len(x), features.dtype
        return loss / len(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        dx, dw, db = ctx.saved_tensors
        scale = upstream * ctx.scale
        return (dx * scale).to(ctx.dtype), dw * scale, db * scale, None, None, None


def _scores_gradient(
    x: Tensor, weight: Tensor, bias: Tensor, target: Tensor, smoothing: float, wide: torch.dtype
) -> tuple[Tensor, Tensor]:
    """The sum of the losses of some rows, and its gradient (n, V) with respect to their scores."""
    log_p = torch.addmm(bias, x, weight.T).log_softmax(-1, dtype=wide)
    aim = target[:, None]
    loss = (smoothing - 1.0) * log_p.gather(1, aim).sum()
    if smoothing:
        loss = loss - smoothing * log_p.sum() / weight.shape[0]
    gradient = log_p.exp_()
    if smoothing:
        gradient -= smoothing / weight.shape[0]
    gradient.scatter_add_(1, aim, torch.full_like(aim, smoothing - 1.0, dtype=wide))
    return loss, gradient
