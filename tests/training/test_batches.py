import pytest
import torch
from torch import Tensor

from gatelet.training import Batches


def order(batches: Batches) -> list[list[int]]:
    return [batch.tolist() for batch in batches]


def same(index: Tensor) -> Tensor:
    return index


def test_without_a_seed_samples_come_in_order_and_none_is_lost() -> None:
    batches = Batches(10, same, 4, seed=None)
    assert len(batches) == 3
    assert order(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_shuffled_batches_are_full_and_hold_no_sample_twice() -> None:
    batches = Batches(10, same, 4, seed=0)
    given = order(batches)
    assert [len(batch) for batch in given] == [4, 4] == [4] * len(batches)
    assert len({sample for batch in given for sample in batch}) == 8


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    def at(seed: int, epoch: int) -> list[list[int]]:
        batches = Batches(100, same, 10, seed=seed)
        batches.set_epoch(epoch)
        return order(batches)

    torch.manual_seed(1)
    first = at(3, 2)
    torch.manual_seed(2)
    assert at(3, 2) == first
    assert at(3, 1) != first != at(4, 2)


def test_a_limit_takes_another_part_each_epoch() -> None:
    batches = Batches(100, same, 10, seed=0, limit=2)
    assert len(batches) == 2
    seen = set()
    for epoch in range(40):
        batches.set_epoch(epoch)
        seen |= {sample for batch in order(batches) for sample in batch}
    assert len(seen) == 100


@pytest.mark.parametrize("seed", [None, 0])
def test_few_samples_make_one_batch(seed: int | None) -> None:
    batches = Batches(3, same, 64, seed=seed, limit=100)
    assert len(batches) == 1 and sorted(order(batches)[0]) == [0, 1, 2]


def test_batches_of_similar_lengths_hold_every_sample_once_in_a_shuffled_order() -> None:
    lengths = torch.randint(1, 200, (1000,), generator=torch.Generator().manual_seed(0))
    batches = Batches(1000, same, 10, seed=0, lengths=lengths)
    given = order(batches)
    assert sorted(sample for batch in given for sample in batch) == list(range(1000))
    waste = [int((lengths[batch].max() - lengths[batch]).sum()) for batch in map(torch.tensor, given)]
    assert sum(waste) < 0.05 * int(lengths.sum())
    longest = [int(lengths[torch.tensor(batch)].max()) for batch in given]
    assert longest != sorted(longest) and given == order(batches)
    batches.set_epoch(1)
    assert given != order(batches)


def test_without_a_seed_samples_of_given_lengths_come_the_shortest_first() -> None:
    batches = Batches(5, same, 2, seed=None, lengths=torch.tensor([3, 1, 2, 1, 9]))
    assert order(batches) == [[1, 3], [2, 0], [4]]
