"""oneDNN's lbr_gru ("linear before reset"), forward and train, through its C interface.

Gates come in the order z, r, n; weights lie as (layers, directions, inputs, gates, outputs); there are four biases,
those of z, r and n and that of the state's product in n. The packed weights that its kernels want are made ahead, and
so is not counted what a training would have to pack anew at each step. Source: oneDNN, "RNN primitive".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet.bench.jobs import Jobs
from gatelet.bench.onednn_library import Layout, Library, Memory
from gatelet.bench.problem import Floats, Problem

# Numbers of the execution's arguments, as in dnnl_types.h.
SRC_LAYER, WEIGHTS_LAYER, WEIGHTS_ITER, BIAS, DST_LAYER, WORKSPACE = 1, 33, 34, 41, 17, 64
DIFF_SRC_LAYER, DIFF_WEIGHTS_LAYER, DIFF_WEIGHTS_ITER, DIFF_BIAS, DIFF_DST_LAYER = 129, 161, 162, 169, 145
TRAINING, INFERENCE = 64, 96


def build(problem: Problem, threads: int) -> Jobs:
    """Primitives for inference, training and backward; how many threads they take is up to the processors allowed."""
    library = Library()
    sizes = problem.shape
    inputs, hidden = sizes.inputs, sizes.hidden
    x = library.filled(problem.x, "tnc")
    plain = {
        WEIGHTS_LAYER: library.filled(_weights(problem.weight_ih), "ldigo"),
        WEIGHTS_ITER: library.filled(_weights(problem.weight_hh), "ldigo"),
    }
    bias = library.filled(_bias(problem.bias_ih, problem.bias_hh), "ldgo")
    y_shape = (sizes.steps, sizes.batch, hidden)
    layouts = {
        "src": x.layout,
        "weights_layer": library.layout((1, 1, inputs, 3, hidden), "any"),
        "weights_iter": library.layout((1, 1, hidden, 3, hidden), "any"),
        "bias": bias.layout,
        "dst": library.layout(y_shape, "tnc"),
    }
    forward_run = _Forward(library, INFERENCE, layouts, x, bias, plain)
    train_run = _Train(library, layouts, x, bias, plain, library.filled(problem.dy, "tnc"))

    def forward() -> NDArray[np.float32]:
        forward_run.run()
        return forward_run.y.array

    def train() -> Sequence[NDArray[np.float32]]:
        train_run.run()
        return train_run.results()

    return Jobs(f"oneDNN {library.version}", forward, train)


class _Forward:
    """One forward primitive with its packed weights and its output."""

    def __init__(
        self,
        library: Library,
        kind: int,
        layouts: dict[str, Layout],
        x: Memory,
        bias: Memory,
        plain: dict[int, Memory],
    ) -> None:
        self.library = library
        self.primitive, self.description = library.lbr_gru_forward(kind, layouts)
        self.y = library.empty(layouts["dst"])
        packed = {
            argument: library.reordered(memory, library.wanted(self.description, "weights", index))
            for index, (argument, memory) in enumerate(plain.items())
        }
        self.arguments = {SRC_LAYER: x, BIAS: bias, DST_LAYER: self.y} | packed
        if kind == TRAINING:
            self.arguments[WORKSPACE] = library.empty(library.wanted(self.description, "workspace", 0))

    def run(self) -> None:
        """Compute y."""
        self.library.execute(self.primitive, self.arguments)


class _Train:
    """A forward primitive that keeps what the backward one reads, and that one."""

    def __init__(
        self,
        library: Library,
        layouts: dict[str, Layout],
        x: Memory,
        bias: Memory,
        plain: dict[int, Memory],
        dy: Memory,
    ) -> None:
        self.forward = _Forward(library, TRAINING, layouts, x, bias, plain)
        gradients = layouts | {
            "weights_layer": plain[WEIGHTS_LAYER].layout,
            "weights_iter": plain[WEIGHTS_ITER].layout,
        }
        self.primitive, description = library.lbr_gru_backward(layouts, gradients, self.forward.description)
        self.summed = {
            DIFF_WEIGHTS_LAYER: library.empty(gradients["weights_layer"]),
            DIFF_WEIGHTS_ITER: library.empty(gradients["weights_iter"]),
            DIFF_BIAS: library.empty(gradients["bias"]),
        }
        self.dx = library.empty(gradients["src"])
        packed = {
            argument: library.reordered(memory, library.wanted(description, "weights", index))
            for index, (argument, memory) in enumerate(plain.items())
        }
        self.arguments = self.forward.arguments | packed | self.summed | {DIFF_SRC_LAYER: self.dx, DIFF_DST_LAYER: dy}
        self.library = library

    def run(self) -> None:
        """Forward, then backward, which adds to the gradients of the weights."""
        self.forward.run()
        for memory in self.summed.values():
            memory.array[...] = 0.0
        self.library.execute(self.primitive, self.arguments)

    def results(self) -> Sequence[NDArray[np.float32]]:
        """Y and the gradients of x, weight_ih, weight_hh, bias_ih and bias_hh in PyTorch's order."""
        w_ih, w_hh, bias = (memory.array for memory in self.summed.values())
        dz, dr, dn, dn_state = bias[0, 0]
        biases = np.concatenate([dr, dz, dn]), np.concatenate([dr, dz, dn_state])
        return [self.forward.y.array, self.dx.array, *map(_gradient, (w_ih, w_hh)), *biases]


def _weights(array: Floats) -> NDArray[np.float32]:
    """(3H, I) with gates r, z, n as (1, 1, I, 3, H) with gates z, r, n."""
    r, z, n = np.split(array, 3)
    return np.ascontiguousarray(np.stack([z, r, n]).transpose(2, 0, 1)[None, None])


def _gradient(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """The way back."""
    z, r, n = array[0, 0].transpose(1, 2, 0)
    return np.concatenate([r, z, n])


def _bias(of_input: Floats, of_state: Floats) -> NDArray[Any]:
    """(3H,) each as (1, 1, 4, H)."""
    (r, z, n), (r_state, z_state, n_state) = np.split(of_input, 3), np.split(of_state, 3)
    return np.stack([z + z_state, r + r_state, n, n_state])[None, None]
