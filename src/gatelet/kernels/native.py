"""Calls the native kernels: one layer, one direction, a whole sequence per call, float32 on the CPU.

`GATELET_KERNELS=off` in the environment leaves everything to PyTorch's operators; `GATELET_ISA` (`avx512`, `avx2`,
`neon`, `portable`) forces an instruction set.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

try:
    from gatelet.kernels import _native
except ImportError:  # a source tree whose native part is not built
    _native = None  # type: ignore[assignment, unused-ignore]

__all__ = ["ENABLED", "Layout", "Weights", "backward", "forward", "isa", "isas"]

GATES = {"gru": 3, "lstm": 4}
SAVED = 4  # columns of H that forward leaves for backward, for either cell


@dataclass(frozen=True)
class Layout:
    """Which rows of x and y belong to which step.

    offsets: (T + 1,) int64, first row of each step of a packed batch; None for a padded one.
    """

    steps: int
    batch: int
    batch_first: bool
    reverse: bool
    offsets: Tensor | None
    resets: Tensor | None  # (rows,) uint8, nonzero zeroes the state before that row's step


@dataclass(frozen=True)
class Weights:
    """One direction of one layer, in PyTorch's layout and gate order."""

    w_ih: Tensor  # (G*H, I)
    w_hh: Tensor  # (G*H, H)
    b_ih: Tensor | None  # (G*H,)
    b_hh: Tensor | None


ENABLED = _native is not None and os.environ.get("GATELET_KERNELS", "on") != "off"


def isa() -> str:
    """Name the instruction set in use.

    Raises:
        ValueError: GATELET_ISA names one that this machine does not have.
    """
    return str(_kernels(os.environ.get("GATELET_ISA", "")).isa)


def isas() -> list[str]:
    """Name the instruction sets that this machine has kernels for, fastest first."""
    return [] if _native is None else list(_native.available())


@cache
def _kernels(name: str) -> Any:
    return _native.Native(name)


def _address(array: Tensor | None) -> int:
    return 0 if array is None else array.data_ptr()


def _layer(layout: Layout, weights: Weights, x: Tensor, h0: Tensor, c0: Tensor | None) -> dict[str, Any]:
    return {
        "steps": layout.steps,
        "batch": layout.batch,
        "batch_first": layout.batch_first,
        "reverse": layout.reverse,
        "offsets": _address(layout.offsets),
        "resets": _address(layout.resets),
        "input": x.shape[-1],
        "hidden": h0.shape[-1],
        "x": _address(x),
        "h0": _address(h0),
        "c0": _address(c0),
        "w_ih": _address(weights.w_ih),
        "w_hh": _address(weights.w_hh),
        "b_ih": _address(weights.b_ih),
        "b_hh": _address(weights.b_hh),
    }


def _check_shapes(cell: str, layout: Layout, weights: Weights, x: Tensor, states: tuple[Tensor | None, ...]) -> None:
    """Refuse what would make a kernel read outside an array.

    Raises:
        RuntimeError: a size does not fit.
    """
    batch, hidden = layout.batch, weights.w_hh.shape[-1]
    gates = GATES[cell] * hidden
    rows = layout.steps * batch if layout.offsets is None else int(layout.offsets[-1])
    given = [x.numel(), weights.w_ih.shape[0], weights.w_hh.shape[0]]
    given += [gates if bias is None else bias.numel() for bias in (weights.b_ih, weights.b_hh)]
    given += [batch * hidden if state is None else state.numel() for state in states]
    given.append(rows if layout.resets is None else layout.resets.numel())
    expected = [rows * weights.w_ih.shape[1], gates, gates, gates, gates, batch * hidden, batch * hidden, rows]
    if layout.offsets is not None:
        given += [int(layout.offsets[1]), int((layout.offsets.diff().diff() > 0).sum())]
        expected += [batch, 0]
    if given == expected:
        return
    names = ["x", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "h0", "c0", "resets"]
    names += ["batch_sizes[0]", "the list of batch_sizes that rise"]
    for name, size, wanted in zip(names, given, expected, strict=False):
        if size != wanted:
            sizes = f"{batch} sequences and hidden size {hidden}"
            raise RuntimeError(f"{name} must have size {wanted} for {sizes}; got {size}.")


