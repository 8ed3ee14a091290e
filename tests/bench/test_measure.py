"""A whole run with stand-ins for the slow parts; `tests/cli/test_bench.py` has a real one."""

from typing import Any

import numpy as np
import pytest

from gatelet.bench import BenchSettings, Shape, measure, run_bench
from gatelet.bench.child import WorkerFailed
from gatelet.bench.contenders import GRU, PEERS, chosen
from gatelet.bench.correctness import compare, largest_errors
from gatelet.bench.results import Bench, Row, geometric_mean
from gatelet.errors import GateletError

from .conftest import SHAPES, row


def test_ratios_and_shares(done: Bench) -> None:
    assert done.complete and done.peak == 2e9
    assert done.mean_ratio("torch GRU", "GRU", "forward") == pytest.approx(4.0)
    assert done.mean_ratio("ONNX Runtime", "GRU", "train") is None
    assert done.names("train") == ["GRU", "torch GRU", "LSTM", "torch LSTM"]
    assert done.pairs() == [(n, "GRU") for n in ("torch GRU", "torch LSTM", "ONNX Runtime")] + [("torch LSTM", "LSTM")]
    share = done.rows[0].share("GRU", "forward", done.peak)
    assert share == pytest.approx(SHAPES[0].flops(3, train=False) / 1e-3 / 2e9)
    assert done.rows[0].share("ONNX Runtime", "train", done.peak) is None
    assert done.rows[0].share("OpenVINO", "train", done.peak) is None
    assert geometric_mean([]) is None


def test_json(done: Bench) -> None:
    told = done.to_json()
    assert told["geometric_mean_ratios"]["torch LSTM / LSTM"] == {"forward": 2.0, "train": pytest.approx(3.0)}
    assert told["rows"][0]["layers"]["GRU"]["share_of_peak"]["train"] > 0
    assert told["rows"][0]["failed"] == {"JAX scan": "it broke"}


def test_ctrl_c_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    def one(_: Any, shape: Shape, *__: Any) -> Row:
        if shape == SHAPES[1]:
            raise KeyboardInterrupt
        return row(shape, 2.0)

    monkeypatch.setattr(measure, "products", lambda *_: {"torch product": 1e9})
    monkeypatch.setattr(measure, "measure", one)
    kept = run_bench(BenchSettings(SHAPES, threads=1))
    assert [each.shape for each in kept.rows] == [SHAPES[0]] and not kept.complete
    with pytest.raises(KeyboardInterrupt):
        run_bench(BenchSettings(SHAPES[1:], threads=1))


def test_peers_are_known_and_absent_ones_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GateletError, match="--peers must be some of onnxruntime, .*, or none; got 'cudnn'"):
        chosen(["cudnn"])
    monkeypatch.setattr("gatelet.bench.contenders._installed", lambda package: package == "jax")
    present, absent = chosen(None)
    assert [each.name for each in present] == ["GRU", "torch GRU", "LSTM", "torch LSTM", "JAX scan"]
    assert absent["oneDNN"] == "pip install onednn" and len(absent) == len(PEERS) - 1
    assert chosen([]) == (present[:4], {})


def test_errors_of_ours_must_be_small() -> None:
    compare("GRU", SHAPES[0], (2e-6, 1e-6), (1e-6, 1e-6))
    words = (
        "The gradients of GRU at 2, 3, 5, 7 must be at most twice as far from float64 as PyTorch's 1e-06, .* got 4e-06"
    )
    with pytest.raises(GateletError, match=words):
        compare("GRU", SHAPES[0], (1e-6, 4e-6), (1e-6, 1e-6))
    with pytest.raises(GateletError, match="The output of LSTM"):
        compare("LSTM", SHAPES[0], (float("nan"), 1e-6), (1e-6, 1e-6))


def test_errors_are_those_of_both_forwards() -> None:
    exact = {"forward": np.zeros(3), "y": np.zeros(3), "x": np.full(2, 10.0)}
    found = {"forward": np.zeros(3), "y": np.array([0, 0.5, 0]), "x": np.array([10.0, 11.0])}
    y, gradients = largest_errors(found, exact)
    assert y == 0.5 and gradients == pytest.approx(0.1)
    assert largest_errors({"forward": np.ones(3)}, exact) == (1.0, None)


class Broken:
    def __init__(self, name: str) -> None:
        self.contender = {**PEERS, "GRU": GRU}[name]

    def ready(self) -> None:
        raise WorkerFailed("its process ended")


def test_a_peer_may_fail_but_ours_may_not() -> None:
    failed: dict[str, str] = {}
    children: list[Any] = [Broken("jax")]
    assert measure.those_that_can(children, Broken.ready, failed) == []  # type: ignore[arg-type]
    assert failed == {"JAX scan": "its process ended"}
    children = [Broken("GRU")]
    with pytest.raises(GateletError, match="GRU must run to be measured; its process ended."):
        measure.those_that_can(children, Broken.ready, failed)  # type: ignore[arg-type]
