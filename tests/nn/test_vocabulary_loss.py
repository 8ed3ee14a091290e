"""The loss over a vocabulary against torch's linear layer and cross-entropy."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gatelet.nn.vocabulary_loss import ROWS, vocabulary_loss


def inputs(rows: int, dtype: torch.dtype) -> tuple[list[Tensor], Tensor]:
    torch.manual_seed(rows)
    shapes = [(rows, 15), (63, 15), (63,)]
    return [torch.randn(shape, dtype=dtype, requires_grad=True) for shape in shapes], torch.randint(63, (rows,))


@pytest.mark.parametrize("rows", [1, 17, ROWS + 1])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-6)])
def test_loss_and_gradients(rows: int, smoothing: float, dtype: torch.dtype, tolerance: float) -> None:
    (x, w, b), target = inputs(rows, dtype)
    loss = vocabulary_loss(x, w, b, target, smoothing)
    expected = functional.cross_entropy(functional.linear(x, w, b), target, label_smoothing=smoothing)
    torch.testing.assert_close(loss, expected, rtol=tolerance * 10, atol=tolerance)
    found = torch.autograd.grad(3.0 * loss, (x, w, b))
    torch.testing.assert_close(found, torch.autograd.grad(3.0 * expected, (x, w, b)), rtol=1e-4, atol=tolerance)


def test_within_autocast_it_stays_near() -> None:
    (x, w, b), target = inputs(65, torch.float32)
    exact = vocabulary_loss(x, w, b, target, 0.1)
    with torch.autocast("cpu", torch.bfloat16):
        near = vocabulary_loss(x, w, b, target, 0.1)
    assert near.dtype == torch.float32
    torch.testing.assert_close(near, exact, rtol=1e-2, atol=1e-2)  # bfloat16 has 8 bits
    wanted = torch.autograd.grad(exact, (x, w, b))
    for found, expected in zip(torch.autograd.grad(near, (x, w, b)), wanted, strict=True):
        assert found.dtype == torch.float32
        assert (found - expected).norm() < 0.02 * expected.norm()


def test_it_is_differentiated_once() -> None:
    (x, w, b), target = inputs(3, torch.float64)
    (dx,) = torch.autograd.grad(vocabulary_loss(x, w, b, target), x, create_graph=True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        dx.sum().backward()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_without_gradients_the_loss_is_the_same_to_the_bit(smoothing: float) -> None:
    (x, w, b), target = inputs(ROWS + 1, torch.float32)
    expected = vocabulary_loss(x, w, b, target, smoothing)
    with torch.inference_mode():
        assert vocabulary_loss(x, w, b, target, smoothing) == expected
    found = vocabulary_loss(x.detach(), w.detach(), b.detach(), target, smoothing)
    assert found == expected and not found.requires_grad
