"""Log-mel frames of sound beside a transform of whole signals; saved, streamed natively; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.fft
import scipy.signal

from gatelet import plan as p
from gatelet.errors import ModelError
from gatelet.plan import interpret, mel_filters
from gatelet.stream import Session

SIZES = [(160, 400, 512, 40), (7, 7, 8, 3), (3, 10, 12, 5), (5, 6, 30, 4), (1, 2, 2, 1), (8, 13, 16, 2)]


def plan_of(hop: int, length: int, points: int, bands: int, rate: float = 16000.0) -> p.Plan:
    operation = p.LogMel("samples", "frame", mel_filters(rate, points, bands, low=20.0), length, 1e-8)
    return p.Plan("T", (p.Value("samples", (hop,)),), (operation,), (p.Value("frame", (bands,)),))


def sound(count: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float64]]:
    rng = np.random.default_rng(seed)
    t = np.arange(count) / 16000
    return np.sin(2 * np.pi * 440 * t) + 1e-3 * rng.standard_normal(count) + 0.1 * np.sin(2 * np.pi * 3000 * t**2)


@pytest.mark.parametrize(("hop", "length", "points", "bands"), SIZES)
def test_frames_of_a_signal(hop: int, length: int, points: int, bands: int) -> None:
    """SciPy's window and transform over the frames of the whole signal, silence before it."""
    plan, steps = plan_of(hop, length, points, bands), 9
    x = sound(steps * hop)
    padded = np.concatenate([np.zeros(length - hop), x])
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop][:steps]
    power = np.abs(scipy.fft.rfft(frames * scipy.signal.get_window("hann", length), points, axis=1)) ** 2
    filters = mel_filters(16000.0, points, bands, low=20.0).astype(np.float64)
    expected = np.log(np.maximum(power @ filters.T, 1e-8))
    given = x.reshape(steps, hop)
    found = interpret.whole(plan, [{"samples": row} for row in given])["frame"]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
    session = Session(plan)
    np.testing.assert_allclose(session.push(given), expected, rtol=1e-5, atol=1e-5)
    # in chunks, from a state that was taken up elsewhere
    session.reset()
    session.push(given[:4])
    other = Session(plan)
    other.state = session.state
    np.testing.assert_array_equal(other.push(given[4:]), session.push(given[4:]))


def test_what_is_no_number_is_none_in_its_frames() -> None:
    plan = plan_of(160, 400, 512, 40)
    given = np.ones((5, 160))
    given[1, 7] = np.nan
    expected = interpret.whole(plan, [{"samples": row} for row in given])["frame"]
    found = Session(plan).push(given)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    assert np.isnan(found).any(1).tolist() == [False, True, True, False, False]


def test_filters_are_triangles_on_the_mel_scale() -> None:
    filters = mel_filters(16000.0, 512, 26, low=100.0, high=7000.0)
    assert filters.shape == (26, 257) and filters.dtype == np.float32 and filters.min() == 0.0
    frequencies = np.arange(257) * 16000 / 512
    tips = frequencies[filters.argmax(1)]
    mels = 2595 * np.log10(1 + tips / 700)
    assert (np.diff(tips) > 0).all() and np.abs(np.diff(mels) - np.diff(mels).mean()).max() < 40
    assert not filters[:, frequencies < 100].any() and not filters[:, frequencies > 7000].any()
    # neighbours add up to one between the first tip and the last
    inside = (frequencies > tips[0] + 32) & (frequencies < tips[-1] - 32)
    np.testing.assert_allclose(filters.sum(0)[inside], 1.0, atol=1e-5)


def test_it_is_saved_and_told(tmp_path: Path) -> None:
    plan = plan_of(160, 400, 512, 40)
    back = p.load_plan(p.save_plan(plan, tmp_path / "plan"))
    assert isinstance(back, p.Plan) and back.digest == plan.digest
    (row,) = plan.table()
    assert row["state_bytes"] == 4 * 240 and row["macs"] == 400 + 2 * 512 * 9 + 40 * 257
    assert plan_of(7, 7, 8, 3).state_bytes == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"length": 159}, "length of LogMel must be a whole number from 160 to 512"),
        ({"length": 513}, "length of LogMel"),
        ({"floor": 0.0}, "floor of LogMel must be positive"),
        ({"filters": -np.ones((3, 257), np.float32)}, "must not be negative"),
        ({"filters": np.full((3, 257), np.nan, np.float32)}, "finite"),
        ({"filters": np.ones((3, 1), np.float32)}, "points of LogMel"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], told: str) -> None:
    settings: dict[str, Any] = {"filters": mel_filters(16000.0, 512, 3), "length": 400} | change
    with pytest.raises(ModelError, match=told):
        p.Plan("T", (p.Value("x", (160,)),), (p.LogMel("x", "y", **settings),), (p.Value("y", (3,)),))
    with pytest.raises(ModelError, match="samples of one hop"):
        p.Plan("T", (p.Value("x", ("any",)),), (p.LogMel("x", "y", mel_filters(8000.0, 8, 2), 8),), (
            p.Value("y", (2,)),))  # fmt: skip
    with pytest.raises(ModelError, match="even number of points"):
        mel_filters(16000.0, 512, 3, low=9000.0)
