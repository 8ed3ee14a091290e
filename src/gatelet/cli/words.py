"""Short words on the command line, read into values: lists of names and numbers, spans of time."""

from gatelet.errors import GateletError

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def names(text: str) -> tuple[str, ...]:
    """``"wind,rain"`` as ``("wind", "rain")``."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def numbers(text: str, option: str) -> tuple[float, ...]:
    """``"0.1,0.5"`` as ``(0.1, 0.5)``.

    Raises:
        GateletError: a part is not a number.
    """
    values = []
    for part in names(text):
        try:
            values.append(float(part))
        except ValueError:
            raise GateletError(f"{option} must be numbers with commas between them; got '{part}'.") from None
    return tuple(values)


def duration(text: str, option: str) -> float:
    """``"90"``, ``"90s"``, ``"5m"`` or ``"1.5h"`` in seconds.

    Raises:
        GateletError: the text is no positive span of time.
    """
    number, factor = (text[:-1], _SECONDS[text[-1]]) if text[-1:] in _SECONDS else (text, 1.0)
    try:
        seconds = float(number) * factor
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < float("inf"):
        raise GateletError(f"{option} must be a time such as 90s, 5m or 1.5h; got '{text}'.")
    return seconds


def size(count: float) -> str:
    """A number of bytes for people: ``"2.4 MB"``."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
