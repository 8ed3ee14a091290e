"""The columns of a table as arrays: numbers, categories, times and series."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
from numpy.typing import NDArray

from gatelet.errors import DataError, require
from gatelet.features.table import Table

MISSING_TEXT = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "none")
"""Text that stands for a missing value, except in the column that names the series."""

_LARGEST = 1e30
# Text columns with at least this share of numbers are taken for numbers with a slip in them, not for categories.
_MOSTLY_NUMBERS = 0.9
_TIME_FORMATS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M")


def is_categorical(table: Table, column: str) -> bool:
    """Whether the values of a column are categories: text, categories or booleans rather than numbers.

    Text counts as numbers if at least nine values in ten are numbers, so that a stray word among them is found as an
    error (`numbers`) instead of turning the column into categories.
    """
    values = table.column(column)
    if values.dtype.is_numeric():
        return False
    text = _text(values)
    if text is None:
        return True
    filled = text.drop_nulls()
    return len(filled) > 0 and bool(filled.cast(_float64(), strict=False).is_not_null().mean() < _MOSTLY_NUMBERS)


def numbers(table: Table, column: str, hint: str = "") -> NDArray[np.float64]:
    """A numeric column.

    Args:
        table: the table.
        column: its name.
        hint: what else the user may do about text, added to the error.

    Returns:
        (R,) array, NaN where a value is missing.

    Raises:
        DataError: text that is no number, an infinity, or a number beyond 1e30.
    """
    values = table.column(column)
    if values.dtype.is_numeric() or values.dtype == nw.Boolean:
        array = _float_array(values.cast(nw.Float64))
    else:
        text = _text(values)
        if text is None:
            raise DataError(f"{table.source}, column '{column}' must hold numbers; got {values.dtype}.")
        parsed = text.cast(_float64(), strict=False)
        failed = (text.is_not_null() & parsed.is_null()).to_numpy()
        if failed.any():
            row = int(np.argmax(failed))
            raise DataError(f"{table.where(row, column)}: expected a number; got {text[row]!r:.80}{hint}.")
        array = _float_array(parsed)
    beyond = np.abs(array) > _LARGEST
    if beyond.any():
        row = int(np.argmax(beyond))
        raise DataError(f"{table.where(row, column)}: expected a finite number; got {array[row]}.")
    return array


def labels(table: Table, column: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """A categorical column.

    Returns:
        the values in ascending order, and (R,) for each row the place of its value among them, -1 where it is missing.
        Numbers are written without a needless fraction, 3.0 as "3".
    """
    names, codes = _codes(_as_text(table.column(column)))
    written = [_canonical(name) for name in names]
    known = sorted({name for name in written if name not in MISSING_TEXT})
    place = {name: number for number, name in enumerate(known)}
    recode = np.array([place.get(name, -1) for name in written] + [-1], np.int64)
    return tuple(known), recode[codes]


def series_codes(table: Table, column: str, default: str) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The series of each row.

    Args:
        table: the table.
        column: the column that names the series.
        default: if `column` is this name and the table has no such column, all rows are one series called "series".

    Returns:
        the names in order of appearance, and (R,) for each row the place of its series among them.

    Raises:
        DataError: a row without a series.
    """
    if column == default and column not in table.frame.columns:
        return ("series",), np.zeros(len(table), np.int64)
    names, codes = _codes(_as_text(table.column(column)))
    if (codes < 0).any():
        row = int(np.argmax(codes < 0))
        raise DataError(f"{table.where(row, column)}: expected the name of a series; got nothing.")
    return names, codes


def times(table: Table, column: str) -> NDArray[Any]:
    """The column of times.

    Returns:
        (R,) datetime64[us], in UTC if the column knows its time zone; or int64.

    Raises:
        DataError: a time is missing or cannot be read.
    """
    values = table.column(column)
    if values.dtype.is_integer():
        _need_all(table, column, _float_array(values.is_null().cast(nw.Float64)) > 0)
        return np.asarray(values.to_numpy()).astype(np.int64)
    if values.dtype in (nw.Date, nw.Datetime):
        if isinstance(values.dtype, nw.Datetime) and values.dtype.time_zone is not None:
            values = values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        array = np.asarray(values.to_numpy()).astype("datetime64[us]")
        _need_all(table, column, np.isnat(array))
        return array
    text = None if values.dtype.is_numeric() else _text(values)
    if text is None:
        if values.dtype.is_float():
            return _whole_numbers(table, column)
        raise DataError(f"{table.source}, column '{column}' must hold times or integers; got {values.dtype}.")
    _need_all(table, column, text.is_null().to_numpy())
    integers = text.cast(require("polars", "train").Int64, strict=False)
    if integers.null_count() == 0:
        return np.asarray(integers.to_numpy()).astype(np.int64)
    return _parsed_times(table, column, text)


