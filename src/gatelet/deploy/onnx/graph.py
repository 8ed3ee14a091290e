"""ONNX graphs, written node by node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from onnx import TensorProto, helper, numpy_helper

FLOAT, DOUBLE, INT = int(TensorProto.FLOAT), int(TensorProto.DOUBLE), int(TensorProto.INT64)
NUMPY: dict[int, Any] = {FLOAT: np.float32, DOUBLE: np.float64, INT: np.int64}
# axes of ReduceMax and ReduceMean moved from an attribute to an input here
AXES_AS_INPUT = 18

Axes = tuple[int | str, ...]


class Tensor(NamedTuple):
    """A value of a graph: its name, the type of its elements, and its axes, those of any length by a name."""

    name: str
    type: int
    axes: Axes


Body = Callable[["Graph", list[str], list[str]], tuple[list[str], list[str]]]


class Graph:
    """Nodes and constants of a graph, or of the body of a Scan within another.

    Args:
        opset: version of the operators.
        names: gives names that are used nowhere else in the model.
    """

    def __init__(self, opset: int, names: count[int] | None = None) -> None:
        self.opset = opset
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self._names = count() if names is None else names
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def several(self, operator: str, *inputs: str, results: int, **attributes: Any) -> list[str]:
        """Add a node; the names of its results."""
        names = [self._name() for _ in range(results)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, **attributes))
        return names

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one result; the name of it."""
        return self.several(operator, *inputs, results=1, **attributes)[0]

    def bind(self, source: str, name: str) -> None:
        """Give a value the name that it has outside."""
        self.nodes.append(helper.make_node("Identity", [source], [name]))

    def constant(self, value: ArrayLike, dtype: DTypeLike = np.float32) -> str:
        """The name of a constant; equal ones are written once."""
        array = np.array(value, dtype, order="C")
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self._name()
            self.initializers.append(numpy_helper.from_array(array, self._constants[key]))
        return self._constants[key]

    def whole(self, *values: int) -> str:
        """A constant of whole numbers, (count,)."""
        return self.constant(values, np.int64)

    def cast(self, source: str, to: int) -> str:
        """Another type of elements."""
        return self.add("Cast", source, to=to)

    def reduce(self, operator: str, source: str, axis: int, *, keep: bool = False) -> str:
        """ReduceSum, ReduceMax, ... over one axis."""
        if operator == "ReduceSum" or self.opset >= AXES_AS_INPUT:
            return self.add(operator, source, self.whole(axis), keepdims=int(keep))
        return self.add(operator, source, axes=[axis], keepdims=int(keep))

    def unsqueeze(self, source: str, *axes: int) -> str:
        """New axes of length 1."""
        return self.add("Unsqueeze", source, self.whole(*axes)) if axes else source

    def squeeze(self, source: str, *axes: int) -> str:
        """Without axes of length 1."""
        return self.add("Squeeze", source, self.whole(*axes))

    def cut(self, source: str, begin: int, end: int, axis: int, step: int = 1) -> str:
        """A part of an axis."""
        return self.add(
            "Slice", source, self.whole(begin), self.whole(end), self.whole(axis), *([self.whole(step)] * (step != 1))
        )

    def flip(self, source: str, axis: int) -> str:
        """An axis from its end."""
        return self.cut(source, -1, -(2**31), axis, -1)

    def size(self, source: str, axis: int) -> str:
        """The length of an axis, (1,)."""
        return self.cut(self.add("Shape", source), axis, axis + 1, 0)

    def reshape(self, source: str, lead: Sequence[str], axes: Axes, skip: int) -> str:
        """The axes from the one numbered `skip` on stay; before them come those whose lengths `lead` names, each (1,).

        `axes` are the sizes of the axes that stay.
        """
        sizes = [axis for axis in axes if isinstance(axis, int)]
        parts = list(lead)
        if len(sizes) < len(axes):
            parts.append(self.cut(self.add("Shape", source), skip, 2**31, 0))
        elif sizes:
            parts.append(self.whole(*sizes))
        return self.add("Reshape", source, self.add("Concat", *parts, axis=0) if len(parts) > 1 else parts[0])

    def scan(
        self, states: Sequence[Tensor], items: Sequence[Tensor], written: Sequence[tuple[int, Axes]], body: Body
    ) -> tuple[list[str], list[str]]:
        """A loop over the first axis of the items.

        Args:
            states: what is carried from one item to the next.
            items: what is read; axes are those of one item.
            written: type and axes of what one item gives.
            body: adds the nodes for one item to a graph, from names of states and items to those of the next states and
                of what is written.

        Returns:
            names of the last states, and of what was written, along a first axis.
        """
        inner = Graph(self.opset, self._names)
        entering = [inner._name() for _ in (*states, *items)]
        kept, results = body(inner, entering[: len(states)], entering[len(states) :])
        leaving = [inner._name() for _ in (*kept, *results)]
        for source, name in zip((*kept, *results), leaving, strict=True):
            inner.bind(source, name)
        types = [(tensor.type, tensor.axes) for tensor in (*states, *items)]
        outcome = [*types[: len(states)], *written]
        graph = helper.make_graph(
            inner.nodes,
            "body",
            [info(name, *each) for name, each in zip(entering, types, strict=True)],
            [info(name, *each) for name, each in zip(leaving, outcome, strict=True)],
            inner.initializers,
        )
        names = self.several(
            "Scan",
            *(tensor.name for tensor in (*states, *items)),
            results=len(leaving),
            body=graph,
            num_scan_inputs=len(items),
        )
        return names[: len(states)], names[len(states) :]

    def _name(self) -> str:
        return f"%{next(self._names)}"


def info(name: str, type: int, axes: Axes) -> Any:
    """How ONNX describes a value."""
    return helper.make_tensor_value_info(name, type, list(axes))
