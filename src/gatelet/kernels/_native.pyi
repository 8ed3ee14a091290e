from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

class Native:
    isa: str
    def __init__(self, isa: str = "") -> None: ...
    def forward(
        self, cell: str, half: bool, layer: tuple[int, ...], zoneout: float, arrays: tuple[int, ...], threads: int
    ) -> None: ...
    def backward(
        self, cell: str, half: bool, layer: tuple[int, ...], zoneout: float, arrays: tuple[int, ...], threads: int
    ) -> None: ...
    def scan(self, cell: str, arrays: tuple[int, ...], threads: int) -> None: ...
    def scan_backward(self, cell: str, arrays: tuple[int, ...], threads: int) -> None: ...

class Streams:
    def __init__(
        self,
        isa: str,
        width: int,
        first: bytes,
        inputs: Sequence[tuple[int, int, int, int, int]],
        outputs: Sequence[tuple[int, int, int, int, int]],
    ) -> None: ...
    def add(
        self,
        kind: str,
        inputs: Sequence[tuple[int, int, int, int, int]],
        outputs: Sequence[tuple[int, int, int, int, int]],
        state: int,
        settings: Sequence[float],
        weights: Sequence[NDArray[Any] | None],
        constants: Sequence[bytes],
        doubles: bool,
    ) -> None: ...
    def resize(self, count: int) -> None: ...
    def reset(self, stream: int) -> None: ...
    def state(self, stream: int) -> bytes: ...
    def restore(self, stream: int, state: bytes) -> None: ...
    def push(self, stream: int, frames: NDArray[Any], written: NDArray[Any]) -> None: ...
    def push_many(
        self, numbers: NDArray[Any], steps: int, frames: list[NDArray[Any]], written: list[NDArray[Any]]
    ) -> None: ...

def available() -> list[str]: ...
