"""A forecaster in integers: it forecasts, is saved and read like any other, and says what it cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import gatelet
from gatelet.errors import ExportError, GateletError
from gatelet.features import Columns
from gatelet.plan import load_plan
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

SETTINGS: dict[str, dict[str, Any]] = {
    "gru": {"cell": "gru", "hidden_size": 12},
    "lstm": {"cell": "lstm", "num_layers": 2, "segment_length": 3, "center": "last", "hidden_size": 9},
    "vectors": {"cell": "gru", "highway": False, "series_embedding": 2, "segment_length": 2, "hidden_size": 9},
}


def waves(rows: int = 120) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    steps = np.arange(rows)
    return pl.concat(
        pl.DataFrame(
            {
                "unique_id": f"s{number}",
                "ds": np.datetime64("2024-01-01", "us") + steps * np.timedelta64(3600, "s"),
                "y": 100 + 10 * number + 5 * np.sin(steps / 4) + 0.3 * rng.standard_normal(rows),
                "load": rng.standard_normal(rows),
                "wind": 3 * rng.standard_normal(rows),
            }
        )
        for number in range(2)
    )


def fitted(name: str, **settings: Any) -> Forecaster:
    model = Forecaster(
        4,
        context_length=6,
        columns=Columns(past=("load",), future=("wind",)),
        network=NetworkSettings(**SETTINGS[name]),
        quantiles=(0.1, 0.9),
        **settings,
    )
    training = TrainingSettings(epochs=3, batch_size=32, learning_rate=1e-2)
    return model.fit(waves(), training=training, test_size=24, conformal=name == "gru")


@pytest.mark.parametrize(
    ("name", "distribution"), [("gru", "quantiles"), ("lstm", "student_t"), ("vectors", "quantiles")]
)
def test_it_forecasts_what_the_floats_do(name: str, distribution: str, tmp_path: Path) -> None:
    model = fitted(name, distribution=distribution)
    done = gatelet.quantize(model, waves())
    assert done.counted == "the last 24 rows of each series" and done.metric == "mase"
    assert abs(done.after["mase"] / done.before["mase"] - 1) < 0.03
    assert done.bytes_after < 0.5 * done.bytes_before
    backtest, other = model.backtest(waves()), done.model.backtest(waves())
    expected, found = backtest.forecasts["gatelet"], other.forecasts["gatelet"]
    assert np.abs(found - expected).max() < 0.05 * expected.std()
    assert (np.diff(found) >= -1e-9).all()
    folder = done.model.save(tmp_path / "model")
    back = gatelet.load(folder)
    np.testing.assert_array_equal(back.backtest(waves()).forecasts["gatelet"], found)
    assert load_plan(folder).digest == done.model.plan().digest  # type: ignore[union-attr]
    assert all(not drift.grows for drift in done.drift.values()) and done.drift
    with pytest.raises(GateletError, match="cannot be trained on; take the model that it was quantized from"):
        back.update(waves())


def test_training_with_rounded_weights() -> None:
    model = fitted("gru")
    done = gatelet.quantize(model, waves(), qat=2)
    assert done.qat is not None and done.qat["epochs"] == 2
    assert done.qat["kept"] == (done.qat["training"] < done.qat["calibration"])
    assert done.after["mase"] < 1.05 * done.before["mase"]


def test_bad_requests() -> None:
    model = fitted("gru")
    with pytest.raises(GateletError, match="test is for texts only"):
        gatelet.quantize(model, waves(), test=waves())
    rnn = Forecaster(4, context_length=6, network=NetworkSettings(cell="rnn", hidden_size=5))
    rnn.fit(waves(), training=TrainingSettings(epochs=1, steps_per_epoch=2))
    with pytest.raises(ExportError, match="RNN 'encoded' cannot be integers: of the cells, GRU, LSTM and FastGRNN"):
        gatelet.quantize(rnn, waves())
    done = gatelet.quantize(rnn, waves(), partly=True, test_size=8)
    assert "encoded" in done.kept and done.counted == "the last 8 rows of each series"
