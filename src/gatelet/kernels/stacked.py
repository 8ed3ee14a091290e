"""Stacks of layers: layers, directions, and dropout between layers, on the native kernels or step by step."""

from collections.abc import Sequence
from typing import NamedTuple, Unpack

import torch
from torch import Tensor
from torch.nn import functional as F

from gatelet.kernels import native, transforms, unrolled
from gatelet.kernels.cells import CELLS
from gatelet.kernels.inputs import Inputs
from gatelet.kernels.stack import Stack, check_steps, places
from gatelet.kernels.triton import recurrent as on_gpu

__all__ = ["Extras", "handles", "run"]


class Extras(NamedTuple):
    """What acts on the gates and the state of every layer and direction."""

    layer_norm: bool = False  # gains are among the weights
    zoneout: float = 0.0  # share of units that keep their old state
    recurrent_dropout: float = 0.0  # share of the state's values that W_hh does not see, the same ones at every step
    training: bool = False  # else zoneout mixes, and there is no recurrent dropout

    def mask(self, h0: Tensor) -> Tensor | None:
        """Draw a mask (B, H) for one layer and direction: 0, or 1 / (1 - rate)."""
        if not self.training or self.recurrent_dropout == 0.0:
            return None
        return F.dropout(torch.ones_like(h0), self.recurrent_dropout)

    def seed(self, h0: Tensor) -> Tensor | None:
        """Draw a seed for one layer and direction."""
        return torch.randint(2**63 - 1, (1,), device=h0.device) if self.training and self.zoneout > 0.0 else None

    @property
    def any(self) -> bool:
        """Whether there is anything to do."""
        return self.layer_norm or self.zoneout > 0.0 or self.recurrent_dropout > 0.0


NOTHING = Extras()

# w_ih, w_hh, b_ih, b_hh, and the gains of both products
_Weights = tuple[Tensor, Tensor, Tensor | None, Tensor | None, Tensor | None, Tensor | None]


def handles(x: Tensor, states: Sequence[Tensor], weights: Sequence[Tensor]) -> bool:
    """Whether the native kernels compute this: float32 or bfloat16 on the CPU, not empty, no projection."""
    if not native.ENABLED or x.numel() == 0 or x.device.type != "cpu":
        return False
    if not transforms.native():
        return False
    if any(s.shape[-1] != states[0].shape[-1] for s in states):
        return False
    dtypes = {x.dtype} & {torch.float32, torch.bfloat16}
    if torch.is_autocast_enabled("cpu"):  # which brings them all to one
        dtypes = {torch.float32, torch.bfloat16, torch.float16}
    return all(t.dtype in dtypes and t.device.type == "cpu" for t in (x, *states, *weights))


def _must_widen(cell: str, x: Tensor, extras: Extras) -> bool:
    """Whether x is bfloat16 where there are only kernels in float32; autocast chooses for itself."""
    narrow = x.dtype == torch.bfloat16 and not torch.is_autocast_enabled("cpu")
    return narrow and not CELLS[cell].in_bfloat16(extras.layer_norm)


def run(
    cell: str,
    x: Tensor,
    states: Sequence[Tensor],
    weights: Sequence[Tensor],
    *,
    extras: Extras = NOTHING,
    natively: bool = True,
    **stack: Unpack[Stack],
) -> tuple[Tensor, ...]:
    """Run stacked layers.

    Args:
        cell: a name of the table of cells.
        x: (T, B, I), (B, T, I) with `batch_first`, or packed (N, I) with `batch_sizes`.
        states: h0 (L*D, B, H), of an LSTM also c0.
        weights: flat, in PyTorch's order.
        extras: what acts on the gates and the state.
        natively: on the native kernels, for what `handles` accepts; else step by step.
        stack: the layers and the layout.

    Returns:
        y, laid out as x, with D*H features; the last states, (L*D, B, H) each.

    Raises:
        RuntimeError: there are no steps.
    """
    check_steps(x, stack)
    if not natively or not _must_widen(cell, x, extras):
        return _run(cell, x, states, weights, extras, natively, stack)
    found = _run(
        cell, x.float(), [each.float() for each in states], [each.float() for each in weights], extras, natively, stack
    )
    return tuple(each.to(x.dtype) for each in found)


def _run(
    cell: str,
    x: Tensor,
    states: Sequence[Tensor],
    weights: Sequence[Tensor],
    extras: Extras,
    natively: bool,
    stack: Stack,
) -> tuple[Tensor, ...]:
    offsets, resets = places(stack)
    batch_first = stack.get("batch_first", False)
    dropout = stack.get("dropout", 0.0) if stack.get("training", False) else 0.0
    save = torch.is_grad_enabled() and any(t.requires_grad for t in (x, *states, *weights))
    named = _by_direction(weights, stack.get("bias", True), extras.layer_norm)
    directions = 2 if stack.get("bidirectional", False) else 1
    last: list[tuple[Tensor, ...]] = []
    for first in range(0, len(named), directions):
        if first > 0 and dropout > 0.0:
            x = F.dropout(x, dropout)
        outputs = []
        for k in range(first, first + directions):
            h0, c0 = states[0][k], states[1][k] if len(states) > 1 else None
            given = Inputs(
                x, h0, c0, *named[k], extras.mask(h0), extras.seed(h0),
                offsets, resets, extras.zoneout, batch_first, k > first,
            )  # fmt: skip
            y, *after = transforms.layer(cell, given, save) if natively else _by_steps(cell, given)
            outputs.append(y)
            last.append(tuple(after[: len(states)]))
        x = outputs[0] if directions == 1 else torch.cat(outputs, dim=-1)
    if len(last) == 1:
        return (x, *(state.unsqueeze(0) for state in last[0]))
    return (x, *(torch.stack(of_layers) for of_layers in zip(*last, strict=True)))


def _by_direction(weights: Sequence[Tensor], bias: bool, layer_norm: bool) -> list[_Weights]:
    """The weights of each layer and direction as `Inputs` takes them, None for what it has not."""
    size = 2 + (2 if bias else 0) + (2 if layer_norm else 0)
    found: list[_Weights] = []
    for first in range(0, len(weights), size):
        w_ih, w_hh, *rest = weights[first : first + size]
        b_ih, b_hh = rest[:2] if bias else (None, None)
        gains_ih, gains_hh = rest[-2:] if layer_norm else (None, None)
        found.append((w_ih, w_hh, b_ih, b_hh, gains_ih, gains_hh))
    return found


def _by_steps(cell: str, given: Inputs) -> tuple[Tensor, ...]:
    """One layer and direction without the native kernels: on a GPU's where it has them, else by torch's operators."""
    found: tuple[Tensor, ...] = (on_gpu if on_gpu.handles(cell, given) else unrolled).run(cell, given)
    return found
