"""Damaged states of a stream: each is refused, or the stream goes on from it.

The first byte of an input chooses the plan, the engine, and whether head and checksum are put right, so that mutations
get past them.
"""

from __future__ import annotations

import sys
import zlib
from functools import cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "plan"))
from small_plans import cell, stacked, text, window

from gatelet import plan as p
from gatelet.deploy.examples import frames
from gatelet.errors import GateletError
from gatelet.stream import Session
from gatelet.stream.state import _HEAD, MAGIC, VERSION

ENGINES = ("numpy", None)


@cache
def plans() -> list[p.Plan]:
    """What states are of."""
    rng = np.random.default_rng(0)
    return [
        stacked(rng, "gru", restart=4),
        stacked(rng, "lstm"),
        text(rng, "attention"),
        text(rng, "max"),
        window(rng),
        _delayed(rng),
    ]


def one(data: bytes) -> None:
    """Restore a state, and go on."""
    choice, body = (data[0], data[1:]) if data else (0, b"")
    plan = plans()[choice % len(plans())]
    session = Session(plan, engine=ENGINES[choice // 8 % 2])
    blob = body
    if choice & 128:
        kind = b"f" if choice & 64 else b"d"
        blob = _HEAD.pack(MAGIC, VERSION, kind, bytes.fromhex(plan.digest), zlib.crc32(body)) + body
    before = session.state
    try:
        session.state = blob
    except GateletError as error:
        if len(str(error).splitlines()) != 1 or session.state != before:
            raise AssertionError("A refused state must give one sentence and leave the stream as it was.") from error
        return
    for frame in frames(plan, 3):
        session.push(frame)


def _delayed(rng: np.random.Generator) -> p.Plan:
    """Numbers of pairs, a cell that is fed its own output."""
    return p.Plan(
        "Test",
        (p.Value("token", (), "int"),),
        (
            p.Pairs("token", "pair", 9),
            p.Embedding("pair", "vector", rng.standard_normal((9, 3)).astype(np.float32)),
            p.Delay("h", "fed", 4),
            p.Concatenate(("vector", "fed"), "x"),
            cell(rng, "min_gru", "x", "h", (7, 4)),
            p.CTCGreedy("h", "written"),
        ),
        (p.Value("h", (4,)), p.Value("written", (), "int")),
    )
