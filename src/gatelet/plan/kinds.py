"""Which values are floats, which whole numbers, and which integers of 16 bits, that integer operations alone may read.

An operation says in `takes` what all its inputs must be, and in `gives` what it writes; floats where it says nothing.

- "float".
- "int": numbers of tokens, classes, series. Operations of floats may read them.
- "int16": what integer operations write. An input of a plan counts as such where its kind is "int".
- "any", "same": only of joining operations: inputs of one kind, which the outputs have too.
"""

from __future__ import annotations

from collections.abc import Sequence

from gatelet.errors import ModelError
from gatelet.plan.delay import Delay
from gatelet.plan.operation import Operation
from gatelet.plan.values import Value


def kinds_of(inputs: Sequence[Value], operations: Sequence[Operation]) -> dict[str, str]:
    """The kind of every value.

    Raises:
        ModelError: an operation of floats reads integers, or the other way round, or both are joined.
    """
    found = {value.name: value.kind for value in inputs}
    given = set(found)
    for operation in operations:
        takes, gives = getattr(operation, "takes", "float"), getattr(operation, "gives", "float")
        kinds = {found[name] for name in operation.inputs}
        if takes == "int16":
            for name in operation.inputs:
                if found[name] != "int16" and not (name in given and found[name] == "int"):
                    raise ModelError(f"{_reads(name, operation)} must be 16-bit integers; it is {found[name]}.")
        elif takes == "float" and "int16" in kinds:
            name = next(name for name in operation.inputs if found[name] == "int16")
            raise ModelError(f"{_reads(name, operation)} must be floats; it is 16-bit integers.")
        elif "int16" in kinds and len(kinds) > 1:
            raise ModelError(f"What {type(operation).__name__} reads must be of one kind; it is {_list(kinds)}.")
        one = kinds.pop() if gives == "same" and len(kinds) == 1 else "float" if gives == "same" else gives
        found.update(dict.fromkeys(operation.outputs, one))
    for operation in operations:
        if isinstance(operation, Delay) and found[operation.source] == "int16":
            raise ModelError(f"{_reads(operation.source, operation)} must be floats; it is 16-bit integers.")
    return found


def _reads(name: str, operation: Operation) -> str:
    return f"{name!r:.80}, which {type(operation).__name__} reads,"


def _list(kinds: set[str]) -> str:
    return " and ".join(sorted(kinds))
