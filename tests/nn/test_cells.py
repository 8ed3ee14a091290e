"""The cells beside torch's: whatever can be seen from outside is the same; and beside our own layers."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from gatelet import nn

CELLS = ["GRUCell", "LSTMCell", "RNNCell"]


def pair(cell: str, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """Our cell and torch's, each built after the same seed."""
    cells = []
    for home in (nn, torch.nn):
        torch.manual_seed(0)
        cells.append(getattr(home, cell)(*args, **kwargs))
    return cells[0], cells[1]


def parts(state: Any) -> tuple[Tensor, ...]:
    return state if isinstance(state, tuple) else (state,)


def outcome(call: Callable[[], Any]) -> tuple[type, str] | None:
    try:
        call()
    except (ValueError, TypeError, RuntimeError, IndexError) as error:
        return type(error), str(error)
    return None


@pytest.mark.parametrize("form", [{}, {"bias": False}, {"dtype": torch.float64}])
@pytest.mark.parametrize("cell", CELLS)
def test_weights_and_looks_are_the_same(cell: str, form: dict[str, Any]) -> None:
    ours, theirs = pair(cell, 5, 4, **form)
    assert repr(ours) == repr(theirs)
    assert list(ours._parameters) == list(theirs._parameters)
    for (name, one), (other_name, other) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert name == other_name
        assert torch.equal(one, other)
    theirs.load_state_dict(ours.state_dict())
    ours.load_state_dict(theirs.state_dict())


@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("batch", [None, 0, 1, 15])
@pytest.mark.parametrize("form", [{}, {"bias": False, "dtype": torch.float64}])
@pytest.mark.parametrize("cell", CELLS)
def test_steps_and_gradients_are_the_same(cell: str, form: dict[str, Any], batch: int | None, with_state: bool) -> None:
    ours, theirs = pair(cell, 5, 17, **form)
    dtype = form.get("dtype", torch.float32)
    lead = () if batch is None else (batch,)
    x = torch.randn(*lead, 5, dtype=dtype, requires_grad=True)
    h = torch.randn(*lead, 17, dtype=dtype)
    hx = (h if cell != "LSTMCell" else (h, h.flip(0))) if with_state else None
    found = []
    for module in (ours, theirs):
        state = parts(module(x, hx))
        loss = sum(((part * part).sum() for part in state), start=torch.zeros(()))
        found.append([*state, *torch.autograd.grad(loss, [x, *module.parameters()])])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("x", "h", "c"),
    [
        ((3, 1, 5), (3, 4), (3, 4)),
        ((), (3, 4), (3, 4)),
        ((3, 6), (3, 4), (3, 4)),
        ((6,), (4,), (4,)),
        ((3, 5), (2, 4), (3, 4)),
        ((3, 5), (3, 6), (3, 4)),
        ((3, 5), (3, 4), (2, 4)),
        ((3, 5), (3, 4), (3, 6)),
        ((3, 5), (1, 3, 4), (3, 4)),
        ((3, 5), (3, 4), ()),
        ((3, 5), (4,), (4,)),
        ((5,), (1, 4), (1, 4)),
    ],
    ids=str,
)
@pytest.mark.parametrize("cell", CELLS)
def test_call_errors_are_the_same(cell: str, x: tuple[int, ...], h: tuple[int, ...], c: tuple[int, ...]) -> None:
    ours, theirs = pair(cell, 5, 4)
    hx = (torch.zeros(h), torch.zeros(c)) if cell == "LSTMCell" else torch.zeros(h)
    assert outcome(lambda: ours(torch.zeros(x), hx)) == outcome(lambda: theirs(torch.zeros(x), hx))


@pytest.mark.parametrize("cell", CELLS)
def test_another_dtype_is_refused_as_in_torch(cell: str) -> None:
    ours, theirs = pair(cell, 5, 4)
    x = torch.zeros(3, 5, dtype=torch.float64)
    assert outcome(lambda: ours(x)) == outcome(lambda: theirs(x)) is not None


@pytest.mark.parametrize(
    ("cell", "options"), [("GRU", {}), ("GRU", {"reset_after": False}), ("LSTM", {}), ("RNN", {})], ids=str
)
def test_steps_of_a_cell_are_the_layer(cell: str, options: dict[str, Any]) -> None:
    layer = getattr(nn, cell)(5, 17, dtype=torch.float64, **options)
    step = getattr(nn, cell + "Cell")(5, 17, dtype=torch.float64, **options)
    step.load_state_dict({name.removesuffix("_l0"): weight for name, weight in layer.state_dict().items()})
    x = torch.randn(6, 3, 5, dtype=torch.float64)
    y, last = layer(x)
    state: Any = None
    for t in range(6):
        state = step(x[t], state)
        torch.testing.assert_close(parts(state)[0], y[t])
    for one, other in zip(parts(state), parts(last), strict=True):
        torch.testing.assert_close(one, other[0])


def test_what_only_ours_has() -> None:
    assert repr(nn.GRUCell(5, 4, reset_after=False)) == "GRUCell(5, 4, reset_after=False)"
    with pytest.raises(ValueError, match=r"^gatelet\.nn\.RNNCell has the nonlinearity 'tanh' only; got 'relu'\.$"):
        nn.RNNCell(5, 4, nonlinearity="relu")
