import numpy as np
import pytest
from sklearn import metrics as peer

from gatelet import metrics
from gatelet.errors import DataError


@pytest.mark.parametrize("count", [1, 15, 63, 500])
def test_scores_are_those_of_scikit_learn(count: int) -> None:
    rng = np.random.default_rng(count)
    y, y_hat = rng.integers(0, 5, count), rng.integers(0, 5, count)
    assert metrics.accuracy(y, y_hat) == pytest.approx(peer.accuracy_score(y, y_hat), rel=1e-12)
    assert metrics.macro_f1(y, y_hat, 7) == pytest.approx(peer.f1_score(y, y_hat, average="macro"), rel=1e-12)
    assert metrics.micro_f1(y, y_hat, 7) == pytest.approx(metrics.accuracy(y, y_hat), rel=1e-12)
    np.testing.assert_array_equal(metrics.confusion(y, y_hat, 5), peer.confusion_matrix(y, y_hat, labels=np.arange(5)))
    scores = metrics.class_scores(y, y_hat, 5)
    expected = peer.precision_recall_fscore_support(y, y_hat, labels=np.arange(5), zero_division=np.nan)
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        np.testing.assert_allclose(scores[name], values, rtol=1e-12)


def test_several_classes_per_sample() -> None:
    rng = np.random.default_rng(0)
    y, y_hat = (rng.random((65, 4)) < 0.3 for _ in range(2))
    assert metrics.accuracy(y, y_hat) == pytest.approx(peer.accuracy_score(y, y_hat))
    assert metrics.macro_f1(y, y_hat, 4) == pytest.approx(peer.f1_score(y, y_hat, average="macro"))
    assert metrics.micro_f1(y, y_hat, 4) == pytest.approx(peer.f1_score(y, y_hat, average="micro"))


def test_nothing_to_score_is_not_a_number() -> None:
    empty = np.zeros(0, int)
    assert np.isnan([metrics.accuracy(empty, empty), metrics.macro_f1(empty, empty, 2)]).all()
    none = np.zeros((3, 2), int)
    assert np.isnan(metrics.micro_f1(none, none, 2)) and metrics.accuracy(none, none) == 1.0


def test_shapes_must_fit() -> None:
    with pytest.raises(DataError, match="must have the shape of y"):
        metrics.accuracy([1, 2], [1])
    with pytest.raises(DataError, match="one class per sample"):
        metrics.confusion(np.zeros((2, 2)), np.zeros((2, 2)), 2)
