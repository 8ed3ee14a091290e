"""Small plans for the tests: one of each cell, one of each kind of task."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p

CELLS: dict[str, tuple[type[p.Recurrent], int, dict[str, Any]]] = {
    "gru": (p.GRU, 3, {}),
    "gru_before": (p.GRU, 3, {"reset_after": False}),
    "gru_norm": (p.GRU, 3, {"norm": True}),
    "gru_before_norm": (p.GRU, 3, {"reset_after": False, "norm": True}),
    "gru_low": (p.GRU, 3, {"low": True}),
    "lstm": (p.LSTM, 4, {}),
    "lstm_norm": (p.LSTM, 4, {"norm": True}),
    "lstm_low": (p.LSTM, 4, {"low": True}),
    "rnn": (p.RNN, 1, {}),
    "mgu": (p.MGU, 2, {}),
    "ligru": (p.LiGRU, 2, {}),
    "fastgrnn": (p.FastGRNN, 1, {}),
    "min_gru": (p.MinGRU, 2, {}),
    "min_lstm": (p.MinLSTM, 3, {}),
}


def weights(rng: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    return (0.5 * rng.standard_normal(shape)).astype(np.float32)


def cell(
    rng: np.random.Generator, name: str, source: str, target: str, sizes: tuple[int, int], **settings: Any
) -> p.Recurrent:
    """A cell of sizes (I, H) with fresh weights."""
    kind, gates, extra = CELLS[name]
    inputs, hidden = sizes
    extra = dict(extra)
    if extra.pop("norm", False):
        extra |= {"layer_norm_ih": weights(rng, gates * hidden), "layer_norm_hh": weights(rng, gates * hidden)}
    rank = max(1, hidden // 3) if extra.pop("low", False) else hidden
    if rank < hidden:
        extra["right"] = weights(rng, rank, hidden)
    scan = name.startswith("min")
    bias = 2 * hidden if name == "fastgrnn" else gates * hidden
    if name == "fastgrnn":
        extra["scales"] = np.array([1.0, -1.0], np.float32)
    return kind(
        source,
        target,
        weights(rng, gates * hidden, inputs),
        weights(rng, 0, 0) if scan else weights(rng, gates * hidden, rank),
        weights(rng, bias),
        weights(rng, 0 if scan or name == "fastgrnn" else bias),
        **extra,
        **settings,
    )


def stacked(rng: np.random.Generator, name: str, *, inputs: int = 5, hidden: int = 7, restart: int = 0) -> p.Plan:
    """Standardized numbers through two cells, a head and a softmax."""
    return p.Plan(
        "Test",
        (p.Value("x", (inputs,), unit="V"),),
        (
            p.Standardize("x", "scaled", weights(rng, inputs), np.full(inputs, 2.0, np.float32)),
            cell(rng, name, "scaled", "h0", (inputs, hidden), restart=restart),
            cell(rng, name, "h0", "h1", (hidden, hidden + 2), restart=restart),
            p.LayerNorm("h1", "n", weights(rng, hidden + 2), weights(rng, hidden + 2)),
            p.Dense("n", "scores", weights(rng, 3, hidden + 2), weights(rng, 3), "tanh"),
            p.Softmax("scores", "y"),
        ),
        (p.Value("y", (3,)), p.Value("h1", (hidden + 2,))),
    )


def text(rng: np.random.Generator, pooling: str) -> p.Plan:
    """Tokens with spellings and votes of pairs, pooled as they come."""
    pool: p.Operation = p.Pool("h", "pooled", pooling) if pooling != "attention" else _attention_pool(rng, 6)
    return p.Plan(
        "Test",
        (p.Value("token", (), "int"), p.Value("spelling", ("parts",), "int")),
        (
            p.Embedding("token", "word", weights(rng, 11, 4)),
            p.Embedding("spelling", "spelled", weights(rng, 9, 4), mean=True),
            p.Add(("word", "spelled"), "x"),
            cell(rng, "gru", "x", "h", (4, 6)),
            pool,
            p.Dense("pooled", "scores", weights(rng, 3, 6), weights(rng, 3)),
            p.Pairs("token", "pair", 13),
            p.Embedding("pair", "vote", weights(rng, 13, 3)),
            p.Pool("vote", "votes", "root"),
            p.Add(("scores", "votes"), "all"),
            p.Activation("all", "y", "sigmoid"),
            p.CTCGreedy("all", "written"),
        ),
        (p.Value("y", (3,)), p.Value("written", (), "int")),
    )


def text_frames(rng: np.random.Generator, count: int) -> list[dict[str, Any]]:
    return [
        {"token": int(rng.integers(0, 11)), "spelling": rng.integers(0, 9, rng.integers(0, 4))} for _ in range(count)
    ]


def window(rng: np.random.Generator, head: str = "quantiles") -> p.Plan:
    """A forecaster: the last rows scaled by themselves, segments, an encoder and a decoder of two layers."""
    length, hidden, horizon = 6, 4, 3
    head_operations: list[p.Operation] = [p.Quantiles("raw", "spread", 1, "shift")]
    if head == "student_t":
        head_operations = [p.StudentT("raw", "t", "shift"), p.StudentTQuantiles("t", "spread", (0.1, 0.5, 0.9))]
    return p.Plan(
        "Test",
        (p.Value("y", (), unit="MW"), p.Value("known", (2,)), p.Value("ahead", (horizon, 2))),
        (
            p.Window("y", "rows", length, missing=True),
            p.Window("known", "known_rows", length),
            p.Center("rows", "center", "mean"),
            p.Spread("rows", "scale", 1.5),
            p.Scale("rows", "center", "scale", "scaled"),
            p.Filled("scaled", "filled"),
            p.Observed("scaled", "observed"),
            p.Level("center", "scale", "level", 0.3, 1.5),
            p.Concatenate(("filled", "observed", "known_rows"), "steps"),
            p.Segments("steps", "segments", 2),
            p.Concatenate(("segments", "level"), "inputs"),
            p.Dense("inputs", "x", weights(rng, hidden, 10), weights(rng, hidden), "relu"),
            cell(rng, "lstm", "x", "e0", (hidden, hidden), over="rows", cell="c0"),
            p.Row("e0", "e0_last"),
            p.Row("c0", "c0_last"),
            p.Segments("ahead", "ahead_segments", 2),
            p.Dense("ahead_segments", "a", weights(rng, hidden, 4)),
            p.Add(("a",), "b", weights(rng, 2, hidden)),
            cell(rng, "lstm", "b", "d0", (hidden, hidden), over="each", start=("e0_last", "c0_last")),
            p.Dense("d0", "raws", weights(rng, 6, hidden), weights(rng, 6)),
            p.Split("raws", "raw", 3, horizon),
            p.Segments("filled", "flat", length),
            p.Row("flat", "context"),
            p.Dense("context", "shift", weights(rng, horizon, length), weights(rng, horizon)),
            *head_operations,
            p.Calibrated("spread", "moved", weights(rng, horizon, 3), 1),
            p.Scale("moved", "center", "scale", "forecast", back=True),
        ),
        (p.Value("forecast", (horizon, 3), unit="MW"),),
    )


def window_frames(rng: np.random.Generator, count: int) -> list[dict[str, Any]]:
    frames = [
        {"y": 40 + 3 * rng.standard_normal(), "known": rng.standard_normal(2), "ahead": rng.standard_normal((3, 2))}
        for _ in range(count)
    ]
    for frame in frames[1::4]:
        frame["y"] = np.nan
    return frames


def writer(rng: np.random.Generator, kind: str = "additive") -> p.Plan:
    """One step of a decoder with attention, coverage and input feeding."""
    additive = {"weight": weights(rng, 3, 4), "bias": weights(rng, 3), "score": weights(rng, 3)}
    extra: dict[str, Any] = additive | {"covered": weights(rng, 3)} if kind == "additive" else {}
    keys = 3 if kind == "additive" else 4
    return p.Plan(
        "Test",
        (
            p.Value("token", (), "int"),
            p.Value("memory", ("source", 5)),
            p.Value("keys", ("source", keys)),
            p.Value("start", (4,)),
        ),
        (
            p.Embedding("token", "word", weights(rng, 11, 3)),
            p.Delay("features", "fed", 3),
            p.Concatenate(("word", "fed"), "x"),
            cell(rng, "gru", "x", "h", (6, 4), start=("start",)),
            p.Attention("h", "memory", "keys", "context", "weights", kind, **extra),
            p.Concatenate(("h", "context"), "found"),
            p.Dense("found", "features", weights(rng, 3, 9), weights(rng, 3), "tanh"),
            p.Dense("features", "scores", weights(rng, 11, 3)),
            p.Softmax("scores", "y", logarithm=True, barred=1),
        ),
        (p.Value("y", (11,)), p.Value("weights", ("source",))),
    )


def controlled(rng: np.random.Generator, *, parts: int = 5, hidden: int = 7) -> p.Plan:
    """One step of a semantically controlled GRU: a token, a type and parts of an act, the parts that are left."""
    return p.Plan(
        "Test",
        (p.Value("token", (), "int"), p.Value("type", (2,)), p.Value("parts", (parts,))),
        (
            p.Embedding("token", "vector", weights(rng, 11, 3)),
            p.Concatenate(("vector", "type"), "x"),
            p.Dense("x", "gate", weights(rng, parts, 5), weights(rng, parts), "sigmoid"),
            p.Remaining("parts", "gate", "left"),
            p.Concatenate(("x", "left"), "fed"),
            cell(rng, "gru", "fed", "h", (5 + parts, hidden)),
            p.Dense("h", "scores", weights(rng, 11, hidden), weights(rng, 11)),
            p.Softmax("scores", "y", logarithm=True, barred=2),
        ),
        (p.Value("y", (11,)), p.Value("left", (parts,))),
    )


def whole(rng: np.random.Generator, pooling: str = "attention", name: str = "gru") -> p.Plan:
    """A classifier that reads a whole text from both ends, and labels its words."""
    pool: p.Operation = p.Pool("h", "pooled", pooling, "rows")
    if pooling == "attention":
        pool = p.AttentionPool("h", "pooled", weights(rng, 3, 11), weights(rng, 3), weights(rng, 3), "rows")
    return p.Plan(
        "Classifier",
        (p.Value("tokens", ("time",), "int"), p.Value("spelling", ("time", "parts"), "int")),
        (
            p.Embedding("tokens", "words", weights(rng, 11, 4)),
            p.Embedding("spelling", "spelled", weights(rng, 9, 4), mean=True),
            p.Add(("words", "spelled"), "x"),
            cell(rng, name, "x", "forward", (4, 6), over="rows"),
            cell(rng, name, "x", "reverse", (4, 5), over="rows", reverse=True),
            p.Concatenate(("forward", "reverse"), "h"),
            pool,
            p.Dense("pooled", "scores", weights(rng, 3, 11), weights(rng, 3)),
            p.Embedding("tokens", "votes_1", weights(rng, 11, 3)),
            p.Pairs("tokens", "pairs", 13, "rows"),
            p.Embedding("pairs", "votes_2", weights(rng, 13, 3)),
            p.Add(("votes_1", "votes_2"), "both_votes"),
            p.Pool("both_votes", "votes", "root", "rows"),
            p.Add(("scores", "votes"), "all"),
            p.Softmax("all", "probabilities"),
            p.Concatenate(("h", "pooled"), "words_and_text"),
            p.Dense("words_and_text", "slot_scores", weights(rng, 5, 22), weights(rng, 5)),
            p.Softmax("slot_scores", "slots", logarithm=True),
        ),
        (p.Value("probabilities", (3,)), p.Value("slots", ("time", 5))),
    )


def whole_frame(rng: np.random.Generator, count: int) -> dict[str, Any]:
    return {"tokens": rng.integers(0, 11, count), "spelling": rng.integers(-1, 9, (count, 3))}


def _attention_pool(rng: np.random.Generator, size: int) -> p.AttentionPool:
    return p.AttentionPool("h", "pooled", weights(rng, 5, size), weights(rng, 5), weights(rng, 5))


def sound(rng: np.random.Generator, *, hop: int = 160, length: int = 400, points: int = 512, bands: int = 40) -> p.Plan:
    """Samples of sound as log-mel frames through a cell, pooled as they come."""
    return p.Plan(
        "Sounds",
        (p.Value("samples", (hop,)),),
        (
            p.LogMel("samples", "frame", p.mel_filters(16000.0, points, bands, low=20.0), length, 1e-8),
            p.Standardize("frame", "x", np.full(bands, -2.0, np.float32), np.full(bands, 4.0, np.float32)),
            cell(rng, "gru", "x", "h", (bands, 9)),
            p.Pool("h", "pooled", "mean"),
            p.Dense("pooled", "scores", weights(rng, 3, 9), weights(rng, 3)),
            p.Softmax("scores", "probabilities"),
        ),
        (p.Value("probabilities", (3,)), p.Value("frame", (bands,))),
        {"kind": "sound", "rate": 16000, "labels": ["off", "on", "stop"]},
    )
