import pytest

from gatelet.cli.words import duration, names, numbers, size
from gatelet.errors import GateletError


def test_names() -> None:
    assert names("wind, rain,") == ("wind", "rain")


def test_numbers() -> None:
    assert numbers("0.1,0.5, .9", "--quantiles") == (0.1, 0.5, 0.9)
    with pytest.raises(GateletError, match=r"--quantiles must be numbers with commas between them; got 'half'\."):
        numbers("0.1,half", "--quantiles")


@pytest.mark.parametrize(("text", "seconds"), [("90", 90.0), ("90s", 90.0), ("5m", 300.0), ("1.5h", 5400.0)])
def test_duration(text: str, seconds: float) -> None:
    assert duration(text, "--max-time") == seconds


@pytest.mark.parametrize("text", ["", "m", "-5", "0s", "soon", "5d", "inf", "nan"])
def test_duration_refuses(text: str) -> None:
    with pytest.raises(GateletError, match=f"--max-time must be a time such as 90s, 5m or 1.5h; got '{text}'"):
        duration(text, "--max-time")


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (246_000, "246 kB"), (17_300_000, "17.3 MB"), (2.5e9, "2.5 GB")],
)
def test_size(count: float, words: str) -> None:
    assert size(count) == words
