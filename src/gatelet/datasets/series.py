"""Public time series as long polars tables: unique_id, ds, y and covariates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatelet.datasets.registry import folder
from gatelet.errors import require

if TYPE_CHECKING:
    import polars

# The fastest gust ever measured near the ground was 253 mph; one row of nyc_weather claims a mean of 1,048 mph.
_MOST_WIND = 250.0


def nyc_weather() -> polars.DataFrame:
    """Hourly weather of three New York airports in 2013, 26,115 rows with real gaps.

    Returns:
        unique_id: airport; ds: hour in UTC; y: temperature in degrees Fahrenheit; dewp: dew point likewise; humid:
        relative humidity in %; wind_speed in mph; wind_east and wind_north: the wind speed times sine and cosine of
        the direction that it comes from, 0 in calm; precip in inches; pressure in millibars; visib in miles. Gusts are
        left out because most are missing, and a wind speed that no wind has is missing.
    """
    pl = require("polars", "train")
    raw: polars.DataFrame = pl.read_csv(
        folder("nyc_weather") / "nyc_weather_2013.csv.gz", null_values="NA", infer_schema_length=None
    )
    speed = pl.when(pl.col("wind_speed") <= _MOST_WIND).then(pl.col("wind_speed"))
    angle = pl.col("wind_dir").radians()
    calm = speed == 0
    return raw.select(
        pl.col("origin").alias("unique_id"),
        pl.col("time_hour").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us").alias("ds"),
        pl.col("temp").alias("y"),
        "dewp",
        "humid",
        speed.alias("wind_speed"),
        pl.when(calm).then(0.0).otherwise(speed * angle.sin()).alias("wind_east"),
        pl.when(calm).then(0.0).otherwise(speed * angle.cos()).alias("wind_north"),
        pl.col("precip").cast(pl.Float64),
        pl.col("pressure").cast(pl.Float64),
        pl.col("visib").cast(pl.Float64),
    )


def m4_hourly() -> tuple[polars.DataFrame, polars.DataFrame]:
    """The 414 hourly series of the M4 competition.

    Returns:
        the training part (700 to 960 rows a series) and the 48 rows that follow: unique_id: H1 to H414; ds: rows
        counted from 1; y.
    """
    pl = require("polars", "train")
    top = folder("m4_hourly")
    train, test = _long(top / "Hourly-train.csv.gz"), _long(top / "Hourly-test.csv.gz")
    last = train.group_by("unique_id").agg(pl.col("ds").max().alias("last"))
    test = test.join(last, on="unique_id", how="left", maintain_order="left")
    return train, test.select("unique_id", pl.col("ds") + pl.col("last"), "y")


def ett() -> polars.DataFrame:
    """ETTh1: seven hourly series of one power transformer, 17,420 rows each.

    Returns:
        unique_id: HUFL, HULL, MUFL, MULL, LUFL, LULL (loads) and OT (oil temperature); ds; y.
    """
    pl = require("polars", "train")
    raw: polars.DataFrame = pl.read_csv(folder("ett") / "ETTh1.csv")
    times = pl.col("date").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us")
    return raw.unpivot(index="date", variable_name="unique_id", value_name="y").select(
        "unique_id", times.alias("ds"), "y"
    )


def beijing_air() -> polars.DataFrame:
    """PM2.5 in Beijing, hourly from 2010 to 2014, 43,824 rows of which 2,067 have no value.

    Returns:
        unique_id: "beijing"; ds; y: PM2.5 in micrograms per cubic metre; dew_point and temperature in degrees Celsius;
        pressure in hPa; wind_direction: NE, NW, SE or cv (calm and variable); wind_run: wind speed summed since the
        wind turned, in m/s; snow_hours and rain_hours: hours of either so far.
    """
    pl = require("polars", "train")
    raw: polars.DataFrame = pl.read_csv(
        folder("beijing_air") / "hourly_beijing_pm.csv.gz", null_values="NA", infer_schema_length=None
    )
    return raw.select(
        pl.lit("beijing").alias("unique_id"),
        pl.datetime("year", "month", "day", "hour", time_unit="us").alias("ds"),
        pl.col("pm2.5").cast(pl.Float64).alias("y"),
        pl.col("DEWP").cast(pl.Float64).alias("dew_point"),
        pl.col("TEMP").cast(pl.Float64).alias("temperature"),
        pl.col("PRES").cast(pl.Float64).alias("pressure"),
        pl.col("cbwd").alias("wind_direction"),
        pl.col("Iws").alias("wind_run"),
        pl.col("Is").cast(pl.Float64).alias("snow_hours"),
        pl.col("Ir").cast(pl.Float64).alias("rain_hours"),
    )


def sp500() -> polars.DataFrame:
    """The S&P 500 index day by day, 1999 to 2018, 5,031 trading days.

    Returns:
        unique_id: "sp500"; ds: day; y: return since the day before, 100 * log(close / close before), missing on the
        first day; open, high, low, close in points; volume.
    """
    pl = require("polars", "train")
    raw: polars.DataFrame = pl.read_csv(folder("sp500") / "sp500.csv.gz")
    close = pl.col("Adj Close")
    return raw.select(
        pl.lit("sp500").alias("unique_id"),
        pl.col("Date").str.to_datetime("%m/%d/%Y", time_unit="us").alias("ds"),
        (100 * (close / close.shift(1)).log()).alias("y"),
        pl.col("Open").alias("open"),
        pl.col("High").alias("high"),
        pl.col("Low").alias("low"),
        close.alias("close"),
        pl.col("Volume").cast(pl.Float64).alias("volume"),
    )


def range_features(prices: polars.DataFrame) -> polars.DataFrame:
    """Add what a day's prices say about its volatility.

    parkinson = log of 100^2 log(high / low)^2 / (4 log 2), the variance estimate of Parkinson (1980), The extreme value
    method for estimating the variance of the rate of return, Journal of Business 53; overnight = 100 log(open / close
    before); abs_return = |y|; log_volume = log(volume / volume before).

    Args:
        prices: one series as `sp500` gives it.

    Returns:
        the table with the columns parkinson, overnight, abs_return and log_volume, in percent where they are returns.
    """
    pl = require("polars", "train")
    spread = 100 * (pl.col("high") / pl.col("low")).log()
    return prices.with_columns(
        # A day whose high is its low has no such estimate; a spread of a hundredth of a percent stands in.
        (pl.max_horizontal(spread, pl.lit(0.01)).pow(2) / (4 * pl.lit(2.0).log())).log().alias("parkinson"),
        (100 * (pl.col("open") / pl.col("close").shift(1)).log()).alias("overnight"),
        pl.col("y").abs().alias("abs_return"),
        (pl.col("volume") / pl.col("volume").shift(1)).log().alias("log_volume"),
    )


def _long(file: Any) -> polars.DataFrame:
    """A table of one series per row, padded with missing values, as unique_id, ds from 1, y."""
    pl = require("polars", "train")
    raw: polars.DataFrame = pl.read_csv(file, infer_schema=False).rename({"V1": "unique_id"})
    values = pl.concat_list(pl.exclude("unique_id").cast(pl.Float64, strict=False))
    table = raw.select("unique_id", y=values, ds=pl.int_ranges(1, raw.width)).explode("y", "ds")
    return table.drop_nulls("y").select("unique_id", "ds", "y")
