"""A damaged folder of a plan: it is read and runs, or is refused with an error of gatelet."""

from __future__ import annotations

from typing import Any

from folders import mutate, unpacked

from gatelet import plan as p
from gatelet.deploy.examples import frames
from gatelet.errors import GateletError
from gatelet.plan import interpret
from gatelet.plan.storing import PLAN, WEIGHTS, plans_of
from gatelet.plan.values import count
from gatelet.stream import Session

# what a step may cost here; larger plans are sound, but slow
MOST = 2**18


__all__ = ["mutate", "one"]


def one(data: bytes) -> None:
    """Read, describe, run, save and restore."""
    with unpacked(data, PLAN, WEIGHTS) as folder:
        try:
            model = p.load_plan(folder)
        except GateletError as error:
            _need_one_sentence(error)
            return
    for plan in plans_of(model).values():
        plan.table()
        if plan.macs + sum(map(count, plan.shapes.values())) + plan.state_bytes < MOST:
            try:
                _run(plan)
            except GateletError as error:
                _need_one_sentence(error)


def _run(plan: p.Plan) -> None:
    rows = frames(plan, 3)
    if not plan.streamed:
        interpret.step(plan, rows[0], interpret.start(plan))
        return
    for engine in (None, "numpy"):
        session = Session(plan, engine=engine)
        for frame in rows:
            session.push(frame)
        before = session.state
        other: Any = session.fork()
        other.push(rows[0])
        other.state = before
        if other.state != before:
            raise AssertionError("A state that was restored must be the one that was saved.")


def _need_one_sentence(error: GateletError) -> None:
    text = str(error)
    if len(text.splitlines()) != 1:
        raise AssertionError(f"An error must be one line; got {text!r}.")
