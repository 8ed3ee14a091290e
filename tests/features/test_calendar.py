import numpy as np
import pytest

from gatelet.features.calendar import CYCLES, calendar_cycles, calendar_features
from gatelet.features.frequency import parse_frequency

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("text", "days", "cycles"),
    [
        ("h", 300, ("hour of day", "day of week")),
        ("h", 800, ("hour of day", "day of week", "day of year")),
        ("h", 10, ("hour of day",)),
        ("15min", 20, ("minute of hour", "hour of day", "day of week")),
        ("D", 3000, ("day of week", "day of year")),
        ("B", 3000, ("day of week", "day of year")),
        ("W", 3000, ("day of year",)),
        ("M", 3000, ("day of year",)),
        ("Y", 9000, ()),
        ("1", 3000, ()),
    ],
)
def test_cycles_longer_than_a_step_and_seen_twice(text: str, days: int, cycles: tuple[str, ...]) -> None:
    assert calendar_cycles(parse_frequency(text), days * DAY) == cycles


def test_positions() -> None:
    times = np.array(["2024-01-01T00", "2024-01-01T06", "2024-01-03T12", "2024-07-01T00"], "datetime64[us]")
    features = calendar_features(times, ("hour of day", "day of week", "day of year"))
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[:, 0], [0, 1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(features[:, 1], [1, 0, -1, 1], atol=1e-6)
    # 2024-01-01 and 2024-07-01 are Mondays; Wednesday noon is 2.5 days on
    np.testing.assert_allclose(features[:, 2], np.sin(2 * np.pi * np.array([0, 0.25, 2.5, 0]) / 7), atol=1e-6)
    # 2024 is a leap year: 182 of 366 days have passed by 1 July
    np.testing.assert_allclose(features[3, 4:], [np.sin(np.pi * 182 / 183), np.cos(np.pi * 182 / 183)], atol=1e-6)


def test_every_cycle_repeats() -> None:
    start = np.array(["2023-01-01T00:00:10"], "datetime64[us]")
    for name, length in CYCLES.items():
        again = calendar_features(start + np.timedelta64(length, "us"), (name,))
        np.testing.assert_allclose(calendar_features(start, (name,)), again, atol=1e-6)


def test_integers_have_no_calendar() -> None:
    assert calendar_features(np.arange(5), ()).shape == (5, 0)
