"""The state of a stream as bytes: versioned, and tied to its plan.

Layout, little-endian: "GLST", version (2 bytes), "d" or "f" for the numbers (1 byte), 0 (1 byte), SHA-256 of the plan
(32 bytes), CRC-32 of what follows (4 bytes); then for each state of the plan how many numbers it has (4 bytes), and
those.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from gatelet.errors import ModelError
from gatelet.plan import Plan, State
from gatelet.plan.values import LARGEST_AXIS, count
from gatelet.stream.engine import Array, Parts

MAGIC = b"GLST"
VERSION = 1
# both widths of numbers hold whole ones up to some power of two, and what is counted stays below
LARGEST_WHOLE = 2**53
_HEAD = struct.Struct("<4sHcx32sI")


def to_bytes(plan: Plan, parts: Parts) -> bytes:
    """The states of a stream of this plan."""
    kind = "f" if all(part.dtype == np.float32 for part in parts) else "d"
    body = b"".join(struct.pack("<I", part.size) + part.astype(f"<{kind}").tobytes() for part in parts)
    return _HEAD.pack(MAGIC, VERSION, kind.encode(), bytes.fromhex(plan.digest), zlib.crc32(body)) + body


def from_bytes(plan: Plan, blob: bytes) -> Parts:
    """The states that `to_bytes` wrote.

    Raises:
        ModelError: they are of another model, of a newer gatelet, or damaged.
    """
    if len(blob) < _HEAD.size or blob[:4] != MAGIC:
        raise ModelError("The state of a stream must be what a session gave; it is something else.")
    _, version, kind, digest, crc = _HEAD.unpack_from(blob)
    if version > VERSION:
        raise ModelError(
            f"The state was saved by a newer gatelet (format {version}, this one reads up to {VERSION}); "
            "update it with: pip install --upgrade gatelet"
        )
    if digest != bytes.fromhex(plan.digest):
        raise ModelError("The state must be of this model; it is of another one.")
    body = blob[_HEAD.size :]
    if version < 1 or kind not in (b"f", b"d") or zlib.crc32(body) != crc:
        raise ModelError("The state of the stream is damaged.")
    return _parts(plan, body, kind.decode())


def _parts(plan: Plan, body: bytes, kind: str) -> Parts:
    at, parts = 0, []
    for state in (state for each in plan.states for state in each):
        if at + 4 > len(body):
            raise ModelError("The state of the stream is damaged: it is too short.")
        (size,) = struct.unpack_from("<I", body, at)
        end = at + 4 + size * _size(kind)
        if not _fits(size, state) or end > len(body):
            raise ModelError(f"The state of the stream is damaged: {state.name!r} has another size.")
        parts.append(np.frombuffer(body[at + 4 : end], f"<{kind}"))
        if state.kind == "int" and not _whole(parts[-1]):
            raise ModelError(f"The state of the stream is damaged: {state.name!r} must hold whole numbers.")
        at = end
    if at != len(body):
        raise ModelError("The state of the stream is damaged: it is too long.")
    return parts


def _fits(size: int, state: State) -> bool:
    if all(isinstance(axis, int) for axis in state.shape):
        return size == count(state.shape)
    return size % count(state.shape) == 0 and size <= LARGEST_AXIS


def _whole(numbers: Array) -> bool:
    return bool(np.all((np.abs(numbers) <= LARGEST_WHOLE) & (numbers == np.rint(numbers))))  # NaN is not


def _size(kind: str) -> int:
    return 4 if kind == "f" else 8
