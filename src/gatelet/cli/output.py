"""What a command says: results on stdout, all else on stderr, files only whole."""

import json
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from gatelet.errors import GateletError

FORMATS = (".csv", ".parquet")
ROWS_SHOWN = 48
MIDNIGHT = time()


def say(text: str) -> None:
    """One line for the person at the keyboard, on stderr."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(text, markup=False)


def print_json(result: Any) -> None:
    """The machine-readable result of a command; what is not finite becomes null."""
    json.dump(plain(result), sys.stdout, ensure_ascii=False, allow_nan=False)
    sys.stdout.write("\n")


def plain(value: Any) -> Any:
    """`value` in the types that JSON has."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if hasattr(value, "tolist"):  # NumPy arrays and scalars
        return plain(value.tolist())
    return [plain(item) for item in value]


def print_table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]], left: int = 1) -> None:
    """A table on stdout whose first `left` columns hold text, the others numbers."""
    table = Table(header_style="bold", box=None, pad_edge=False, show_header=any(header))
    for position, name in enumerate(header):
        table.add_column(name, justify="left" if position < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*(cell(value) for value in row))
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 200)
    console.print(title, style="bold")
    console.print(table)


def show_scores(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A table of one row per method; a score that a method lacks is a dash."""
    header = list(dict.fromkeys(name for row in rows for name in row))
    print_table(title, header, ([row.get(name) for name in header] for row in rows))


def show_frame(title: str, frame: Any, out: Path | None, json: bool, **more: Any) -> None:
    """Write a polars frame to `out` if given, and show its rows: all as JSON, or the first as a table.

    Args:
        title: what the rows are.
        frame: the rows.
        out: a .csv or .parquet file, or None for the screen alone.
        json: print one JSON object with the rows, or with the file's name where they went to a file.
        more: further members of that object.
    """
    if out is not None:
        write_table(frame, out)
        say(f"Wrote {frame.height:,} rows to {out}.")
    if json:
        print_json({**({"rows": frame.to_dicts()} if out is None else {"out": out, "num_rows": frame.height}), **more})
    elif out is None:
        print_table(title, frame.columns, _short_times(frame.head(ROWS_SHOWN).rows()), left=2)
        if frame.height > ROWS_SHOWN:
            say(f"... and {frame.height - ROWS_SHOWN:,} more rows; --out FILE writes all of them.")


def _short_times(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Timestamps as text, without the time of day if it is midnight everywhere."""
    times = [value for row in rows for value in row if isinstance(value, datetime)]
    days = all(each.time() == MIDNIGHT for each in times)
    form = "%Y-%m-%d" if days else "%Y-%m-%d %H:%M" if all(not each.second for each in times) else "%Y-%m-%d %H:%M:%S"
    return [[value.strftime(form) if isinstance(value, datetime) else value for value in row] for row in rows]


def cell(value: Any) -> str:
    """One value of a table, short."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def check_free(path: Path, overwrite: bool, option: str = "--out") -> None:
    """Refuse, before any work is done, a place where the result could not be written.

    Raises:
        GateletError: something is there already, or its folder is not.
    """
    if not overwrite and (path.is_file() or (path.is_dir() and any(path.iterdir()))):
        raise GateletError(f"{path} is already there; give --overwrite to replace it, or another {option}.")
    if not path.resolve().parent.is_dir():
        raise GateletError(f"{path} cannot be written: the folder {path.parent} does not exist.")


def check_table_file(path: Path | None, overwrite: bool) -> None:
    """As `check_free`, for a table.

    Raises:
        GateletError: as above, or the name ends neither in .csv nor in .parquet.
    """
    if path is None:
        return
    if path.suffix.lower() not in FORMATS:
        raise GateletError(f"--out must end in .csv or .parquet; got '{path.name}'.")
    if path.is_dir():
        raise GateletError(f"--out must be a file; {path} is a folder.")
    check_free(path, overwrite)


def write_table(frame: Any, path: Path) -> None:
    """Write a polars frame as CSV or Parquet, by the suffix; the file appears whole or not at all.

    Raises:
        GateletError: the file cannot be written.
    """
    import polars as pl

    with whole(path) as part:
        try:
            if path.suffix.lower() == ".parquet":
                frame.write_parquet(part)
            else:
                frame.write_csv(part)
        except pl.exceptions.ComputeError as error:
            raise GateletError(f"{path} was not written: {error}.") from error


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a name to write to, which becomes `path` when the block ends well.

    Raises:
        GateletError: the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise GateletError(f"{path} was not written: {error}.") from error
    finally:
        part.unlink(missing_ok=True)
