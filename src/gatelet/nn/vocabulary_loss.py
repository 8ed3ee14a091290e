"""Cross-entropy over a large vocabulary, gradients included, without keeping what lies between."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

# rows whose scores are in memory at once
ROWS = 1024
# rows of a softmax, which should find its scores in the cache still
SOFTMAX_ROWS = 64


def vocabulary_loss(
    features: Tensor, weight: Tensor, bias: Tensor, target: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """Mean cross-entropy of `softmax(features @ weight.T + bias)`, as by a linear layer and torch's `cross_entropy`.

        loss = mean over rows of (1 - e) * -log p[target] + e * mean over v of -log p[v]

    Scores and softmax of a large vocabulary are most of what a small translator computes. Here both passes are made at
    once, a part of the rows at a time: nothing of size (N, V) is kept, and the gradient is written over the scores.
    Where none can be asked for, as in a validation, none is computed.
    Within autocast the three products run in its precision, and softmax and sums in float32.

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
    learning = torch.is_grad_enabled() and any(each.requires_grad for each in (features, weight, bias))
    loss: Tensor = _VocabularyLoss.apply(features, weight, bias, target, label_smoothing, half, learning)  # type: ignore[no-untyped-call]
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
        learning: bool,
    ) -> Tensor:
        with torch.autocast(features.device.type, enabled=False):
            wide = torch.promote_types(weight.dtype, torch.float32)
            precision = half or weight.dtype
            x, w, b = features.to(precision), weight.to(precision), bias.to(precision)
            loss = torch.zeros((), dtype=wide, device=x.device)
            dx, db = torch.empty_like(x), torch.zeros_like(bias, dtype=wide)
            dw: Tensor | None = None
            for begin in range(0, len(x), ROWS):
                rows = slice(begin, begin + ROWS)
                scores = torch.addmm(b, x[rows], w.T)
                parts = (torch.split(whole, SOFTMAX_ROWS) for whole in (scores, target[rows, None]))
                for part, aims in zip(*parts, strict=True):
                    log_p = part.log_softmax(-1, dtype=wide)
                    loss += _cost(log_p, aims, label_smoothing)
                    if learning:
                        gradient = _gradient(log_p, aims, label_smoothing)
                        db += gradient.sum(0)
                        part.copy_(gradient)
                if learning:
                    dx[rows] = scores @ w
                    product = scores.T @ x[rows]
                    dw = product if dw is None else dw.to(wide).add_(product)
        if dw is not None:
            ctx.save_for_backward(dx, dw, db)
            ctx.scale, ctx.dtype, ctx.weight = 1.0 / len(x), features.dtype, weight.dtype
        return loss / len(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        dx, dw, db = ctx.saved_tensors
        scale = upstream * ctx.scale
        dw = dw.to(db.dtype, copy=True).mul_(scale)  # large: not copied more often than needed
        return (dx * scale).to(ctx.dtype), dw.to(ctx.weight), (db * scale).to(ctx.weight), None, None, None, None


def _cost(log_p: Tensor, aims: Tensor, smoothing: float) -> Tensor:
    """The sum of the losses of some rows: log_p (n, V), aims (n, 1)."""
    cost = (smoothing - 1.0) * log_p.gather(1, aims).sum()
    return cost - smoothing * log_p.sum() / log_p.shape[1] if smoothing else cost


def _gradient(log_p: Tensor, aims: Tensor, smoothing: float) -> Tensor:
    """(n, V) of those losses with regard to the scores, written over `log_p`."""
    gradient = log_p.exp_()
    if smoothing:
        gradient -= smoothing / log_p.shape[1]
    return gradient.scatter_add_(1, aims, torch.full_like(aims, smoothing - 1.0, dtype=log_p.dtype))
