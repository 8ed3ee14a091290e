"""One stream of a model, and many of them as one batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gatelet.errors import DataError, GateletError, ModelError
from gatelet.plan import EncoderDecoder, Plan, load_plan
from gatelet.plan.values import Value
from gatelet.stream import native
from gatelet.stream.engine import Array, Engine, NumpyEngine
from gatelet.stream.state import from_bytes, to_bytes

ENGINES = ("native", "numpy")
WEIGHTS = ("float32", "bfloat16")
Frames = ArrayLike | Mapping[str, ArrayLike]
Outputs = Any  # an array, or arrays by name where the plan has several outputs


class Session:
    """One stream: frames in, outputs out, and a state in between that can be saved.

        session = Session("gatelet-model")
        for frame in frames:
            output = session.push(frame)

    A frame is a value for each input of the plan: an array where there is one input, else arrays by name. With one axis
    more, in front, many frames are pushed at once; the outputs are the same. Outputs are an array, or arrays by name
    where the plan has several.

    Attributes:
        plan: what the stream computes.
        engine: "native", float32 in C++, or "numpy", float64, for plans that the former does not know.
    """

    def __init__(self, model: Any, *, engine: str | None = None, weights: str = "float32") -> None:
        """Start a stream.

        Args:
            model: a plan, a model that has one, or the folder of either.
            engine: "native" or "numpy"; by default the first one that can run the plan.
            weights: "float32", or "bfloat16": matrices are rounded to 8 bits of their mantissa when they are packed, so
                that half as much is read at each step. All else, states too, stays float32. Native only.

        Raises:
            ModelError: there is no plan, or one that cannot be streamed.
            GateletError: the engine cannot run it, or cannot round its weights.
        """
        self.plan = streamed_plan(model)
        self._shared = _Shared(self.plan, engine, weights)
        self._start()

    @property
    def engine(self) -> str:
        """What runs the plan."""
        return self._shared.engine.name

    @property
    def state(self) -> bytes:
        """What the stream remembers; set it to go on from there.

        Raises:
            ModelError: what it is set to is of another model, or damaged.
        """
        return to_bytes(self.plan, self._shared.engine.read(self._stream))

    @state.setter
    def state(self, blob: bytes) -> None:
        self._shared.engine.write(self._stream, from_bytes(self.plan, blob))

    def push(self, frames: Frames) -> Outputs:
        """Take the next frame, or the next frames, and give what the model says after each.

        Args:
            frames: of the shape of the inputs, or with an axis of time in front.

        Raises:
            DataError: an input is missing, or has another shape.
        """
        # one frame of a small plan takes less than a microsecond, and so does every check in Python
        if self._one_frame is not None:
            written = self._one_frame(self._stream, frames)
            if written is not None:
                return written
        given, many = _arrays(self.plan.inputs, frames)
        outputs = self._shared.engine.push(self._own, [array[:, None] for array in given])
        return _named(self.plan, [array[:, 0] if many else array[0, 0] for array in outputs])

    def reset(self) -> None:
        """Go back to the beginning."""
        self._shared.engine.reset(self._stream)

    def fork(self) -> Session:
        """Another stream that goes on from here; the weights are shared."""
        copy = Session.__new__(Session)
        copy.plan, copy._shared = self.plan, self._shared
        copy._start()
        self._shared.engine.write(copy._stream, self._shared.engine.read(self._stream))
        return copy

    def _start(self) -> None:
        self._stream = self._shared.take()
        self._own = np.array([self._stream])
        self._one_frame = self._shared.one_frame

    def __del__(self) -> None:
        shared = getattr(self, "_shared", None)
        if shared is not None and hasattr(self, "_stream"):
            shared.give_back(self._stream)


class SessionPool:
    """Many streams of one model, stepped as one batch.

    pool = SessionPool("gatelet-model", 1000)
    outputs = pool.push(frames)                    # (1000, ...)
    outputs = pool.push(frames, [3, 14, 15])       # of some of them
    """

    def __init__(self, model: Any, streams: int = 0, *, engine: str | None = None, weights: str = "float32") -> None:
        """Start some streams, numbered from 0; the rest as of a `Session`.

        Raises:
            ModelError, GateletError: as `Session`.
        """
        self.plan = streamed_plan(model)
        self._shared = _Shared(self.plan, engine, weights)
        self._streams: list[int] = []
        self.add(streams)

    def __len__(self) -> int:
        """How many streams there are."""
        return len(self._streams)

    @property
    def engine(self) -> str:
        """What runs the plan."""
        return self._shared.engine.name

    @property
    def streams(self) -> tuple[int, ...]:
        """Numbers of the streams, in the order in which `push` takes all of them."""
        return tuple(self._streams)

    def add(self, count: int = 1) -> tuple[int, ...]:
        """Start so many streams more, and give their numbers."""
        new = self._shared.take_many(count)
        self._streams = sorted([*self._streams, *new])
        self._every = np.array(self._streams, np.int64)
        return new

    def remove(self, streams: Iterable[int]) -> None:
        """End streams; their numbers may be given to others.

        Raises:
            GateletError: there is no such stream.
        """
        gone = set(streams)
        self._need(gone)
        self._streams = [stream for stream in self._streams if stream not in gone]
        self._every = np.array(self._streams, np.int64)
        for stream in gone:
            self._shared.give_back(stream)

    def push(self, frames: Frames, streams: ArrayLike | None = None) -> Outputs:
        """One frame of each of n streams.

        Args:
            frames: (n, ...) for each input.
            streams: numbers of n different streams; all of them by default.

        Raises:
            DataError: an input is missing, or has another shape.
            GateletError: there is no such stream, or one is there twice.
        """
        chosen = self._every if streams is None else self._chosen(streams)
        given, many = _arrays(self.plan.inputs, frames)
        if not many or len(given[0]) != len(chosen):
            raise DataError(f"There must be a frame for each of {len(chosen)} streams; got {len(given[0]) * many}.")
        outputs = self._shared.engine.push(chosen, [array[None] for array in given])
        return _named(self.plan, [array[0] for array in outputs])

    def reset(self, stream: int) -> None:
        """Put a stream back to its beginning."""
        self._need([stream])
        self._shared.engine.reset(stream)

    def state(self, stream: int) -> bytes:
        """What a stream remembers."""
        self._need([stream])
        return to_bytes(self.plan, self._shared.engine.read(stream))

    def restore(self, stream: int, state: bytes) -> None:
        """Let a stream go on from a state, of this pool or of a session of the same model.

        Raises:
            ModelError: it is of another model, or damaged.
        """
        self._need([stream])
        self._shared.engine.write(stream, from_bytes(self.plan, state))

    def _chosen(self, streams: ArrayLike) -> NDArray[np.int64]:
        chosen = np.asarray(streams)
        if chosen.ndim != 1 or (chosen.size and chosen.dtype.kind not in "iu"):
            raise GateletError(f"streams must be a list of numbers; got {streams!r:.80}.")
        chosen = chosen.astype(np.int64)
        found = np.searchsorted(self._every, chosen)
        if len(np.unique(chosen)) != len(chosen):
            raise GateletError("streams must be different ones; one is there twice.")
        if len(self._every) == 0 or (self._every[np.minimum(found, len(self._every) - 1)] != chosen).any():
            self._need(chosen.tolist())
        return chosen

    def _need(self, streams: Iterable[int]) -> None:
        unknown = sorted(set(streams) - set(self._streams))
        if unknown:
            raise GateletError(f"There must be a stream {unknown[0]}; there is none.")


class _Shared:
    """An engine with its weights, for all sessions that came from one, and which of its streams are free."""

    def __init__(self, plan: Plan, engine: str | None, weights: str) -> None:
        if engine not in (None, *ENGINES):
            raise GateletError(f"engine must be one of {', '.join(ENGINES)}; got {engine!r:.80}.")
        if weights not in WEIGHTS:
            raise GateletError(f"weights must be one of {', '.join(WEIGHTS)}; got {weights!r:.80}.")
        able, rounded = native.can_run(plan), weights == "bfloat16"
        if engine == "native" and not able:
            raise GateletError("The native engine must know all operations of the plan; it does not know all.")
        if rounded and (engine == "numpy" or not able):
            raise GateletError("weights must be float32 where NumPy runs the plan; got bfloat16.")
        self.engine: Engine = (
            NumpyEngine(plan) if engine == "numpy" or not able else native.NativeEngine(plan, rounded=rounded)
        )
        self.one_frame = self.engine.one_frame
        self._count = 0
        self._free: list[int] = []

    def take(self) -> int:
        return self.take_many(1)[0]

    def take_many(self, count: int) -> tuple[int, ...]:
        lacking = count - len(self._free)
        if lacking > 0:
            self._free += range(self._count, self._count + lacking)
            self._count += lacking
            self.engine.resize(self._count)
        taken, self._free = self._free[:count], self._free[count:]
        for stream in taken:
            self.engine.reset(stream)
        return tuple(taken)

    def give_back(self, stream: int) -> None:
        self._free.append(stream)


def streamed_plan(model: Any) -> Plan:
    """The plan of a model, that of a folder, or the plan itself.

    Raises:
        ModelError: there is none, or it cannot be streamed.
    """
    found: Any = load_plan(model) if isinstance(model, str | Path) else model
    if not isinstance(found, Plan | EncoderDecoder) and callable(getattr(found, "plan", None)):
        found = found.plan()
    if isinstance(found, EncoderDecoder):
        raise ModelError("A model that reads a whole text before it writes cannot be streamed; it is a translator.")
    if not isinstance(found, Plan):
        raise ModelError(
            f"A stream must be of a plan, a fitted model, or the folder of one; got {type(found).__name__}."
        )
    if not found.streamed:
        raise ModelError(f"The {found.task} reads a sequence from both ends, or as a whole, so it cannot be streamed.")
    return found


def _arrays(inputs: tuple[Value, ...], frames: Frames) -> tuple[list[Array], bool]:
    """(T, ...) for each input, and whether there was an axis of time; T is 1 without."""
    by_name: Mapping[str, Any]
    if isinstance(frames, Mapping):
        by_name = frames
    elif len(inputs) == 1:
        by_name = {inputs[0].name: frames}
    else:
        raise DataError(f"A frame must hold {', '.join(repr(value.name) for value in inputs)} by name; got one array.")
    found: list[Array] = []
    lengths: set[int] = set()
    for value in inputs:
        if value.name not in by_name:
            raise DataError(f"A frame must hold {value.name!r}; it holds {', '.join(map(repr, by_name)) or 'nothing'}.")
        found.append(_array(value, by_name[value.name]))
        lengths.add(len(found[-1]) if found[-1].ndim > len(value.shape) else -1)
    if len(lengths) > 1:
        raise DataError(f"All inputs must have as many frames; got {', '.join(map(str, sorted(lengths)))}.")
    many = -1 not in lengths
    return (found if many else [array[None] for array in found]), many


def _array(value: Value, given: Any) -> Array:
    try:
        array = np.asarray(given)
        array = array if array.dtype.kind == "f" else array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{value.name!r} of a frame must be numbers; got {given!r:.80}.") from error
    own = array.shape[array.ndim - len(value.shape) :] if array.ndim >= len(value.shape) else None
    fits = own is not None and all(isinstance(a, str) or a == b for a, b in zip(value.shape, own, strict=True))
    if not fits or array.ndim > len(value.shape) + 1:
        raise DataError(
            f"{value.name!r} of a frame must have shape {value.shape}, or one axis more in front; it has {array.shape}."
        )
    return array


def _named(plan: Plan, outputs: list[Array]) -> Outputs:
    if len(outputs) == 1:
        return outputs[0]
    return {value.name: array for value, array in zip(plan.outputs, outputs, strict=True)}
