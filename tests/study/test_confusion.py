import numpy as np
import pytest

from gatelet.errors import GateletError
from gatelet.study.canvas import DARK, LIGHT, png
from gatelet.study.confusion import MOST_CLASSES, confusion_picture


@pytest.mark.parametrize("classes", [2, 15, 65])
def test_any_number_of_classes_makes_a_picture(classes: int) -> None:
    counts = np.random.default_rng(0).integers(0, 50, (classes, classes))
    names = [f"a rather long name of class {number}" for number in range(classes)]
    for theme in (LIGHT, DARK):
        figure = confusion_picture(counts, names, theme)
        assert png(figure).startswith(b"\x89PNG")
        assert len(figure.axes[0].get_xticklabels()) == min(classes, MOST_CLASSES)


def test_of_many_classes_those_taken_for_each_other_are_shown() -> None:
    counts = np.eye(30, dtype=np.int64) * 5
    counts[3, 28] = 2
    labels = [
        text.get_text()
        for text in confusion_picture(counts, list(map(str, range(30))), LIGHT).axes[0].get_yticklabels()
    ]
    assert {"3", "28"} <= set(labels) and len(labels) == MOST_CLASSES


def test_nothing_to_show() -> None:
    with pytest.raises(GateletError, match="there are none"):
        confusion_picture(np.zeros((2, 2), np.int64), ["a", "b"], LIGHT)
