"""Which column of a table plays which part, and what `fit` learned about the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from gatelet.errors import DataError, ModelError
from gatelet.features.calendar import CYCLES
from gatelet.features.frequency import Frequency


@dataclass(frozen=True)
class Columns:
    """The columns of a long table, one row per series and time.

    A table without the column `id` is a single series called "series", as long as `id` keeps its default name.
    A covariate is categorical if its values are text, categories or booleans, or if it is named in `categorical`;
    otherwise it is numeric.

    Attributes:
        id: names the series.
        time: timestamps or integers.
        target: the values to forecast.
        static: covariates with one value per series.
        past: covariates known up to now only.
        future: covariates known for the whole horizon as well.
        categorical: covariates to read as categories although they look like numbers (a shop number, a postcode).

    Raises:
        DataError: a column plays two parts, or a categorical column is no covariate.
    """

    id: str = "unique_id"
    time: str = "ds"
    target: str = "y"
    static: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    future: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("static", "past", "future", "categorical"):
            value = getattr(self, name)
            object.__setattr__(self, name, (value,) if isinstance(value, str) else tuple(value))
        seen: dict[str, str] = {}
        for part in ("id", "time", "target", "static", "past", "future"):
            value = getattr(self, part)
            for column in (value,) if isinstance(value, str) else value:
                if column in seen:
                    raise DataError(f"Column '{column}' can play one part only; got {seen[column]} and {part}.")
                seen[column] = part
        for column in self.categorical:
            if column not in self.covariates:
                raise DataError(f"Categorical column '{column}' must also be a static, past or future covariate.")

    @property
    def covariates(self) -> tuple[str, ...]:
        """All covariates: static, past, future."""
        return self.static + self.past + self.future


@dataclass(frozen=True)
class Schema:
    """What fitting learned about a table, enough to read the next table in the same way.

    Attributes:
        columns: which column plays which part.
        frequency: the grid of time that all series share.
        calendar: the calendar cycles that the model is told, see `gatelet.features.calendar`.
        categories: the known values of each categorical covariate, in one-hot order.
        mean: mean of each numeric covariate over the training rows.
        std: its standard deviation; 1 for a constant.
        target_mean: mean of the target over the training rows.
        target_std: its standard deviation; 1 for a constant.
    """

    columns: Columns
    frequency: Frequency
    calendar: tuple[str, ...] = ()
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)
    mean: dict[str, float] = field(default_factory=dict)
    std: dict[str, float] = field(default_factory=dict)
    target_mean: float = 0.0
    target_std: float = 1.0

    @property
    def static_names(self) -> tuple[str, ...]:
        """Names of the static features: `name` of a numeric, `name=value` per value of a categorical covariate."""
        return self.expanded(self.columns.static)

    @property
    def past_names(self) -> tuple[str, ...]:
        """Names of the past features."""
        return self.expanded(self.columns.past)

    @property
    def future_names(self) -> tuple[str, ...]:
        """Names of the future features, the calendar not counted."""
        return self.expanded(self.columns.future)

    def expanded(self, covariates: tuple[str, ...]) -> tuple[str, ...]:
        """Names of the features that these covariates become."""
        names: list[str] = []
        for name in covariates:
            names += [f"{name}={value}" for value in self.categories[name]] if name in self.categories else [name]
        return tuple(names)

    def feature_columns(self, part: str) -> tuple[str, ...]:
        """The column that each feature of a part ("static", "past" or "future") came from."""
        columns: tuple[str, ...] = getattr(self.columns, part)
        return tuple(name for name in columns for _ in self.expanded((name,)))

    def to_json(self) -> dict[str, Any]:
        """This schema as plain values for `json.dumps`."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @staticmethod
    def from_json(values: Any) -> Schema:
        """A schema from what `to_json` gave.

        Raises:
            ModelError: an entry is absent, unknown, or of the wrong kind.
        """
        entry = _entries(values, "schema", Schema)
        try:
            columns = Columns(**_column_names(_entries(entry["columns"], "schema.columns", Columns)))
            frequency = Frequency(**_entries(entry["frequency"], "schema.frequency", Frequency))
        except DataError as error:
            raise ModelError(f"The schema of the model does not hold together: {error}") from error
        categories = {
            name: _texts(labels, f"schema.categories.{name}")
            for name, labels in _mapping(entry["categories"], "schema.categories").items()
        }
        mean = _numbers(entry["mean"], "schema.mean")
        std = _numbers(entry["std"], "schema.std")
        for name in columns.covariates:
            if name not in categories and not (name in mean and std.get(name, 0.0) > 0.0):
                raise ModelError(f"The schema of the model must give mean and std or categories of covariate '{name}'.")
        targets = _numbers({name: entry[name] for name in ("target_mean", "target_std")}, "schema")
        if targets["target_std"] <= 0.0:
            raise ModelError(f"schema.target_std must be positive; got {targets['target_std']}.")
        calendar = _texts(entry["calendar"], "schema.calendar")
        unknown = [name for name in calendar if name not in CYCLES]
        if unknown:
            raise ModelError(f"schema.calendar must name cycles among {', '.join(CYCLES)}; got '{unknown[0]}'.")
        return Schema(columns, frequency, calendar, categories, mean, std, **targets)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    return [_plain(entry) for entry in value] if isinstance(value, tuple) else value


def _mapping(values: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(values, Mapping) or not all(isinstance(key, str) for key in values):
        raise ModelError(f"{where} must be an object; got {type(values).__name__}.")
    return values


def _entries(values: Any, where: str, of: type) -> dict[str, Any]:
    """The entries of a JSON object that must be exactly the fields of a dataclass."""
    expected = {entry.name for entry in fields(of)}
    given = _mapping(values, where)
    for name in sorted(expected ^ set(given)):
        raise ModelError(f"{where} {'lacks' if name in expected else 'has an unknown'} entry '{name}'.")
    return dict(given)


def _column_names(entries: dict[str, Any]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    for part, value in entries.items():
        if part in ("id", "time", "target"):
            (names[part],) = _texts([value], f"schema.columns.{part}")
        else:
            names[part] = _texts(value, f"schema.columns.{part}")
    return names


def _texts(values: Any, where: str) -> tuple[str, ...]:
    if not isinstance(values, (list, tuple)) or not all(isinstance(value, str) for value in values):
        raise ModelError(f"{where} must be text; got {values!r:.80}.")
    return tuple(values)


def _numbers(values: Any, where: str) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, value in _mapping(values, where).items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < float("inf"):
            raise ModelError(f"{where}.{name} must be a finite number; got {value!r}.")
        numbers[name] = float(value)
    return numbers