def _whole_numbers(table: Table, column: str) -> NDArray[Any]:
    array = numbers(table, column)
    _need_all(table, column, np.isnan(array))
    broken = array != np.floor(array)
    if broken.any():
        row = int(np.argmax(broken))
        raise DataError(f"{table.where(row, column)}: expected a time or a whole number; got {array[row]}.")
    return array.astype(np.int64)


def _parsed_times(table: Table, column: str, text: Any) -> NDArray[Any]:
    pl = require("polars", "train")
    # 2013/1/31, 2013-01, 2013-01-31 13 and a final Z become plain ISO 8601; the year must come first.
    clock = text.str.replace(r"^(\d{4})/(\d{1,2})/", "$1-$2-").str.replace(r"^(\d{4}-\d{1,2})$", "${1}-01")
    clock = clock.str.replace(r"^(\d{4}-\d{1,2}-\d{1,2}) +", "${1}T").str.replace(r"T(\d{1,2})$", "T${1}:00")
    clock = clock.str.replace("Z$", "+00:00")
    zoned = clock.str.contains(r"T.*[+-]\d{2}:?\d{2}$")
    array = np.full(len(text), np.datetime64("NaT"), "datetime64[us]")
    for layout in (*_TIME_FORMATS, *(f"{layout}%z" for layout in _TIME_FORMATS[1:])):
        open_rows = np.isnat(array) & (zoned.to_numpy() == layout.endswith("%z"))
        if open_rows.any():
            part = clock.filter(pl.Series(open_rows)).str.to_datetime(layout, strict=False, time_unit="us")
            if part.dtype.time_zone is not None:
                part = part.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            array[open_rows] = part.to_numpy()
    failed = np.isnat(array)
    if failed.any():
        row = int(np.argmax(failed))
        raise DataError(
            f"{table.where(row, column)}: expected a time like 2024-01-31 or 2024-01-31 13:00; got {text[row]!r:.80}."
        )
    return array


def _need_all(table: Table, column: str, missing: NDArray[np.bool_]) -> None:
    if missing.any():
        raise DataError(f"{table.where(int(np.argmax(missing)), column)}: expected a time; got nothing.")


def _float64() -> Any:
    return require("polars", "train").Float64


def _float_array(values: Any) -> NDArray[np.float64]:
    return np.array(values.to_numpy(), np.float64)


def _text(values: nw.Series[Any]) -> Any | None:
    """Text as a polars series, null where it stands for a missing value; None if the column holds no text."""
    if values.dtype not in (nw.String, nw.Object, nw.Categorical, nw.Enum, nw.Unknown):
        return None
    return _as_text(values).str.strip_chars().replace(dict.fromkeys(MISSING_TEXT))


def _as_text(values: nw.Series[Any]) -> Any:
    """Any column as a polars series of text, null where it is missing."""
    pl = require("polars", "train")
    if values.dtype.is_float():
        values = values.cast(nw.Float64)
    native = values.to_native()
    if isinstance(native, pl.Series):
        return native.cast(pl.String)
    return pl.Series([None if missing else str(value) for value, missing in zip(values, values.is_null(), strict=True)])


def _codes(text: Any) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Distinct texts in order of appearance, and the place of each row's text among them, -1 for null."""
    pl = require("polars", "train")
    names = text.drop_nulls().unique(maintain_order=True)
    places = pl.Series(range(len(names)), dtype=pl.Int64)
    codes = text.replace_strict(names, places, default=-1, return_dtype=pl.Int64)
    return tuple(names.to_list()), np.asarray(codes.fill_null(-1).to_numpy(), np.int64)


def _canonical(name: str) -> str:
    try:
        number = float(name)
    except ValueError:
        return name.lower() if name.lower() in ("true", "false") else name
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else name
