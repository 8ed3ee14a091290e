"""Layers on top of each other, in one or two directions, over sequences of unequal length.

Each layer reads what the layer below wrote; with two directions, the second one reads the sequence from its end, and
the two outputs are put side by side. Source: PyTorch, `torch.nn.GRU`.

Sequences of unequal length are simply run one at a time, each cut to its own length: slow, and beyond doubt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import numpy as np

from gatelet.reference.extras import Extras
from gatelet.reference.layer import Array, Gradients, LayerWeights, check_shape

__all__ = ["StackGradients", "StackTrace", "backward", "forward"]

S = TypeVar("S")  # state of a cell: one array, or the pair (h, c)
R = TypeVar("R")  # trace of a cell


@dataclass(frozen=True)
class StackTrace(Generic[R]):
    """The traces of all layers and directions, for each group of sequences that ran together."""

    groups: tuple[tuple[slice, int], ...]  # rows of the batch, and how many steps they have
    traces: tuple[tuple[R, ...], ...]  # per group: l0, l0_reverse, l1, l1_reverse, ...


@dataclass(frozen=True)
class StackGradients(Generic[S]):
    """Gradients of a loss for all that went into a stack: each field has the shape of what it is the gradient of."""

    x: Array  # (T, B, I), zero beyond the end of a sequence
    h0: S  # (L*D, B, H), or a pair of them
    layers: tuple[LayerWeights, ...]


def forward(
    cell: Callable[..., tuple[Array, S, R]],
    x: Array,
    h0: S,
    layers: Sequence[LayerWeights],
    *,
    bidirectional: bool = False,
    lengths: Sequence[int] | None = None,
    extras: Sequence[Extras] | None = None,
) -> tuple[Array, S, StackTrace[R]]:
    """Run a stack of cells.

    Args:
        cell: the `forward` of a cell, say `gru.forward` or `partial(gru.forward, reset_after=False)`.
        x: (T, B, I).
        h0: (L*D, B, H), or the pair (h0, c0) for an LSTM.
        layers: one per layer and direction, in the order l0, l0_reverse, l1, ...
        bidirectional: whether D is 2.
        lengths: (B,) steps of each sequence; what lies beyond is not read. All T steps by default.
        extras: one per layer and direction, for a cell that takes them; steps in the order of x.

    Returns:
        y: (T, B, D*H), zero beyond the end of a sequence; h_n: like `h0`, each direction after the last step that it
        reads; the traces.

    Raises:
        ValueError: `h0` or `lengths` does not fit, or a length is not between 1 and T.
    """
    steps, batch, _ = x.shape
    _each(lambda part: check_shape("h0", part, (len(layers), batch, part.shape[-1])), h0)
    groups = _groups(steps, batch, lengths)
    runs = [
        _forward_group(
            cell,
            x[:count, rows],
            _rows(h0, rows),
            layers,
            2 if bidirectional else 1,
            None if extras is None else [own.cut(rows, count) for own in extras],
        )
        for rows, count in groups
    ]
    y = np.concatenate([_padded(y, steps) for y, _, _ in runs], axis=1)
    h_n = _each(lambda *parts: np.concatenate(parts, axis=1), *(h for _, h, _ in runs))
    return y, h_n, StackTrace(groups, tuple(traces for _, _, traces in runs))


def backward(
    cell: Callable[[Array, S, LayerWeights, R], Gradients[S]],
    dy: Array,
    dh_n: S,
    layers: Sequence[LayerWeights],
    trace: StackTrace[R],
    *,
    bidirectional: bool = False,
) -> StackGradients[S]:
    """Backpropagate through a stack: the layers from the top, each direction from its last step.

    Args:
        cell: the `backward` of the same cell.
        dy: (T, B, D*H), for `y`; not read beyond the end of a sequence.
        dh_n: for `h_n`, with its shape.
        layers: as given to `forward`.
        trace: as returned by `forward`.
        bidirectional: as given to `forward`.
    """
    runs = [
        _backward_group(cell, dy[:count, rows], _rows(dh_n, rows), layers, traces, 2 if bidirectional else 1)
        for (rows, count), traces in zip(trace.groups, trace.traces, strict=True)
    ]
    return StackGradients(
        x=np.concatenate([_padded(run.x, len(dy)) for run in runs], axis=1),
        h0=_each(lambda *parts: np.concatenate(parts, axis=1), *(run.h0 for run in runs)),
        layers=tuple(_total(shares) for shares in zip(*(run.layers for run in runs), strict=True)),
    )


def _forward_group(
    cell: Callable[..., tuple[Array, S, R]],
    x: Array,
    h0: S,
    layers: Sequence[LayerWeights],
    directions: int,
    extras: Sequence[Extras] | None,
) -> tuple[Array, S, tuple[R, ...]]:
    states, traces = [], []
    for first in range(0, len(layers), directions):
        outputs = []
        for direction in range(directions):
            k = first + direction
            options = {} if extras is None else {"extras": extras[k].turned() if direction == 1 else extras[k]}
            y, state, trace = cell(_turned(x, direction), _at(h0, k), layers[k], **options)
            outputs.append(_turned(y, direction))
            states.append(state)
            traces.append(trace)
        x = np.concatenate(outputs, axis=-1)
    return x, _each(lambda *parts: np.stack(parts), *states), tuple(traces)


def _backward_group(
    cell: Callable[[Array, S, LayerWeights, R], Gradients[S]],
    dy: Array,
    dh_n: S,
    layers: Sequence[LayerWeights],
    traces: Sequence[R],
    directions: int,
) -> StackGradients[S]:
    gradients: list[Gradients[S]] = []  # from the last layer to the first
    for last in reversed(range(directions - 1, len(layers), directions)):
        shares = np.split(dy, directions, axis=-1)
        dy = np.zeros(())
        for direction in reversed(range(directions)):
            k = last - (directions - 1) + direction
            one = cell(_turned(shares[direction], direction), _at(dh_n, k), layers[k], traces[k])
            gradients.append(one)
            dy = dy + _turned(one.x, direction)
    gradients.reverse()
    return StackGradients(
        dy, _each(lambda *parts: np.stack(parts), *(g.h0 for g in gradients)), tuple(g.weights for g in gradients)
    )


def _groups(steps: int, batch: int, lengths: Sequence[int] | None) -> tuple[tuple[slice, int], ...]:
    if lengths is None:
        return ((slice(0, batch), steps),)
    if len(lengths) != batch or not all(1 <= length <= steps for length in lengths):
        raise ValueError(f"lengths must be {batch} numbers between 1 and {steps}; got {list(lengths)}.")
    return tuple((slice(b, b + 1), int(length)) for b, length in enumerate(lengths))


def _turned(sequence: Array, direction: int) -> Array:
    return sequence[::-1] if direction == 1 else sequence


def _padded(sequence: Array, steps: int) -> Array:
    return np.pad(sequence, ((0, steps - len(sequence)), (0, 0), (0, 0)))


def _total(shares: Sequence[LayerWeights]) -> LayerWeights:
    def total(name: str) -> Any:
        parts = [getattr(share, name) for share in shares]
        return None if parts[0] is None else np.sum(parts, axis=0)

    return LayerWeights(**{field.name: total(field.name) for field in fields(LayerWeights)})


def _rows(state: S, rows: slice) -> S:
    return _each(lambda array: array[:, rows], state)


def _at(state: S, index: int) -> S:
    return _each(lambda array: array[index], state)


def _each(function: Callable[..., Array], *states: S) -> S:
    # a state is one array or a tuple of them, which the type S cannot say
    arrays: tuple[Any, ...] = states
    if isinstance(arrays[0], tuple):
        return tuple(function(*parts) for parts in zip(*arrays, strict=True))  # type: ignore[return-value]
    return function(*arrays)  # type: ignore[return-value]
