"""Processes of their own: what they answer, and how they fail."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest

from gatelet.bench import Shape
from gatelet.bench.child import Child, WorkerFailed
from gatelet.bench.contenders import PRODUCTS, TORCH
from gatelet.bench.memory import HighWater

SHAPE = Shape(2, 3, 5, 7)


def test_a_layer_in_its_process() -> None:
    with Child(TORCH[0], SHAPE, 0, 1) as child:
        child.ready()
        info = child.ask("info")
        assert {"about", "prepare", "first forward", "first train", "forward bytes", "train bytes"} == set(info)
        assert child.ask("outputs")["x"].shape == (3, 2, 5)
        assert child.ask("time", "train") > 0


def test_what_goes_wrong_is_said() -> None:
    with Child(replace(PRODUCTS[1], module="gatelet.nowhere"), SHAPE, 0, 1) as child:
        with pytest.raises(WorkerFailed, match="ModuleNotFoundError: No module named 'gatelet.nowhere'"):
            child.ready()
        with pytest.raises(WorkerFailed, match="its process ended"):
            child.ask("info")


def test_ctrl_c_is_not_for_the_worker() -> None:
    with Child(PRODUCTS[1], SHAPE, 0, 1) as child:
        child.ready()
        assert child.process.pid is not None
        os.kill(child.process.pid, signal.SIGINT)
        assert child.ask("info")["about"].startswith("NumPy")
    assert not child.process.is_alive()


def test_high_water() -> None:
    water = HighWater()
    array = np.ones(5_000_000)
    del array
    rise = water.rise()
    assert rise is None or rise > 35_000_000
