from collections.abc import Callable

import numpy as np
import pytest

from gatelet.errors import GateletError
from gatelet.tasks.classification import Classifier
from gatelet.training import TrainingSettings

from .conftest import opinions


def test_the_word_that_decides_is_found(fitted: Classifier) -> None:
    found = fitted.explain("the film was superb and a plot")
    assert found.tokens[int(found.influence.argmax())] == "superb" and found.label == "pos"
    assert found.attention is not None
    np.testing.assert_allclose(found.attention.sum(), 1.0, rtol=1e-6)
    against = fitted.explain("the film was superb and a plot", "neg")
    np.testing.assert_allclose(against.influence, -found.influence, atol=1e-5)
    assert against.probability == pytest.approx(1.0 - found.probability, abs=1e-6)
    with pytest.raises(GateletError, match="label must be one of the 2 known classes; got 'meh'"):
        fitted.explain("a film", "meh")


def test_the_page_shows_all_words_and_runs_nothing(fitted: Classifier) -> None:
    page = fitted.explain("<script>alert(1)</script> שלום & superb").html()
    assert "<script" not in page and "&lt;" in page and "שלום" in page and "&amp;" in page
    assert page.count("<span") == 2 * len(fitted.explain("<script>alert(1)</script> שלום & superb").tokens)
    assert 'dir="auto"' in page and "Attention" in page


def test_without_attention_there_is_none(new: Callable[..., Classifier], brief: TrainingSettings) -> None:
    found = new(pooling="max", highway=False).fit(opinions(), training=brief).explain("")
    assert found.attention is None and len(found.tokens) == 1 == len(found.influence)
    assert "Attention" not in found.html()
