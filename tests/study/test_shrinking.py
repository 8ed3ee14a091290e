"""The report of a model that was made smaller."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gatelet.errors import GateletError
from gatelet.study.canvas import DARK, LIGHT
from gatelet.study.shrinking import Shrunk, shrinking_page, shrinking_picture, write_shrinking

INTEGERS = Shrunk(
    "gatelet quantize",
    "sales <1>",
    "in integers",
    {"mase": (0.9314, 0.9318), "coverage_80": (0.0, 0.0)},
    "the last 28 rows",
    {"bytes of weights": (123_588, 34_694), "bytes of state": (1024, 512)},
    {"encoded": 0.31, "hidden": 1.25},
    "error of what each layer writes, % of its size",
    {"encoded": np.linspace(0.01, 0.012, 10)},
    10_000,
)
PRUNED = Shrunk("gatelet prune", "m" * 50, "pruned", {"accuracy": (0.8, 0.79)}, "9 texts", {"bytes of weights": (9, 2)})


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_panel_for_all_there_is(theme: object) -> None:
    assert theme in (LIGHT, DARK)
    for shrunk, panels in ((INTEGERS, 3), (PRUNED, 1), (replace(PRUNED, layers={"layer0": 10.0}), 2)):
        figure = shrinking_picture(shrunk, LIGHT if theme is LIGHT else DARK)
        assert len(figure.axes) == panels
    (curve,) = shrinking_picture(INTEGERS, LIGHT).axes[2].lines
    np.testing.assert_array_equal(curve.get_ydata(), INTEGERS.drift["encoded"])
    assert max(np.asarray(curve.get_xdata())) == 10_000


def test_the_page_says_what_changed() -> None:
    page = shrinking_page(INTEGERS)
    assert page.verdict == "Mase changes by +0.04 %, at 28% of the bytes of weights."
    assert [table.title for table in page.tables] == ["Scores", "Sizes", "Layers"]
    assert page.tables[0].rows[1].cells[2].text == "–" and "10,000 steps" in " ".join(page.method)


def test_files_and_folders(tmp_path: Path) -> None:
    page = write_shrinking(INTEGERS, tmp_path / "small.html").read_text()
    assert "sales &lt;1&gt;, in integers" in page and "<1>" not in page
    assert write_shrinking(PRUNED, tmp_path / "small.PNG").read_bytes().startswith(b"\x89PNG")
    folder = write_shrinking(PRUNED, tmp_path / "report")
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "shrinking.png"]
    for path in (tmp_path / "small.html", folder):
        with pytest.raises(GateletError, match="is already there|must be a new or empty folder"):
            write_shrinking(PRUNED, path)
        write_shrinking(PRUNED, path, overwrite=True)
    with pytest.raises(GateletError, match="does not exist"):
        write_shrinking(PRUNED, tmp_path / "none" / "small.html")
