"""Resets, LayerNorm, zoneout and recurrent dropout against the NumPy equations: alone and together, all gradients."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gatelet import nn
from gatelet.kernels import native, operators, recurrent, unrolled, zoneout
from gatelet.kernels.inputs import Inputs
from gatelet.reference import Extras, LayerWeights, from_names, gru, lstm, stacked

NATIVE = pytest.mark.skipif(not native.ENABLED, reason="the native kernels are not built or are switched off")

STEPS, RATE = 6, 0.3
GATES = {"gru": 3, "gru_reset_before": 3, "lstm": 4}
CELLS: dict[str, Any] = {
    "gru": (gru.forward, gru.backward),
    "gru_reset_before": (partial(gru.forward, reset_after=False), gru.backward),
    "lstm": (lstm.forward, lstm.backward),
}
ALL = ("resets", "layer_norm", "recurrent_dropout", "zoneout", "zoneout in eval")
TOGETHER = [*((extra,) for extra in ALL), ALL[:4], (*ALL[:3], ALL[4])]


def layer(cell: str, extras: tuple[str, ...], batch: int, hidden: int, dtype: torch.dtype) -> Inputs:
    generator = torch.Generator().manual_seed(0)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator).sub_(0.5).to(dtype).requires_grad_()

    rows = GATES[cell] * hidden
    weights = [uniform(rows, 5), uniform(rows, hidden), uniform(rows), uniform(rows)]
    gains = [(uniform(rows) + 1).detach().requires_grad_() for _ in range(2)]
    resets = (torch.rand(STEPS, batch, generator=generator) < 0.2).to(torch.uint8)
    mask = (torch.rand(batch, hidden, generator=generator) < 0.7).to(dtype) / 0.7
    x, h0, c0 = uniform(STEPS, batch, 5), uniform(batch, hidden), uniform(batch, hidden)
    gains_ih, gains_hh = gains if "layer_norm" in extras else (None, None)
    w_ih, w_hh, b_ih, b_hh = weights
    return Inputs(
        x,
        h0,
        c0 if cell == "lstm" else None,
        w_ih,
        w_hh,
        b_ih,
        b_hh,
        gains_ih,
        gains_hh,
        dropout_mask=mask if "recurrent_dropout" in extras else None,
        zoneout_seed=torch.tensor([7]) if "zoneout" in extras else None,
        resets=resets if "resets" in extras else None,
        zoneout=RATE if "zoneout" in extras or "zoneout in eval" in extras else 0.0,
    )


def array(tensor: Tensor | None) -> Any:
    return None if tensor is None else tensor.detach().double().numpy()


def shares(given: Inputs, stream: int) -> Any:
    """(T, B, H): what share of its old state each unit keeps."""
    shape = given.h0.shape
    if given.zoneout == 0.0:
        return None
    if given.zoneout_seed is None:
        return np.full((STEPS, *shape), given.zoneout)
    drawn = [zoneout.draw(given.zoneout_seed, given.zoneout, stream, t, *shape) for t in range(STEPS)]
    return array(torch.stack(drawn))


def reference(cell: str, given: Inputs, upstream: list[Tensor]) -> tuple[list[Any], list[Any]]:
    """Outputs and gradients, in the order of the results and of the inputs."""
    forward, backward = CELLS[cell]
    weights = LayerWeights(
        array(given.w_ih),
        array(given.w_hh),
        array(given.b_ih),
        array(given.b_hh),
        layer_norm_ih=array(given.layer_norm_ih),
        layer_norm_hh=array(given.layer_norm_hh),
    )
    keep = [shares(given, zoneout.STATE), shares(given, zoneout.CELL_STATE)]
    extras = Extras(array(given.resets), array(given.dropout_mask), *keep)
    lstm_states = (array(given.h0), array(given.c0))
    x, state = array(given.x), lstm_states if cell == "lstm" else lstm_states[0]
    dy, *dlast = [array(d) for d in upstream]
    if given.reverse:
        x, dy, extras = x[::-1], dy[::-1], extras.turned()
    y, last, trace = forward(x, state, weights, extras=extras)
    found = backward(dy, tuple(dlast) if cell == "lstm" else dlast[0], weights, trace)
    turned = slice(None, None, -1 if given.reverse else 1)
    states = found.h0 if cell == "lstm" else (found.h0,)
    w = found.weights
    gradients = [found.x[turned], *states, w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh]
    if given.layer_norm_ih is not None:
        gradients += [w.layer_norm_ih, w.layer_norm_hh]
    return [y[turned], *(last if cell == "lstm" else (last,))], gradients


def upstream_of(cell: str, batch: int, hidden: int, dtype: torch.dtype) -> list[Tensor]:
    generator = torch.Generator().manual_seed(1)
    shapes = [(STEPS, batch, hidden), *[(batch, hidden)] * (2 if cell == "lstm" else 1)]
    return [torch.rand(shape, generator=generator).sub_(0.5).to(dtype) for shape in shapes]


def assert_close(found: Any, expected: list[Any], tolerance: float) -> None:
    for got, wanted in zip(found, expected, strict=True):
        assert got.shape == wanted.shape
        assert np.abs(array(got) - wanted).max() <= tolerance * max(1.0, np.abs(wanted).max())


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("extras", TOGETHER, ids=", ".join)
@pytest.mark.parametrize("cell", CELLS)
def test_step_by_step(cell: str, extras: tuple[str, ...], reverse: bool) -> None:
    given = layer(cell, extras, 3, 7, torch.float64)._replace(reverse=reverse)
    upstream = upstream_of(cell, 3, 7, torch.float64)
    outputs = unrolled.run(cell, given)
    leaves = [t for t in given.tensors[:9] if t is not None]
    gradients = torch.autograd.grad(outputs, leaves, upstream)
    expected, expected_gradients = reference(cell, given, upstream)
    assert_close(outputs, expected, 1e-12)
    assert_close(gradients, expected_gradients, 1e-11)


# sizes on both sides of a vector, one sequence and many: both ways in which threads share the work
SHAPES = [(1, 1), (3, 17), (1, 160), (33, 15), (2, 65)]


@pytest.fixture(params=native.isas() or ["none"])
def isa(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run the test once per instruction set, with NaN in fresh memory and two threads."""
    monkeypatch.setenv("GATELET_ISA", request.param)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    yield request.param
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)


