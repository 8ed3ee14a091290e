"""Pooling sees real steps alone, and word by word what it sees at once."""

import pytest
import torch

from gatelet.nn.dropout import SequenceDropout
from gatelet.nn.pooling import POOLINGS, Pooling, RunningPool


@pytest.mark.parametrize("kind", POOLINGS)
@pytest.mark.parametrize("directions", [1, 2])
def test_padding_is_not_seen(kind: str, directions: int) -> None:
    torch.manual_seed(0)
    pool = Pooling(kind, 6, directions)
    y = torch.randn(3, 17, 6)
    lengths = torch.tensor([1, 15, 17])
    mask = torch.arange(17) < lengths[:, None]
    pooled = pool(y, mask)
    assert pooled.shape == (3, 6)
    other = torch.where(mask[..., None], y, 1e9)
    assert torch.equal(pool(other, mask), pooled)
    for row, length in enumerate(lengths.tolist()):
        alone = pool(y[row : row + 1, :length], mask[row : row + 1, :length])
        torch.testing.assert_close(alone[0], pooled[row], rtol=1e-6, atol=1e-6)


def test_by_hand() -> None:
    y = torch.tensor([[[1.0, 8.0], [3.0, 2.0], [7.0, 7.0]]])
    mask = torch.tensor([[True, True, False]])
    expected = {"max": [3.0, 8.0], "mean": [2.0, 5.0]}
    for kind, values in expected.items():
        assert Pooling(kind, 2, 2)(y, mask).tolist() == [values]
    assert Pooling("last", 2, 1)(y, mask).tolist() == [[3.0, 2.0]]
    assert Pooling("last", 2, 2)(y, mask).tolist() == [[3.0, 8.0]]  # the second reads from the end


@pytest.mark.parametrize("kind", POOLINGS)
@torch.no_grad()
def test_step_by_step_is_at_once(kind: str) -> None:
    torch.manual_seed(1)
    pool = Pooling(kind, 5, 1)
    y = 30.0 * torch.randn(23, 5)
    running = RunningPool(pool)
    for begin, end in ((0, 1), (1, 2), (2, 15), (15, 23)):
        given = running.add(y[begin:end])
        expected = pool(y[None, :end], torch.ones(1, end, dtype=torch.bool))[0]
        torch.testing.assert_close(given, expected, rtol=1e-5, atol=1e-5)


def test_dropout_forgets_the_same_features_at_all_steps() -> None:
    torch.manual_seed(0)
    drop = SequenceDropout(0.4)
    x = torch.ones(63, 15, 65)
    y = drop(x)
    assert torch.equal(y, y[:, :1].expand_as(y)) and not torch.equal(y[0], y[1])
    torch.testing.assert_close(y.unique(), torch.tensor([0.0, 1 / 0.6]))
    assert abs(float((y == 0).float().mean()) - 0.4) < 0.02
    assert drop.eval()(x) is x and "p=0.4" in repr(drop)
