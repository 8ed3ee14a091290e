"""Where the values of a step lie: those that are not needed at the same time share memory."""

from __future__ import annotations

from dataclasses import dataclass

BYTES = {"float": 4, "double": 8, "int32_t": 4, "int16_t": 2}
ARRAYS = {"float": "floats", "double": "doubles", "int32_t": "wholes", "int16_t": "shorts"}


@dataclass
class Room:
    """A place for numbers.

    Attributes:
        name: of the pointer to it.
        type: of the numbers.
        size: how many.
        first: operation that writes it.
        last: operation that reads it last.
        offset: where it begins in the array of its type.
    """

    name: str
    type: str
    size: int
    first: int
    last: int
    offset: int = 0

    def meets(self, other: Room) -> bool:
        """Whether both are needed at the same time, in one array."""
        return self.type == other.type and self.first <= other.last and other.first <= self.last


def settle(rooms: list[Room]) -> dict[str, int]:
    """Give every room the first place that is free while it is needed.

    Returns:
        how long the array of each type must be.
    """
    lengths: dict[str, int] = {}
    settled: list[Room] = []
    for room in sorted(rooms, key=lambda each: (-each.size, each.first)):
        for other in sorted((each for each in settled if each.meets(room)), key=lambda each: each.offset):
            if room.offset + room.size <= other.offset:
                break
            room.offset = max(room.offset, other.offset + other.size)
        settled.append(room)
        lengths[room.type] = max(lengths.get(room.type, 0), room.offset + room.size)
    return lengths
