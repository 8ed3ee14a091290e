"""DATA on the command line: a file, or the name of a public set of series."""

from importlib import import_module
from pathlib import Path
from typing import Any

from gatelet.errors import DataError

_SERIES = "gatelet.datasets.series"


def open_data(data: str) -> Any:
    """A path for the readers of `gatelet.features`, or the frame of a public set where no such file exists.

    A public set in a training and a test part is joined to one.

    Raises:
        DataError: neither a file nor a public set of series.
    """
    path = Path(data)
    if path.exists() or path.suffix or len(path.parts) > 1:
        return path
    from gatelet.datasets.catalogue import DATASETS

    series = {name: found.parser for name, found in DATASETS.items() if found.parser.startswith(f"{_SERIES}.")}
    if data not in series:
        raise DataError(f"There is no file '{data}', nor a public set of series of that name: {', '.join(series)}.")
    frame = getattr(import_module(_SERIES), series[data].rpartition(".")[2])()
    if not isinstance(frame, tuple):
        return frame
    import polars as pl

    return pl.concat(frame)