def natively(cell: str, given: Inputs, upstream: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Outputs and gradients of all that there is."""
    outputs = list(operators.LAYERS[cell](*given, True)[: len(upstream)])
    leaves = [t for t in given.tensors[:9] if t is not None]
    return outputs, list(torch.autograd.grad(outputs, leaves, upstream))


@NATIVE
@pytest.mark.parametrize(
    ("shape", "reverse"), list(zip(SHAPES, (False, True, False, True, False), strict=True)), ids=str
)
@pytest.mark.parametrize("extras", TOGETHER, ids=", ".join)
@pytest.mark.parametrize("cell", CELLS)
def test_native(isa: str, cell: str, extras: tuple[str, ...], shape: tuple[int, int], reverse: bool) -> None:
    given = layer(cell, extras, *shape, torch.float32)._replace(reverse=reverse)
    upstream = upstream_of(cell, *shape, torch.float32)
    outputs, gradients = natively(cell, given, upstream)
    expected, expected_gradients = reference(cell, given, upstream)
    assert_close(outputs, expected, 1e-5)
    assert_close(gradients, expected_gradients, 1e-4)


@NATIVE
@pytest.mark.parametrize("shape", [(1, 160), (33, 20)], ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_bits_do_not_depend_on_threads(isa: str, cell: str, shape: tuple[int, int]) -> None:
    given = layer(cell, ALL[:4], *shape, torch.float32)
    runs = []
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        outputs, gradients = natively(cell, given, upstream_of(cell, *shape, torch.float32))
        runs.append(outputs + gradients)
    for other in runs[1:]:
        assert all(torch.equal(a, b) for a, b in zip(runs[0], other, strict=True))


@NATIVE
@pytest.mark.parametrize("cell", CELLS)
def test_bits_do_not_depend_on_layout_batch_or_saving(isa: str, cell: str) -> None:
    given = layer(cell, (*ALL[1:3], "zoneout"), 37, 20, torch.float32)
    together = operators.LAYERS[cell](*given, True)[0]
    turned = operators.LAYERS[cell](*given._replace(x=given.x.transpose(0, 1), batch_first=True), True)[0]
    assert torch.equal(together, turned.transpose(0, 1))
    offsets = torch.arange(STEPS + 1) * 37
    packed = operators.LAYERS[cell](*given._replace(x=given.x.flatten(0, 1), offsets=offsets), True)[0]
    assert torch.equal(together.flatten(0, 1), packed)
    cut: Any = {name: None if (t := getattr(given, name)) is None else t[:5] for name in ("h0", "c0", "dropout_mask")}
    alone = operators.LAYERS[cell](*given._replace(x=given.x[:, :5], **cut), True)[0]
    assert torch.equal(together[:, :5], alone)
    with torch.no_grad():
        assert torch.equal(together, operators.LAYERS[cell](*given, False)[0])


@NATIVE
@pytest.mark.parametrize("cell", CELLS)
def test_packed(isa: str, cell: str) -> None:
    """Sequences of unequal length against the step-by-step path."""
    given = layer(cell, ALL[1:4], 9, 17, torch.float32)
    offsets = torch.tensor([0, 9, 18, 23, 24, 25, 26])
    x = given.x.detach().flatten(0, 1)[:26].requires_grad_()
    for reverse in (False, True):
        packed = given._replace(x=x, offsets=offsets, reverse=reverse)
        exact = Inputs._make([t.detach().double().requires_grad_() if t is not None and t.is_floating_point() else t
                              for t in packed.tensors] + list(packed.options))  # fmt: skip
        expected = unrolled.run(cell, exact)
        upstream = [torch.rand(y.shape, generator=torch.Generator().manual_seed(3)) for y in expected]
        outputs, gradients = natively(cell, packed, upstream)
        leaves = [t for t in exact.tensors[:9] if t is not None]
        wanted = torch.autograd.grad(expected, leaves, [d.double() for d in upstream])
        assert_close(outputs, [array(y) for y in expected], 1e-5)
        assert_close(gradients, [array(g) for g in wanted], 1e-4)


@NATIVE
@pytest.mark.parametrize("cell", CELLS)
def test_second_derivative_keeps_the_same_units(cell: str) -> None:
    found = []
    for dtype in (torch.float32, torch.float64):
        given = layer(cell, ALL[:4], 2, 5, torch.float32)
        given = Inputs._make([t.detach().to(dtype).requires_grad_() if t is not None and t.is_floating_point() else t
                              for t in given.tensors] + list(given.options))  # fmt: skip
        leaves = [t for t in given.tensors[:9] if t is not None]
        native_run = dtype == torch.float32
        y = operators.LAYERS[cell](*given, True)[0] if native_run else unrolled.run(cell, given)[0]
        (slope,) = torch.autograd.grad(y.square().sum(), given.x, create_graph=True)
        found.append(torch.autograd.grad(slope.square().sum(), leaves))
    assert_close(found[0], [array(g) for g in found[1]], 1e-4)


@NATIVE
@pytest.mark.parametrize("extra", ["layer_norm", "recurrent_dropout", "zoneout in eval"])
def test_a_cell_without_extras_leaves_none_out(extra: str) -> None:
    given = layer("gru", (extra,), 3, 7, torch.float32)
    cut: Any = {
        name: None if (t := getattr(given, name)) is None else t[:14]
        for name in ("w_ih", "w_hh", "b_ih", "b_hh", "layer_norm_ih", "layer_norm_hh")
    }
    with pytest.raises(RuntimeError, match="cell mgu must have no LayerNorm, zoneout or recurrent dropout"):
        operators.LAYERS["mgu"](*given._replace(**cut), False)


@NATIVE
def test_the_layer_that_resets_before_runs_on_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    ours = nn.GRU(3, 9, reset_after=False, layer_norm=True, zoneout=0.2, recurrent_dropout=0.3)
    monkeypatch.setattr(unrolled, "run", None)
    ours(torch.randn(4, 2, 3))[0].sum().backward()
    assert all(weight.grad is not None for weight in ours.parameters())


@NATIVE
@pytest.mark.parametrize("cell", CELLS)
def test_operators_are_registered_soundly_with_extras(cell: str) -> None:
    torch.library.opcheck(operators.LAYERS[cell], (*layer(cell, ALL[:4], 3, 7, torch.float32), True))


@pytest.mark.parametrize("cell", CELLS)
def test_a_stack_in_eval(cell: str) -> None:
    """Two layers, two directions, LayerNorm, resets, and zoneout as a mixture, through the face."""
    hidden, batch, inputs = 5, 3, 4
    generator = torch.Generator().manual_seed(0)
    names, weights, rows = [], [], GATES[cell] * hidden
    for ending, width in (("l0", inputs), ("l0_reverse", inputs), ("l1", 2 * hidden), ("l1_reverse", 2 * hidden)):
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, width), "weight_hh": (rows, hidden)}
        shapes |= dict.fromkeys(("bias_ih", "bias_hh", "layer_norm_ih", "layer_norm_hh"), (rows,))
        names += [f"{name}_{ending}" for name in shapes]
        weights += [torch.randn(shape, generator=generator, dtype=torch.float64) for shape in shapes.values()]
    x = torch.randn(STEPS, batch, inputs, generator=generator, dtype=torch.float64)
    state = torch.randn(4, batch, hidden, generator=generator, dtype=torch.float64)
    resets = torch.rand(STEPS, batch, generator=generator) < 0.3
    kernel: Any = recurrent.lstm if cell == "lstm" else partial(recurrent.gru, reset_after=cell == "gru")
    y, last = kernel(
        x,
        (state, state) if cell == "lstm" else state,
        weights,
        num_layers=2,
        bidirectional=True,
        resets=resets,
        layer_norm=True,
        zoneout=RATE,
        recurrent_dropout=0.5,
    )
    kept = np.full((STEPS, batch, hidden), RATE)
    extras = [Extras(array(resets), None, kept, kept)] * 4
    start = array(state)
    expected, expected_last, _ = stacked.forward(
        CELLS[cell][0],
        array(x),
        (start, start) if cell == "lstm" else start,
        from_names(dict(zip(names, (array(w) for w in weights), strict=True))),
        bidirectional=True,
        extras=extras,
    )
    assert_close([y], [expected], 1e-11)
    assert_close(last if cell == "lstm" else [last], list(expected_last) if cell == "lstm" else [expected_last], 1e-11)
