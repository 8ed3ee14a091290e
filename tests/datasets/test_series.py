from pathlib import Path

import numpy as np
import pytest

from gatelet.datasets import series
from gatelet.features import Columns, fit_schema, read_panel


def test_nyc_weather() -> None:
    table = series.nyc_weather()
    assert table.shape == (26_115, 11)
    assert table["unique_id"].unique(maintain_order=True).to_list() == ["EWR", "JFK", "LGA"]
    assert str(table["ds"].dtype) == "Datetime(time_unit='us', time_zone=None)"
    assert (table["y"].null_count(), table["pressure"].null_count()) == (1, 2729)
    assert table["wind_speed"].max() < 50.0  # type: ignore[operator]
    first = table.row(0, named=True)
    # a southern wind of 10.4 mph at 39.02 degrees Fahrenheit
    assert first["y"] == 39.02 and first["wind_north"] < -1e-20 and abs(first["wind_east"]) > 10
    calm = table.filter(table["wind_speed"] == 0)
    assert len(calm) > 0 and (calm["wind_east"] == 0).all() and (calm["wind_north"] == 0).all()


def test_m4_hourly(shared_data: Path) -> None:
    train, test = series.m4_hourly()
    assert train["unique_id"].n_unique() == test["unique_id"].n_unique() == 414
    lengths = train.group_by("unique_id").len()["len"]
    assert (lengths.min(), lengths.max(), len(test)) == (700, 960, 414 * 48)
    first = test.filter(test["unique_id"] == "H1")
    assert (first["ds"][0], first["y"][0]) == (701, 619.0)
    panel = read_panel(train, fit_schema(train, Columns(), seasonality=24))
    assert panel.num_series == 414 and not np.isnan(panel.target).any()


def test_ett(shared_data: Path) -> None:
    table = series.ett()
    assert table["unique_id"].unique(maintain_order=True).to_list() == [
        "HUFL",
        "HULL",
        "MUFL",
        "MULL",
        "LUFL",
        "LULL",
        "OT",
    ]
    assert len(table) == 7 * 17_420
    assert table.filter(table["unique_id"] == "OT")["y"][0] == pytest.approx(30.531)
    assert str(fit_schema(table, Columns()).frequency) == "h"


def test_beijing_air(shared_data: Path) -> None:
    table = series.beijing_air()
    assert len(table) == 43_824 and table["y"].null_count() == 2067
    columns = Columns(past=("dew_point", "wind_direction", "wind_run"))
    schema = fit_schema(table, columns)
    assert schema.past_names[1:5] == tuple(f"wind_direction={name}" for name in ("NE", "NW", "SE", "cv"))
    # persistence as in the tutorial that the protocol follows: gaps are 0, the first year is for training
    values = table["y"].fill_null(0.0).to_numpy()[24:][8760:]
    assert np.sqrt(np.mean(np.diff(values) ** 2)) == pytest.approx(26.56, abs=0.01)


def test_sp500(shared_data: Path) -> None:
    table = series.sp500()
    assert len(table) == 5031 and table["y"].null_count() == 1
    assert table["y"][1] == pytest.approx(100 * np.log(1244.780029 / 1228.099976))
    more = series.range_features(table)
    assert more.columns[-4:] == ["parkinson", "overnight", "abs_return", "log_volume"]
    spread = 100 * np.log(1248.810059 / 1219.099976)
    assert more["parkinson"][0] == pytest.approx(np.log(spread**2 / (4 * np.log(2))))
    assert np.isfinite(more["parkinson"].to_numpy()).all()
    assert str(fit_schema(table, Columns(past=("high", "low"))).frequency) == "B"
