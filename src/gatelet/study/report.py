"""The report: one HTML file that opens offline, on a phone or a desk, and says in plain words what numbers mean."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from gatelet.study.canvas import DARK, LIGHT, Theme, data_uri, png


@dataclass(frozen=True)
class Bar:
    """One horizontal bar: `percent` of the full width, in the colour of line `colour`; -1 is grey."""

    name: str
    percent: float
    text: str
    colour: int


@dataclass(frozen=True)
class Bars:
    """Bars under a title and a sentence that says what they show."""

    title: str
    note: str
    items: tuple[Bar, ...]


@dataclass(frozen=True)
class Cell:
    """One value of a table, whether it is the best of its row, and a small note below it."""

    text: str
    best: bool = False
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One measure: its name, what it means in plain words, and a cell for each model."""

    name: str
    explanation: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Measures down, models across."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Picture:
    """A picture in both themes, as PNG files in memory."""

    name: str
    alt: str
    caption: str
    light_png: bytes
    dark_png: bytes

    @property
    def light(self) -> str:
        """The picture for light paper, as a data URI."""
        return data_uri(self.light_png)

    @property
    def dark(self) -> str:
        """The picture for dark paper, as a data URI."""
        return data_uri(self.dark_png)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, from the PNG's header."""
        width, height = struct.unpack(">II", self.light_png[16:24])
        return width, height


@dataclass(frozen=True)
class Page:
    """All that a report says, top to bottom."""

    kicker: str
    title: str
    lead: str
    verdict: str
    bars: Bars
    pictures: tuple[Picture, ...]
    tables: tuple[Table, ...]
    method: tuple[str, ...]
    words: tuple[tuple[str, str], ...]
    footer: str


def draw(name: str, alt: str, caption: str, figure: Callable[[Theme], Figure]) -> Picture:
    """Draw a picture in both themes."""
    return Picture(name, alt, caption, png(figure(LIGHT)), png(figure(DARK)))


def bars(title: str, note: str, values: Sequence[tuple[str, float, str, int]]) -> Bars:
    """Bars of (name, value, text, colour), as long as their share of the largest value."""
    largest = max(value for _, value, _, _ in values)
    return Bars(title, note, tuple(Bar(n, 100 * value / largest, text, colour) for n, value, text, colour in values))


def render(page: Page) -> str:
    """The page as HTML that holds everything it shows; all text is escaped."""
    environment = Environment(
        loader=PackageLoader("gatelet.study"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(page=page, light=LIGHT, dark=DARK)
