"""Inputs that stand for a folder: a JSON text, a zero, and the bytes of the weights.

Files know the SHA-256 of each other, which no mutation would hit: "@" stands for that of the weights.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CUT = b"\0"
DIGEST = b'"@"'
# what values are replaced by
STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 7, 2**24, 2**31, 2**63, 10**400, 0.5, -1e308, 1e-320, "", "x", "@", "y"),
    *("time", "rows", "steps", "each", "\ud800", "\n", [], [[]], {}, [0], ["x"], {"x": 0}),
)


def packed(text: bytes, weights: bytes) -> bytes:
    """A folder as one input."""
    digest = hashlib.sha256(weights).hexdigest().encode()
    return text.replace(b'"' + digest + b'"', DIGEST) + CUT + weights


@contextmanager
def unpacked(data: bytes, text_name: str, weights_name: str) -> Iterator[Path]:
    """The folder that an input stands for, for the length of a block."""
    text, _, weights = data.partition(CUT)
    digest = hashlib.sha256(weights).hexdigest().encode()
    with tempfile.TemporaryDirectory(prefix="gatelet-fuzz-", dir=memory()) as name:
        folder = Path(name)
        (folder / text_name).write_bytes(text.replace(DIGEST, b'"' + digest + b'"'))
        (folder / weights_name).write_bytes(weights)
        yield folder


def memory() -> str | None:
    """Where files need no disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def mutate(bytewise: Callable[[bytes, int], bytes], data: bytes, most: int, seed: int) -> bytes:
    """Change some values of the JSON, or bytes of the whole input where it is none, and now and then anyway."""
    draw = random.Random(seed)
    text, _, weights = bytes(data).partition(CUT)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return bytes(bytewise(data, most))
    if draw.random() < 0.3:
        return bytes(bytewise(data, most))
    for _ in range(draw.choice((1, 1, 1, 2, 4))):
        _change(document, draw)
    if draw.random() < 0.1:
        weights = bytes(bytewise(weights, max(most - len(text) - 1, 1)))
    changed = json.dumps(document, separators=(",", ":")).encode() + CUT + weights
    return changed if len(changed) <= most else bytes(bytewise(data, most))


def _change(document: Any, draw: random.Random) -> None:
    """Put something else in one place: a strange value, a neighbour's, one from elsewhere, or nothing at all."""
    places = list(_places(document))
    if not places:
        return
    holder, key = draw.choice(places)
    other, other_key = draw.choice(places)
    match draw.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.insert(draw.randrange(len(holder) + 1), copy.deepcopy(holder[key]))
        case 2 if type(holder[key]) in (int, float) and abs(holder[key]) < 1e300:
            holder[key] = holder[key] * draw.choice((-1, 2, 0.5)) + draw.choice((-1, 0, 1))
        case 3 | 4:
            holder[key] = copy.deepcopy(other[other_key])
        case _:
            holder[key] = draw.choice(STRANGE)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if not isinstance(value, dict | list):
        return
    for key, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        yield from _places(part)
