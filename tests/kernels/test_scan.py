"""Scan cells in their three forms: fused (each instruction set), parallel, sequential; and against the reference."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gatelet.kernels import native, scan, scan_cells
from gatelet.kernels.linear_recurrence import parallel, sequential
from gatelet.kernels.scan_cells import CELLS, ScanCell, Scanned
from gatelet.kernels.scan_operators import SCANS
from gatelet.reference import from_names, min_gru, min_lstm, stacked

# largest error, as a share of the largest expected value (or of 1, if that is larger)
TOLERANCE = {torch.float64: 1e-12, torch.float32: 5e-6, torch.bfloat16: 2e-2}
SHAPES = [(1, 1, 1), (7, 3, 17), (65, 5, 63), (40, 1, 128), (5, 70, 65), (3, 2, 2500), (2, 300, 15)]
REFERENCES = {"min_gru": min_gru, "min_lstm": min_lstm}

needs_native = pytest.mark.skipif(not native.ENABLED, reason="the native kernels are not built or are switched off")


@pytest.fixture(params=list(CELLS.values()), ids=list(CELLS))
def cell(request: pytest.FixtureRequest) -> ScanCell:
    found: ScanCell = request.param
    return found


def given_for(cell: ScanCell, steps: int, batch: int, hidden: int, layout: str, dtype: torch.dtype) -> Scanned:
    """Random gates with some resets, in one of the layouts "time_first", "batch_first", "packed"."""
    generator = torch.Generator().manual_seed(steps + batch)
    offsets = None
    sizes: tuple[int, ...] = (batch, steps) if layout == "batch_first" else (steps, batch)
    if layout == "packed":
        lengths = torch.randint(1, steps + 1, (batch,), generator=generator)
        lengths[0] = steps
        running = (lengths > torch.arange(steps).unsqueeze(1)).sum(1)
        offsets = torch.cat([torch.zeros(1, dtype=torch.int64), running.cumsum(0)])
        sizes = (int(offsets[-1]),)
    gates = torch.randn((*sizes, cell.gates * hidden), generator=generator).mul_(2)
    h0 = torch.randn((batch, hidden), generator=generator)
    resets = (torch.rand(sizes, generator=generator) < 0.2).to(torch.uint8)
    return Scanned(gates.to(dtype), h0.to(dtype), offsets, resets, layout == "batch_first")


def results(run: Any, given: Scanned, dtype: torch.dtype) -> list[Tensor]:
    """y, h_n, and the gradients of the gates and of h0 for a fixed upstream gradient."""
    gates, h0 = (t.to(dtype, copy=True).requires_grad_() for t in given[:2])
    y, h_n = run(Scanned(gates, h0, *given[2:]))
    generator = torch.Generator().manual_seed(0)
    upstream = [torch.randn(t.shape, generator=generator).to(given.gates.dtype).to(dtype) for t in (y, h_n)]
    return [y.detach(), h_n.detach(), *torch.autograd.grad([y, h_n], [gates, h0], upstream)]


def assert_close(found: list[Tensor], expected: list[Tensor], dtype: torch.dtype) -> None:
    for got, wanted in zip(found, expected, strict=True):
        assert got.dtype == dtype
        assert got.shape == wanted.shape
        error = (got.double() - wanted.double()).abs().max()
        assert error <= TOLERANCE[dtype] * max(1.0, float(wanted.abs().max()))


def exact(cell: ScanCell, given: Scanned) -> list[Tensor]:
    return results(lambda g: scan_cells.run(cell, g, in_parallel=False), given, torch.float64)


@needs_native
@pytest.mark.usefixtures("poisoned", "isa")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("layout", ["time_first", "batch_first", "packed"])
def test_the_fused_kernel_computes_the_recurrence(
    cell: ScanCell, layout: str, reverse: bool, dtype: torch.dtype
) -> None:
    for shape in SHAPES:
        given = given_for(cell, *shape, layout, dtype)._replace(reverse=reverse)
        found = results(lambda g: SCANS[cell.name](*g), given, dtype)
        assert_close(found, exact(cell, given), dtype)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("layout", ["time_first", "batch_first", "packed"])
def test_the_parallel_form_computes_the_recurrence(cell: ScanCell, layout: str, reverse: bool) -> None:
    for steps in (1, 2, 3, 4, 5, 15, 16, 17, 33):
        given = given_for(cell, steps, 3, 5, layout, torch.float64)._replace(reverse=reverse)
        assert_close(
            results(lambda g: scan_cells.run(cell, g), given, torch.float64), exact(cell, given), torch.float64
        )


def test_both_recurrences_take_a_keep_of_zero_and_a_negative_state() -> None:
    keep, add, h0 = torch.tensor([0.5, 0.0, 0.25]), torch.tensor([-1.0, -2.0, 3.0]), torch.tensor(-4.0)
    for form in (sequential, parallel):
        assert form(keep, add, h0).tolist() == [-3.0, -2.0, 2.5]


@needs_native
@pytest.mark.usefixtures("isa", "threads")
@pytest.mark.parametrize("layout", ["time_first", "batch_first", "packed"])
def test_bits_depend_neither_on_threads_nor_on_the_rest_of_the_batch(cell: ScanCell, layout: str) -> None:
    given = given_for(cell, 40, 33, 65, layout, torch.float32)
    found = []
    for count in (1, 2, 3):
        torch.set_num_threads(count)
        found.append(results(lambda g: SCANS[cell.name](*g), given, torch.float32))
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))
    if layout == "packed":
        return
    rows = (slice(None), slice(3, 5)) if layout == "time_first" else (slice(3, 5),)
    assert given.resets is not None
    alone = SCANS[cell.name](
        given.gates[rows].contiguous(), given.h0[3:5], None, given.resets[rows].contiguous(), given.batch_first, False
    )
    assert torch.equal(alone[0], found[0][0][rows])


@needs_native
def test_extreme_gates_stay_exact(cell: ScanCell) -> None:
    values = torch.tensor([-86.0, -80.0, -30.0, -1.0, -0.0, 0.0, 1e-6, 40.0, 100.0, 1e4])
    grid = torch.cartesian_prod(*[values] * cell.gates)
    given = Scanned(grid.T.reshape(1, 1, -1), torch.full((1, len(grid)), 0.75))
    assert_close(results(lambda g: SCANS[cell.name](*g), given, torch.float32), exact(cell, given), torch.float32)
    nan = Scanned(torch.full((1, 1, cell.gates * 17), torch.nan), torch.zeros(1, 17))
    assert SCANS[cell.name](*nan)[0].isnan().all()


@needs_native
@pytest.mark.parametrize("layout", ["time_first", "packed"])
def test_the_operator_keeps_the_rules_of_torch(cell: ScanCell, layout: str) -> None:
    gates, h0, *rest = given_for(cell, 4, 3, 5, layout, torch.float32)
    arguments = (gates.requires_grad_(), h0.requires_grad_(), *rest)
    torch.library.opcheck(SCANS[cell.name], arguments)


@pytest.mark.parametrize("form", ["parallel", "sequential"])
def test_second_derivatives(cell: ScanCell, form: str) -> None:
    torch.manual_seed(0)
    x, h0 = torch.randn(3, 2, 2, dtype=torch.float64), torch.randn(1, 2, 3, dtype=torch.float64)
    weight = torch.randn(cell.gates * 3, 2, dtype=torch.float64)

    def run(*tensors: Tensor) -> Any:
        return getattr(scan, cell.name)(*tensors[:2], tensors[2:], num_layers=1, bias=False, form=form)

    inputs = [t.requires_grad_() for t in (x, h0, weight)]
    assert torch.autograd.gradcheck(run, inputs)
    assert torch.autograd.gradgradcheck(run, inputs)


@needs_native
def test_second_derivatives_of_the_fused_kernel(cell: ScanCell) -> None:
    given = given_for(cell, 5, 3, 4, "packed", torch.float32)
    found = []
    for run in (lambda g: SCANS[cell.name](*g), lambda g: scan_cells.run(cell, g)):
        gates, h0 = (t.clone().requires_grad_() for t in given[:2])
        y, h_n = run(Scanned(gates, h0, *given[2:]))
        first = torch.autograd.grad(y.square().sum() + h_n.pow(3).sum(), [gates, h0], create_graph=True)
        found.append(torch.autograd.grad([g.square().sum() for g in first], [gates, h0]))
    for got, wanted in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)


def stack_of(cell: ScanCell, dtype: torch.dtype, bias: bool = True) -> dict[str, Tensor]:
    """Weights of two layers in two directions, I = 3, H = 5."""
    generator = torch.Generator().manual_seed(0)
    weights = {}
    for ending, inputs in (("l0", 3), ("l0_reverse", 3), ("l1", 10), ("l1_reverse", 10)):
        weights[f"weight_ih_{ending}"] = torch.randn((cell.gates * 5, inputs), generator=generator).to(dtype)
        if bias:
            weights[f"bias_ih_{ending}"] = torch.randn((cell.gates * 5,), generator=generator).to(dtype)
    return weights


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("form", [None, "parallel", "sequential"])
def test_a_stack_is_that_of_the_reference(cell: ScanCell, dtype: torch.dtype, form: str | None, bias: bool) -> None:
    weights = stack_of(cell, dtype, bias)
    torch.manual_seed(1)
    x, h0 = torch.randn(6, 2, 3, dtype=dtype), torch.randn(4, 2, 5, dtype=dtype)
    run = getattr(scan, cell.name)
    options = {"num_layers": 2, "bidirectional": True, "bias": bias, "form": form}
    y, h_n = run(x, h0, list(weights.values()), **options)
    arrays = from_names({name: weight.numpy() for name, weight in weights.items()})
    forward = REFERENCES[cell.name].forward
    expected_y, expected_h, _ = stacked.forward(
        forward, x.double().numpy(), h0.double().numpy(), arrays, bidirectional=True
    )
    tolerance = 1e-12 if dtype == torch.float64 else 1e-5
    np.testing.assert_allclose(y, expected_y, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(h_n, expected_h, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("form", [None, "parallel", "sequential"])
def test_chunks_of_a_stream_are_the_whole(cell: ScanCell, form: str | None) -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(33, 2, 3), torch.randn(cell.gates * 17, 3)
    run = getattr(scan, cell.name)
    whole, last = run(x, torch.zeros(1, 2, 17), [weight], num_layers=1, bias=False, form=form)
    h, parts = torch.zeros(1, 2, 17), []
    for chunk in torch.split(x, [1, 1, 15, 16]):
        y, h = run(chunk, h, [weight], num_layers=1, bias=False, form=form)
        parts.append(y)
    torch.testing.assert_close(torch.cat(parts), whole, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(h, last, rtol=1e-5, atol=1e-6)


def test_dropout_acts_between_layers_in_training(cell: ScanCell) -> None:
    weights = list(stack_of(cell, torch.float32).values())
    x, h0 = torch.randn(6, 2, 3), torch.zeros(4, 2, 5)
    run = getattr(scan, cell.name)
    options = {"num_layers": 2, "bidirectional": True, "dropout": 0.5}
    usual = run(x, h0, weights, **options)[0]
    assert torch.equal(usual, run(x, h0, weights, num_layers=2, bidirectional=True)[0])
    assert not torch.equal(usual, run(x, h0, weights, training=True, **options)[0])


def test_per_sample_gradients(cell: ScanCell) -> None:
    weight, x = torch.randn(cell.gates * 4, 3), torch.randn(2, 5, 1, 3)
    run = getattr(scan, cell.name)

    def loss(weight: Tensor, x: Tensor) -> Tensor:
        y: Tensor = run(x, torch.zeros(1, 1, 4), [weight], num_layers=1, bias=False)[0]
        return y.square().sum()

    found = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(weight, x)
    for one, gradient in zip(x, found, strict=True):
        leaf = weight.clone().requires_grad_()
        (expected,) = torch.autograd.grad(loss(leaf, one), leaf)
        torch.testing.assert_close(gradient, expected)


def test_no_steps_and_no_sequences(cell: ScanCell) -> None:
    run, weight = getattr(scan, cell.name), torch.randn(cell.gates * 4, 3)
    with pytest.raises(RuntimeError, match="Expected sequence length to be larger than 0 in RNN"):
        run(torch.rand(0, 2, 3), torch.zeros(1, 2, 4), [weight], num_layers=1, bias=False)
    y, h_n = run(torch.rand(5, 0, 3), torch.zeros(1, 0, 4), [weight], num_layers=1, bias=False)
    assert y.shape == (5, 0, 4)
    assert h_n.shape == (1, 0, 4)


def test_what_has_no_kernel_is_not_fused(cell: ScanCell) -> None:
    with pytest.raises(RuntimeError, match=r"^The form 'fused' needs a kernel, and there is none for torch.float64 on"):
        getattr(scan, cell.name)(
            torch.rand(5, 2, 3, dtype=torch.float64), torch.zeros(1, 2, 4, dtype=torch.float64),
            [torch.rand(cell.gates * 4, 3, dtype=torch.float64)], num_layers=1, bias=False, form="fused",
        )  # fmt: skip


@needs_native
def test_sizes_that_do_not_fit_are_refused(cell: ScanCell) -> None:
    gates, h0 = torch.zeros(5, 2, cell.gates * 4), torch.zeros(2, 4)
    wrong = [
        (r"^gates must have size \d+ for 3 sequences and hidden size 4; got \d+\.$",
         (gates, torch.zeros(3, 4), None, None)),
        (r"^resets must have size 10 for 2 sequences and hidden size 4; got 4\.$",
         (gates, h0, None, torch.zeros(4, dtype=torch.uint8))),
        (r"^batch_sizes must start with 2 and never rise; got \[1, 2\]\.$",
         (torch.zeros(3, cell.gates * 4), h0, torch.tensor([0, 1, 3]), None)),
        (r"^The gates and h0 must both be float32 or bfloat16; got torch.float32 and torch.float64\.$",
         (gates, h0.double(), None, None)),
    ]  # fmt: skip
    for message, arguments in wrong:
        with pytest.raises(RuntimeError, match=message):
            SCANS[cell.name](*arguments, False, False)
