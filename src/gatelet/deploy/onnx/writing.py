"""What is known while a plan is written as a graph: values by name, their types, and the two forms of time."""

from __future__ import annotations

from collections.abc import Sequence

from gatelet import plan as p
from gatelet.deploy.onnx.graph import DOUBLE, FLOAT, INT, Axes, Body, Graph, Tensor
from gatelet.plan.operation import Operation
from gatelet.plan.values import Shape

# what is computed in double precision, since a window may lie far from zero
WIDE = (p.Center, p.Spread, p.Scale, p.Level, p.Standardize)


class Writing:
    """A plan on its way into a graph.

    Every value has one leading axis: (batch, ...) where the graph is one step, (time * batch, ...) where it is many.

    Attributes:
        plan: what is written.
        g: where to.
        steps: name of the number of steps (1,), or "" where the graph is one step.
        values: the graph's name of each value of the plan.
        states: names of the states before, for each operation.
        kept: names of the states after.
    """

    def __init__(self, plan: p.Plan, g: Graph, states: Sequence[Sequence[str]], steps: str = "") -> None:
        self.plan, self.g, self.steps = plan, g, steps
        self.values: dict[str, str] = {}
        self.states = [list(each) for each in states]
        self.kept: list[list[str]] = [[] for _ in states]
        self.types = value_types(plan)

    def tensor(self, name: str, to: int | None = None) -> Tensor:
        """A value of the plan, in another type if asked for."""
        found, type = self.values[name], self.types[name]
        if to is not None and to != type:
            found, type = self.g.cast(found, to), to
        return Tensor(found, type, ("batch", *self.plan.shapes[name]))

    def read(self, name: str, to: int = FLOAT) -> str:
        """The graph's name of a value of the plan."""
        return self.tensor(name, to).name

    def apart(self, source: str, axes: Axes) -> str:
        """(time * batch, ...) as (time, batch, ...)."""
        return self.g.reshape(source, [self.steps, self.g.whole(-1)], axes, 1)

    def together(self, source: str, axes: Axes) -> str:
        """(time, batch, ...) as (time * batch, ...)."""
        return self.g.reshape(source, [self.g.whole(-1)], axes, 2)

    def over_steps(
        self, states: Sequence[Tensor], items: Sequence[Tensor], written: Sequence[tuple[int, Axes]], body: Body
    ) -> tuple[list[str], list[str]]:
        """Do for each step what `body` does for one: in a loop, or once where the graph is one step.

        Args and result are those of `Graph.scan`, but the first axis of items and results is the leading one.
        """
        if not self.steps:
            return body(self.g, [tensor.name for tensor in states], [tensor.name for tensor in items])
        rows = [tensor._replace(name=self.apart(tensor.name, tensor.axes[1:])) for tensor in items]
        kept, found = self.g.scan(states, rows, written, body)
        return kept, [self.together(name, axes[1:]) for name, (_, axes) in zip(found, written, strict=True)]


def state_type(plan: p.Plan, operation: Operation, state: p.State) -> int:
    """The type in which a state is kept."""
    if state.kind == "int":
        return INT
    return value_types(plan)[operation.source] if isinstance(operation, p.Window) else FLOAT


def value_types(plan: p.Plan) -> dict[str, int]:
    """The type of every value: whole numbers, double precision where it matters, else single."""
    wide: set[str] = set()
    for operation in reversed(plan.operations):
        if isinstance(operation, WIDE) or (isinstance(operation, p.Window) and operation.target in wide):
            wide.update(operation.inputs)
    found = {v.name: INT if v.kind == "int" else DOUBLE if v.name in wide else FLOAT for v in plan.inputs}
    for operation in plan.operations:
        type = FLOAT
        if isinstance(operation, p.Center | p.Spread) or (isinstance(operation, p.Scale) and operation.back):
            type = DOUBLE
        elif isinstance(operation, p.Pairs | p.CTCGreedy):
            type = INT
        elif isinstance(operation, p.Window):
            type = found[operation.source]
        found.update(dict.fromkeys(operation.outputs, type))
    return found


def batched(shape: Shape) -> Axes:
    """The axes of a value of the plan behind that of the batch."""
    return ("batch", *shape)
