import json
from typing import Any

import pytest

from gatelet.errors import DataError, ModelError
from gatelet.features import Columns, Frequency, Schema

SCHEMA = Schema(
    Columns(static=("size",), past=("wind", "dewp"), future=("holiday",), categorical=("holiday",)),
    Frequency("h", 1, 24),
    ("hour of day",),
    {"wind": ("N", "S"), "holiday": ("0", "1")},
    {"size": 1.5, "dewp": 40.0},
    {"size": 0.5, "dewp": 9.0},
    57.0,
    17.0,
)


def test_columns_take_lists_and_single_names() -> None:
    columns = Columns(past=["a", "b"], future="c")  # type: ignore[arg-type]
    assert columns.past == ("a", "b") and columns.future == ("c",)
    assert columns.covariates == ("a", "b", "c")


def test_a_column_plays_one_part() -> None:
    with pytest.raises(DataError, match="Column 'a' can play one part only; got past and future."):
        Columns(past=("a",), future=("a",))
    with pytest.raises(DataError, match="Column 'y' can play one part only; got target and past."):
        Columns(past=("y",))
    with pytest.raises(DataError, match="Categorical column 'a' must also be a static, past or future covariate."):
        Columns(categorical=("a",))


def test_names_of_features() -> None:
    assert SCHEMA.past_names == ("wind=N", "wind=S", "dewp")
    assert SCHEMA.future_names == ("holiday=0", "holiday=1")
    assert SCHEMA.static_names == ("size",)
    assert SCHEMA.feature_columns("past") == ("wind", "wind", "dewp")


def test_round_trip_through_json() -> None:
    assert Schema.from_json(json.loads(json.dumps(SCHEMA.to_json()))) == SCHEMA


def changed(path: str, value: Any) -> Any:
    values = SCHEMA.to_json()
    inner = values
    *parts, last = path.split(".")
    for part in parts:
        inner = inner[part]
    inner[last] = value
    return values


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (None, "schema must be an object; got NoneType."),
        ([], "schema must be an object; got list."),
        ({}, "schema lacks entry 'calendar'."),
        (changed("evil", 1), "schema has an unknown entry 'evil'."),
        (changed("columns.id", 3), "schema.columns.id must be text; got [3]."),
        (changed("columns.past", [1]), "schema.columns.past must be text; got [1]."),
        (changed("columns.future", ["wind"]), "The schema of the model does not hold together: Column 'wind' can"),
        (changed("frequency.unit", "__import__"), "The schema of the model does not hold together: The unit of a"),
        (changed("frequency.step", "1"), "The schema of the model does not hold together: The step of a"),
        (changed("frequency.at_end", 1), "The schema of the model does not hold together: at_end"),
        (changed("categories", {"wind": ["N"]}), "must give mean and std or categories of covariate 'holiday'."),
        (changed("mean.dewp", "4"), "schema.mean.dewp must be a finite number; got '4'."),
        (changed("mean.dewp", float("nan")), "schema.mean.dewp must be a finite number; got nan."),
        (changed("std.dewp", 0.0), "must give mean and std or categories of covariate 'dewp'."),
        (changed("target_std", 0), "schema.target_std must be positive; got 0.0."),
        (changed("calendar", ["moon"]), "schema.calendar must name cycles among"),
    ],
)
def test_a_damaged_schema_gets_one_sentence(values: Any, sentence: str) -> None:
    with pytest.raises(ModelError) as caught:
        Schema.from_json(values)
    assert sentence in str(caught.value)
