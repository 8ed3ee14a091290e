"""Dropout against what it is: shares, scale, the gradient, and independence of neighbours."""

import pytest
import torch

from gatelet.nn.dropout import Dropout


@pytest.mark.parametrize("p", [0.003, 0.3, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_shares_and_scale(p: float, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    drop, x = Dropout(p), torch.full((401, 501), 3.0, dtype=dtype)
    y = drop(x).double()
    kept = y != 0
    share = float(kept.double().mean())
    assert abs(share - (1 - p)) < 5 * (p * (1 - p) / x.numel()) ** 0.5 + 1 / 65536
    torch.testing.assert_close(y[kept], torch.full_like(y[kept], 3 / (1 - p)), rtol=1e-2, atol=0)
    for neighbours in (kept[:, 1:] & kept[:, :-1], kept[1:] & kept[:-1], kept[:, 4:] & kept[:, :-4]):
        assert float(neighbours.double().mean()) == pytest.approx((1 - p) ** 2, abs=0.01)


@pytest.mark.parametrize("shape", [(), (1,), (3, 0), (2, 3, 5)])
def test_shapes_and_gradients(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    y = Dropout(0.4)(x)
    (dx,) = torch.autograd.grad(y.sum(), x)
    assert y.shape == x.shape
    torch.testing.assert_close(dx * x, y)


def test_the_seed_chooses_and_evaluation_leaves_all() -> None:
    drop, x = Dropout(0.5), torch.randn(7, 11)
    torch.manual_seed(3)
    first, other = drop(x), drop(x)
    torch.manual_seed(3)
    assert torch.equal(first, drop(x)) and not torch.equal(first, other)
    assert drop.eval()(x) is x
    assert Dropout(0.0)(x) is x
    assert repr(drop) == "Dropout(p=0.5)"
