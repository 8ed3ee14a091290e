"""The cells that torch does not have: beside their layers, beside the NumPy equations, and in torch's ways."""

import copy
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gatelet import nn
from gatelet.reference import fastgrnn, from_names, ligru, mgu, min_gru, min_lstm

REFERENCES: dict[str, Callable[..., Any]] = {
    "MGU": mgu.forward,
    "LiGRU": ligru.forward,
    "FastGRNN": fastgrnn.forward,
    "MinGRU": min_gru.forward,
    "MinLSTM": min_lstm.forward,
}
FORMS: list[tuple[str, dict[str, Any]]] = [
    *((cell, {"bias": bias}) for cell in REFERENCES for bias in (True, False)),
    ("FastGRNN", {"rank_ih": 2}),
    ("FastGRNN", {"rank_ih": 2, "rank_hh": 3, "bias": False}),
]
TOLERANCE = {torch.float64: 1e-12, torch.float32: 2e-5}

cells = pytest.mark.parametrize("cell", list(REFERENCES))
forms = pytest.mark.parametrize(("cell", "form"), FORMS, ids=str)
dtypes = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def made(cell: str, *args: Any, **kwargs: Any) -> Any:
    torch.manual_seed(0)
    return getattr(nn, f"{cell}Cell")(*args, **kwargs)


@dtypes
@pytest.mark.parametrize("sizes", [(1, 1, 1), (3, 5, 17), (15, 17, 65)], ids=str)
@forms
def test_a_step_is_one_of_the_layer(
    cell: str, form: dict[str, Any], sizes: tuple[int, int, int], dtype: torch.dtype
) -> None:
    batch, inputs, size = sizes
    layer, step = getattr(nn, cell)(inputs, size, **form, dtype=dtype), made(cell, inputs, size, **form, dtype=dtype)
    weights = dict(layer.named_parameters())
    assert list(weights) == [f"{name}_l0" for name, _ in step.named_parameters()]
    step.load_state_dict({name.removesuffix("_l0"): weight for name, weight in weights.items()})
    x, h = (torch.randn(batch, n, dtype=dtype, requires_grad=True) for n in (inputs, size))
    found = []
    for module, y in ((layer, layer(x.unsqueeze(0), h.unsqueeze(0))[0].squeeze(0)), (step, step(x, h))):
        found.append([y, *torch.autograd.grad(y.square().sum(), [x, h, *module.parameters()])])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(other, one, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@dtypes
@forms
def test_steps_are_those_of_the_reference(cell: str, form: dict[str, Any], dtype: torch.dtype) -> None:
    step = made(cell, 5, 17, **form, dtype=dtype)
    x = torch.randn(6, 3, 5, dtype=dtype)
    arrays: dict[str, Any] = {}
    for name, weight in step.named_parameters():
        kind, array = name.removesuffix("_left").removesuffix("_right"), weight.detach().double().numpy()
        arrays[f"{kind}_l0"] = arrays[f"{kind}_l0"] @ array if name.endswith("_right") else array
    expected, _, _ = REFERENCES[cell](x.double().numpy(), np.zeros((3, 17)), from_names(arrays)[0])
    state = None
    for t in range(6):
        state = step(x[t], state)
        np.testing.assert_allclose(state.detach().numpy(), expected[t], rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@cells
def test_without_a_batch_and_with_an_empty_one(cell: str) -> None:
    step = made(cell, 5, 4)
    x, h = torch.randn(5), torch.randn(4)
    torch.testing.assert_close(step(x, h), step(x.unsqueeze(0), h.unsqueeze(0))[0])
    torch.testing.assert_close(step(x), step(x, torch.zeros(4)))
    assert step(torch.zeros(0, 5)).shape == (0, 4)


@cells
def test_first_and_second_derivatives(cell: str) -> None:
    step = made(cell, 2, 3, dtype=torch.float64)
    x, h = (torch.randn(2, n, dtype=torch.float64, requires_grad=True) for n in (2, 3))
    assert torch.autograd.gradcheck(step, (x, h))
    assert torch.autograd.gradgradcheck(step, (x, h))


@cells
def test_weights_may_be_handed_over_and_samples_have_gradients_of_their_own(cell: str) -> None:
    step = made(cell, 5, 4)
    weights = {name: weight.detach() for name, weight in step.named_parameters()}
    x = torch.randn(3, 5)

    def loss(weights: dict[str, Tensor], x: Tensor) -> Tensor:
        h: Tensor = torch.func.functional_call(step, weights, (x,))
        return h.square().sum()

    together = torch.func.grad(loss)(weights, x)
    apart = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(weights, x)
    for name, gradient in together.items():
        torch.testing.assert_close(apart[name].sum(0), gradient)


@cells
def test_it_compiles_into_one_graph(cell: str) -> None:
    step = made(cell, 5, 4)
    torch.compiler.reset()
    compiled: Any = torch.compile(step, backend="aot_eager", fullgraph=True)
    x, h = torch.randn(3, 5), torch.randn(3, 4)
    found = []
    for run in (step, compiled):
        y = run(x, h)
        found.append([y, *torch.autograd.grad(y.square().sum(), list(step.parameters()))])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other)


@cells
def test_arguments_copies_and_looks(cell: str) -> None:
    ours, torchs = (inspect.signature(home) for home in (getattr(nn, f"{cell}Cell"), torch.nn.GRUCell))
    plain = [name for name, given in ours.parameters.items() if given.kind is not given.KEYWORD_ONLY]
    assert plain == list(torchs.parameters)
    step = made(cell, 5, 4, False)
    x = torch.randn(3, 5)
    torch.testing.assert_close(copy.deepcopy(step)(x), step(x), rtol=0, atol=0)
    assert repr(step) == f"{cell}Cell(5, 4, bias=False)"
    with pytest.raises(TypeError, match="layer_norm"):
        made(cell, 5, 4, layer_norm=True)


@pytest.mark.parametrize(
    ("x", "h", "words"),
    [
        ((3, 1, 5), (3, 4), "Cell: Expected input to be 1D or 2D, got 3D instead"),
        ((3, 6), (3, 4), "input has inconsistent input_size: got 6 expected 5"),
        ((3, 5), (2, 4), "Input batch size 3 doesn't match hidden0 batch size 2"),
        ((3, 5), (3, 6), "hidden0 has inconsistent hidden_size: got 6, expected 4"),
    ],
    ids=str,
)
@cells
def test_call_errors_have_the_words_of_torch(cell: str, x: tuple[int, ...], h: tuple[int, ...], words: str) -> None:
    with pytest.raises((ValueError, RuntimeError), match=words):
        made(cell, 5, 4)(torch.zeros(x), torch.zeros(h))


def test_first_values_and_ranks_of_a_fastgrnn() -> None:
    step = made("FastGRNN", 5, 16, rank_hh=3)
    assert {name: tuple(weight.shape) for name, weight in step.named_parameters()} == {
        "weight_ih": (16, 5),
        "weight_hh_left": (16, 3),
        "weight_hh_right": (3, 16),
        "bias_ih": (32,),
        "scales": (2,),
    }
    assert step.scales.tolist() == [1.0, -4.0]
    assert repr(step) == "FastGRNNCell(5, 16, rank_hh=3)"
    with pytest.raises(ValueError, match=r"^rank_ih must be greater than zero, or None for full rank; got 0\.$"):
        nn.FastGRNNCell(5, 4, rank_ih=0)
