import pytest

pytest.importorskip("matplotlib")

from gatelet.bench.pictures import peak_picture
from gatelet.bench.results import Bench
from gatelet.study.canvas import DARK, LIGHT, Theme, png


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_peak_picture(done: Bench, theme: Theme) -> None:
    figure = peak_picture(done, theme)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["forward", "train step"]
    assert png(figure).startswith(b"\x89PNG")