def _call(name: str, layer: dict[str, Any], arrays: dict[str, Any]) -> None:
    getattr(_kernels(os.environ.get("GATELET_ISA", "")), name)(layer, arrays, torch.get_num_threads())


def forward(
    cell: str, layout: Layout, weights: Weights, x: Tensor, h0: Tensor, c0: Tensor | None, *, save: bool
) -> dict[str, Tensor]:
    """Run one direction of one layer. All tensors are contiguous float32 on the CPU.

    Args:
        cell: "gru" or "lstm".
        layout: where the rows of each step are.
        weights: of this direction.
        x: (..., I), the leading sizes as the layout says.
        h0: (B, H).
        c0: (B, H), LSTM only.
        save: whether to keep what `backward` reads.

    Returns:
        y (..., H), h_n (B, H), gates (..., 4H) or (0,); for an LSTM also c_n (B, H) and cells (..., H) or (0,).
    """
    _check_shapes(cell, layout, weights, x, (h0, c0))
    hidden = h0.shape[-1]
    shapes = {
        "y": (*x.shape[:-1], hidden),
        "h_n": tuple(h0.shape),
        "gates": (*x.shape[:-1], SAVED * hidden) if save else (0,),
    }
    if cell == "lstm":
        shapes |= {"c_n": tuple(h0.shape), "cells": (*x.shape[:-1], hidden) if save else (0,)}
    results = {name: x.new_empty(shape) for name, shape in shapes.items()}
    arrays = {name: _address(result) for name, result in results.items()}
    arrays = {"c_n": 0, "cells": 0} | arrays
    if not save:
        arrays |= {"gates": 0, "cells": 0}
    _call(f"{cell}_forward", _layer(layout, weights, x, h0, c0), arrays)
    return results


def backward(
    cell: str,
    layout: Layout,
    weights: Weights,
    x: Tensor,
    h0: Tensor,
    c0: Tensor | None,
    saved: dict[str, Tensor],
    gradients: dict[str, Tensor | None],
    *,
    dx: bool,
) -> dict[str, Tensor]:
    """Give the gradients of one direction of one layer.

    Args:
        cell: "gru" or "lstm".
        layout: as given to `forward`, and so are weights, x, h0 and c0.
        weights: of this direction.
        x: (..., I).
        h0: (B, H).
        c0: (B, H), LSTM only.
        saved: y, gates and, of an LSTM, cells, as `forward` gave them.
        gradients: dy (rows, H), dh_n (B, H) and, of an LSTM, dc_n; None for zeros. Rows of dy may lie further apart.
        dx: whether the gradient of x is wanted.

    Returns:
        dh0, dw_ih, dw_hh, db_ih, db_hh; dx if wanted; dc0 of an LSTM.
    """
    dy = gradients["dy"]
    results = {
        "dh0": torch.empty_like(h0),
        "dw_ih": torch.empty_like(weights.w_ih),
        "dw_hh": torch.empty_like(weights.w_hh),
        "db_ih": x.new_empty(weights.w_ih.shape[0]),
        "db_hh": x.new_empty(weights.w_ih.shape[0]),
    }
    if dx:
        results["dx"] = torch.empty_like(x)
    if cell == "lstm":
        results["dc0"] = torch.empty_like(h0)
    arrays: dict[str, int] = {"dx": 0, "dc0": 0, "cells": 0, "dc_n": 0}
    arrays |= {name: _address(array) for name, array in (saved | gradients | results).items()}
    arrays["dy_stride"] = dy.stride(0) if dy is not None else 0
    _call(f"{cell}_backward", _layer(layout, weights, x, h0, c0), arrays)
    return results
