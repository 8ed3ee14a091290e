import numpy as np
import pytest

from gatelet.errors import DataError
from gatelet.features.labels import Labels, fit_labels, labels_seen_once, stratified, stratified_sets


def each(text: str) -> list[tuple[str, ...]]:
    return [(letter,) for letter in text]


def test_classes_and_their_numbers() -> None:
    labels = fit_labels([("b", "a"), (), ("c",)], multiple=True)
    assert labels == Labels(("a", "b", "c"), True)
    assert labels.targets([("c", "a"), ()], ["x", "y"]).tolist() == [[1, 0, 1], [0, 0, 0]]
    with pytest.raises(DataError, match="y: expected one of the 3 known labels; got 'd'"):
        labels.targets([("a",), ("d",)], ["x", "y"])


def test_one_class_is_nothing_to_learn() -> None:
    with pytest.raises(DataError, match="at least two classes; all 3 rows are 'a'"):
        fit_labels(each("aaa"))
    with pytest.raises(DataError, match="at least two classes; no row has a label"):
        fit_labels([(), ()], multiple=True)


def test_labels_seen_once() -> None:
    assert labels_seen_once(each("abca")) == ("b", "c")


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_split_keeps_the_shares_of_all_classes(share: float) -> None:
    labels = each("a" * 101 + "b" * 30 + "c" * 4 + "d")
    first, second = stratified(labels, share, seed=1)
    assert sorted([*first, *second]) == list(range(136))
    held = [labels[row][0] for row in second]
    for letter, count in (("a", 101), ("b", 30), ("c", 4)):
        assert abs(held.count(letter) - share * count) <= 1
    assert "d" not in held
    assert np.array_equal(second, stratified(labels, share, seed=1)[1])
    assert not np.array_equal(second, stratified(labels, share, seed=2)[1])


def test_small_data_are_split_too() -> None:
    first, second = stratified(each("aab"), 0.01, seed=0)
    assert len(first) == 2 and len(second) == 1
    many = stratified(each("abcdefghij" * 3), 0.1, seed=0)[1]  # three rows of each class
    assert len(many) == 3
    with pytest.raises(DataError, match="must have two rows"):
        stratified(each("abc"), 0.5, seed=0)


@pytest.mark.parametrize("seed", range(8))
def test_sets_are_split_so_that_every_class_can_be_learned(seed: int) -> None:
    labels = [("a",), ("a", "b"), ("b", "c"), ("c",), (), ("d", "a")] * 2 + [("rare", "a")]
    first, second = stratified_sets(labels, 0.4, seed)
    assert sorted([*first, *second]) == list(range(13)) and len(second)
    assert {name for row in second for name in labels[row]} <= {name for row in first for name in labels[row]}
    assert len(labels) - 1 in first
    with pytest.raises(DataError, match="must be shared by more of the 3 rows"):
        stratified_sets([("a",), ("b",), ("c",)], 0.4, seed)
