"""How far each layer is from float64: nothing is timed before ours have passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.bench.child import Child
from gatelet.bench.contenders import EXACT, PEERS
from gatelet.bench.shapes import Shape
from gatelet.errors import GateletError

FAR_OFF = 1e-3  # an error that says that something else was computed
ROUNDING = 1e-6  # a difference that means nothing

Outputs = Mapping[str, NDArray[Any]]  # "forward" and, where the layer trains, "y" and the gradients
Errors = tuple[float, float | None]  # of y; of the gradients, if any


def check(
    children: Sequence[Child], shape: Shape, threads: int, seed: int, failed: dict[str, str]
) -> dict[str, Errors]:
    """Errors against float64 by name; a peer that computes something else goes to `failed`.

    Raises:
        GateletError: ours are over twice as far off as PyTorch's.
    """
    errors: dict[str, Errors] = {}
    for cell, contender in EXACT.items():
        with Child(contender, shape, seed, threads) as child:
            child.ready()
            exact = child.ask("outputs")
        for child in children:
            if child.contender.cell == cell:
                name, found = child.contender.name, largest_errors(child.ask("outputs"), exact)
                off = max(found[0], found[1] or 0.0)
                if child.contender in PEERS.values() and not off < FAR_OFF:
                    failed[name] = f"it computes something else, off by {off:.2g}"
                else:
                    errors[name] = found
    for ours in ("GRU", "LSTM"):
        compare(ours, shape, errors[ours], errors[f"torch {ours}"])
    return errors


def compare(name: str, shape: Shape, ours: Errors, torch: Errors) -> None:
    """Refuse errors of ours that are over twice PyTorch's.

    Raises:
        GateletError: they are.
    """
    for what, our, its in zip(("output", "gradients"), ours, torch, strict=True):
        if our is not None and its is not None and not our <= min(2 * its + ROUNDING, FAR_OFF):
            raise GateletError(
                f"The {what} of {name} at {shape} must be at most twice as far from float64 as PyTorch's {its:.2g}, "
                f"or nothing is timed; got {our:.2g}."
            )


def largest_errors(found: Outputs, exact: Outputs) -> Errors:
    """Of y the largest difference, of the gradients the largest as a share of the largest value."""
    y = max(float(np.abs(found[name] - exact["forward"]).max()) for name in ("forward", "y") if name in found)
    gradients = [name for name in exact if name not in ("forward", "y") and name in found]
    shares = [float(np.abs(found[name] - exact[name]).max() / np.abs(exact[name]).max()) for name in gradients]
    return y, max(shares) if shares else None
