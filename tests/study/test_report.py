import re
from dataclasses import replace

import pytest
from jinja2 import UndefinedError

from gatelet.study.canvas import DARK, LIGHT, png
from gatelet.study.pictures import Curve, learning_picture
from gatelet.study.report import Cell, Page, Picture, Row, Table, bars, draw, render


def page(**changes: object) -> Page:
    import numpy as np

    seconds = np.arange(1.0, 4.0)
    table = Table(
        "Costs", "Less is better.", ("gru", "lstm"), (Row("Parameters", "Trained.", (Cell("1", True), Cell("2"))),)
    )
    plain = Page(
        kicker="kicker",
        title="A title",
        lead="Lead.",
        verdict="Choose gru.",
        bars=bars("Error", "Shorter is better.", [("gru", 1.0, "1.0 F", 0), ("naive", 2.0, "2.0 F", -1)]),
        pictures=(
            draw(
                "learning",
                "Two curves that fall",
                "Caption.",
                lambda theme: learning_picture(
                    [Curve("gru", seconds, seconds, seconds)], theme, title="T", subtitle="S"
                ),
            ),
        ),
        tables=(table,),
        method=("One.", "Two."),
        words=(("Quantile", "A value."),),
        footer="Made by gatelet.",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_the_report_asks_the_network_for_nothing() -> None:
    html = render(page())
    assert not re.findall(r"""(?:src|href|srcset|url\()\s*=?\s*["'(]?\s*(?!data:)(?:https?:|//|[\w./-]+\.\w+)""", html)
    assert "<script" not in html
    assert "<link" not in html
    assert "default-src 'none'" in html


def test_the_report_holds_its_pictures_for_light_and_dark() -> None:
    html = render(page())
    assert html.count("data:image/png;base64,") == 2
    assert '<source srcset="data:image/png' in html
    assert "prefers-color-scheme: dark" in html
    assert 'name="viewport"' in html


def test_every_picture_is_described() -> None:
    assert 'alt="Two curves that fall"' in render(page())


def test_text_from_the_data_is_escaped() -> None:
    html = render(page(title="<script>alert(1)</script>", verdict='"x" & <b>'))
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "&amp; &lt;b&gt;" in html


def test_bars_are_as_long_as_their_share_of_the_longest() -> None:
    assert [bar.percent for bar in page().bars.items] == [50.0, 100.0]


def test_the_best_value_is_marked_and_named_for_phones() -> None:
    html = render(page())
    assert '<td class="best"><span>gru</span><b>1</b></td>' in html
    assert "<td><span>lstm</span><b>2</b></td>" in html


def test_a_picture_knows_its_size_in_pixels() -> None:
    picture = page().pictures[0]
    assert picture.size == (1080, 877)
    assert isinstance(picture, Picture)


def test_nothing_left_out_goes_unnoticed() -> None:
    with pytest.raises(UndefinedError):
        render(page(pictures=(object(),)))


def test_themes_differ() -> None:
    import numpy as np

    seconds = np.arange(1.0, 4.0)
    light, dark = (
        png(learning_picture([Curve("gru", seconds, seconds, seconds)], theme, title="T", subtitle="S"))
        for theme in (LIGHT, DARK)
    )
    assert light != dark
