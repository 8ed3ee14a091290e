"""Log-mel frames of the C runtime beside SciPy's transform in double precision, and the plan's interpreter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.fft
import scipy.signal

from gatelet import plan as p
from gatelet.datasets.audio import read_wave
from gatelet.deploy.comparison import difference
from gatelet.plan import interpret, mel_filters
from gatelet.runtime import LogMelLayer, pack_log_mel

# hop, samples and points of a frame, bands: powers of two and four, odd parts, frames that do not overlap
SIZES = [
    (160, 400, 512, 40),
    (160, 400, 400, 80),
    (200, 240, 256, 20),
    (512, 1024, 1024, 64),
    (7, 7, 8, 3),
    (3, 10, 12, 5),
    (15, 17, 34, 3),
    (63, 65, 90, 7),
    (2, 4, 4, 2),
    (1, 2, 2, 1),
]
NOISE = 1e-5  # a sum in which floats cancel is off by more than their last bit


def frames(x: Any, hop: int, length: int, points: int, filters: Any, floor: float) -> Any:
    """The frames of a signal with silence before it."""
    padded = np.concatenate([np.zeros(length - hop), x])
    cut = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    power = np.abs(scipy.fft.rfft(cut * scipy.signal.get_window("hann", length), points, axis=1)) ** 2
    return np.log(np.maximum(power @ filters.T.astype(np.float64), floor))


@pytest.mark.parametrize(("hop", "length", "points", "bands"), SIZES)
def test_frames_of_a_signal(hop: int, length: int, points: int, bands: int) -> None:
    rng, filters = np.random.default_rng(points), mel_filters(16000.0, points, bands, low=20.0)
    x = rng.standard_normal(9 * hop).astype(np.float32)
    layer = LogMelLayer(pack_log_mel(filters, hop, length, 1e-8))
    before = layer.initial_state()
    y, state = layer.run(x.reshape(-1, hop), before)
    np.testing.assert_allclose(y, frames(x, hop, length, points, filters, 1e-8), rtol=0, atol=NOISE)
    assert not before.any()
    # in two parts, the same bits
    first, middle = layer.run(x[: 4 * hop].reshape(-1, hop), layer.initial_state())
    second, last = layer.run(x[4 * hop :].reshape(-1, hop), middle)
    np.testing.assert_array_equal(np.concatenate([first, second]), y)
    np.testing.assert_array_equal(last, state)


def test_loud_beside_quiet() -> None:
    """A tone of full scale over noise of the last of 16 bits: the bands of the noise are still those of the plan."""
    rng, filters = np.random.default_rng(0), mel_filters(16000.0, 512, 40, low=20.0)
    t = np.arange(16000)
    x = np.sin(2 * np.pi * 440 * t / 16000) + rng.uniform(-0.5, 0.5, 16000) / 2**15
    rows = x.astype(np.float32).reshape(-1, 160)
    plan = p.Plan("T", (p.Value("x", (160,)),), (p.LogMel("x", "y", filters, 400, 1e-10),), (p.Value("y", (40,)),))
    expected = interpret.whole(plan, [{"x": row.astype(np.float64)} for row in rows])["y"]
    layer = LogMelLayer(pack_log_mel(filters, 160, 400, 1e-10))
    y, _ = layer.run(rows, layer.initial_state())
    assert np.ptp(expected) > 20
    assert np.abs(y - expected).max() < 0.02


def test_spoken_words(shared_data: Path) -> None:
    """Recordings stay within what an export allows."""
    filters, words = mel_filters(16000.0, 512, 40, low=20.0), sorted(shared_data.rglob("speech_commands_v0.01/*/*.wav"))
    layer = LogMelLayer(pack_log_mel(filters, 160, 400, 1e-8))
    assert words
    for word in words[::10]:
        x = (read_wave(word)[0] / 2**15).astype(np.float32)
        x = x[: len(x) // 160 * 160]
        expected = frames(x.astype(np.float64), 160, 400, 512, filters, 1e-8)
        assert difference(expected, layer.run(x.reshape(-1, 160), layer.initial_state())[0].astype(np.float64)) < 1.0


def test_silence_the_largest_and_what_is_no_number() -> None:
    filters = mel_filters(8000.0, 64, 9)
    filters[3] = 0.0
    layer = LogMelLayer(pack_log_mel(filters, 16, 50, 1e-8))
    y, _ = layer.run(np.zeros((3, 16), np.float32), layer.initial_state())
    np.testing.assert_allclose(y, np.log(1e-8), rtol=2e-7)
    loud, _ = layer.run(np.full((4, 16), 1e15, np.float32), layer.initial_state())
    assert np.isfinite(loud).all() and loud.max() > 60 and (loud[:, 3] == y[0, 3]).all()
    beyond, _ = layer.run(np.full((4, 16), 1e25, np.float32), layer.initial_state())
    assert not np.isfinite(beyond[-1, 0])
    missing, _ = layer.run(np.full((1, 16), np.nan, np.float32), layer.initial_state())
    assert np.isnan(np.delete(missing, 3)).all()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 16384 points"):
        pack_log_mel(np.ones((2, 2**13 + 2), np.float32), 16, 50, 1e-8)
    with pytest.raises(ValueError, match="floor of at least"):
        pack_log_mel(np.ones((2, 33), np.float32), 16, 50, 1e-40)
    layer = LogMelLayer(pack_log_mel(mel_filters(8000.0, 64, 9), 16, 50, 1e-8))
    with pytest.raises(ValueError, match=r"x must be float32 of shape \(2, 16\)"):
        layer.run(np.zeros((2, 15), np.float32), layer.initial_state())
    with pytest.raises(ValueError, match=r"state must be float32 of shape \(34,\)"):
        wide: Any = np.zeros(34)
        layer.run(np.zeros((2, 16), np.float32), wide)
