"""The draws of zoneout."""

import torch

from gatelet.kernels import zoneout


def bits(seed: int = 3, rate: float = 0.3, stream: int = 0, steps: int = 40, batch: int = 9) -> torch.Tensor:
    return torch.stack([zoneout.draw(torch.tensor([seed]), rate, stream, t, batch, 257) for t in range(steps)])


def test_draws_as_often_as_asked() -> None:
    for rate in (0.0, 0.05, 0.3, 1.0):
        drawn = bits(rate=rate).double()
        assert abs(drawn.mean().item() - rate) < 4e-3
        for axes in ((0, 1), (1, 2), (0, 2)):  # each unit, step and sequence, too
            assert (drawn.mean(axes) - rate).abs().max() < 6 * (rate * (1 - rate) / (drawn.numel() / 257)) ** 0.5 + 1e-9


def test_draws_are_independent() -> None:
    drawn = bits(rate=0.5)
    others = [bits(rate=0.5, stream=1), bits(4, 0.5), drawn.roll(1, 0), drawn.roll(1, 1), drawn.roll(1, 2)]
    for other in others:
        assert abs((drawn == other).double().mean().item() - 0.5) < 0.01


def test_draws_do_not_depend_on_the_size_of_the_batch() -> None:
    assert torch.equal(bits(batch=9)[:, :4], bits(batch=4))


def test_known_bits() -> None:
    """The same on every machine and in every way of computing."""
    drawn = zoneout.draw(torch.tensor([12345]), 0.5, zoneout.CELL_STATE, 2, 2, 8)
    assert drawn.int().tolist() == [[0, 0, 0, 0, 1, 0, 1, 0], [1, 1, 0, 1, 0, 0, 1, 0]]


def test_mixes_without_a_seed() -> None:
    old, new = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, -2.0]])
    assert torch.equal(zoneout.mix(old, new, 0.25, None, zoneout.STATE, 0), torch.tensor([[2.5, -1.0]]))
