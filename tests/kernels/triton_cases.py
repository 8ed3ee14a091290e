"""The Triton kernels against the equations step by step. `test_triton.py` runs this file, on a GPU or interpreted."""

import os
from typing import Any

import pytest
import torch
from torch import Tensor

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if DEVICE == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("There is no GPU, and Triton does not interpret.", allow_module_level=True)

import triton  # noqa: E402
import triton.language as tl  # noqa: E402

from gatelet.kernels import scan_cells, unrolled, zoneout  # noqa: E402
from gatelet.kernels.inputs import Inputs  # noqa: E402
from gatelet.kernels.triton import launch, recurrent, scan  # noqa: E402
from gatelet.kernels.triton.draw import keeps  # noqa: E402

# largest error, as a share of the largest expected value (or of 1, if that is larger)
TOLERANCE = {torch.float32: 1e-5, torch.float16: 1e-2, torch.bfloat16: 4e-2}
HALF = torch.bfloat16 if DEVICE == "cuda" else torch.float16  # the interpreter cannot multiply bfloat16


def assert_close(found: Any, expected: Any, dtype: torch.dtype) -> None:
    for got, wanted in zip(found, expected, strict=True):
        if wanted is None:
            assert got is None
            continue
        assert got.dtype == dtype
        assert got.shape == wanted.shape
        got, wanted = got.detach().double(), wanted.detach().double()
        error = (got - wanted).abs().max()
        assert error <= TOLERANCE[dtype] * max(1.0, float(wanted.abs().max()))


def layout_of(layout: str, steps: int, batch: int) -> tuple[tuple[int, ...], Tensor | None]:
    """The leading sizes of x, and the offsets of a packed batch."""
    if layout != "packed":
        return ((batch, steps) if layout == "batch_first" else (steps, batch)), None
    lengths = torch.randint(1, steps + 1, (batch,))
    lengths[0] = steps
    offsets = torch.cat(
        [torch.zeros(1, dtype=torch.int64), (lengths > torch.arange(steps).unsqueeze(1)).sum(1).cumsum(0)]
    )
    return (int(offsets[-1]),), offsets.to(DEVICE)


def random(*shape: int) -> Tensor:
    return torch.randn(shape, device=DEVICE)


@pytest.mark.parametrize(
    ("layout", "reverse", "dtype"),
    [
        ("time_first", False, torch.float32),
        ("batch_first", True, torch.float32),
        ("packed", False, torch.bfloat16),
        ("packed", True, torch.float32),
    ],
)
@pytest.mark.parametrize("name", list(scan_cells.CELLS))
def test_scan_cells(name: str, layout: str, reverse: bool, dtype: torch.dtype) -> None:
    cell = scan_cells.CELLS[name]
    torch.manual_seed(0)
    for steps, batch, hidden in ((1, 1, 1), (35, 2, 17)):
        sizes, offsets = layout_of(layout, steps, batch)
        gates, h0 = random(*sizes, cell.gates * hidden).to(dtype), random(batch, hidden).to(dtype)
        resets = (torch.rand(sizes, device=DEVICE) < 0.2).to(torch.uint8)
        given = scan_cells.Scanned(gates, h0, offsets, resets, layout == "batch_first", reverse)
        y, h_n = scan.forward(cell, given)
        dy, dh_n = torch.randn_like(y), torch.randn_like(h_n)
        found = (y, h_n, *scan.backward(cell, dy, dh_n, y, given))
        exact = [t.double().requires_grad_() for t in (gates, h0)]
        outputs = scan_cells.run(cell, given._replace(gates=exact[0], h0=exact[1]), in_parallel=False)
        gradients = torch.autograd.grad(outputs, exact, [dy.double(), dh_n.double()])
        assert_close(found, (*outputs, *gradients), dtype)


def layer(cell: str, layout: str, steps: int, batch: int, hidden: int, extras: set[str], dtype: torch.dtype) -> Inputs:
    """A layer with four inputs, and those extras that are named."""
    sizes, offsets = layout_of(layout, steps, batch)
    rows = recurrent.GATES[cell] * hidden
    w_hh = random(rows, hidden) / hidden**0.5
    tensors = (random(*sizes, 4), random(batch, hidden), random(batch, hidden), random(rows, 4), w_hh, random(rows))
    x, h0, c0, w_ih, w_hh, b_ih = (t.to(dtype) for t in tensors)
    b_hh = random(rows).to(dtype) if "bias" in extras else None
    gains = [(1 + 0.5 * random(rows)).to(dtype) for _ in range(2)] if "layer_norm" in extras else [None, None]
    mask = (torch.rand(batch, hidden, device=DEVICE) < 0.7).to(dtype) / 0.7 if "dropout" in extras else None
    seed = torch.randint(2**63 - 1, (1,), device=DEVICE) if "draw" in extras else None
    resets = (torch.rand(sizes, device=DEVICE) < 0.2).to(torch.uint8) if "resets" in extras else None
    rate = 0.3 if extras & {"draw", "mix"} else 0.0
    state = c0 if cell == "lstm" else None
    rest = (gains[0], gains[1], mask, seed, offsets, resets, rate, layout == "batch_first", "reverse" in extras)
    return Inputs(x, h0, state, w_ih, w_hh, b_ih, b_hh, *rest)


def results(run: Any, cell: str, given: Inputs, dtype: torch.dtype) -> list[Tensor | None]:
    """Outputs, and the gradients of the first nine inputs."""
    tensors: list[Any] = [None if t is None else t.to(dtype, copy=True).requires_grad_() for t in given[:9]]
    mask = None if given.dropout_mask is None else given.dropout_mask.to(dtype)
    outputs = run(cell, Inputs._make([*tensors, mask, *given[10:]]))
    torch.manual_seed(1)
    upstream = [torch.randn(y.shape, device=DEVICE, dtype=torch.float32).to(given.x.dtype).to(dtype) for y in outputs]
    found = iter(torch.autograd.grad(outputs, [t for t in tensors if t is not None], upstream))
    return [*(y.detach() for y in outputs), *(None if t is None else next(found) for t in tensors)]


EVERYTHING = {"bias", "layer_norm", "draw", "dropout", "resets"}
CASES: list[tuple[str, set[str]]] = [
    ("time_first", {"bias"}),
    ("packed", {"reverse", "resets"}),
    ("batch_first", {"bias", "layer_norm"}),
    ("packed", {"draw"}),
    ("time_first", {"bias", "mix", "reverse"}),
    ("batch_first", {"dropout", "bias"}),
    ("time_first", EVERYTHING),
    ("packed", EVERYTHING | {"reverse"}),
]


@pytest.mark.parametrize(("layout", "extras"), CASES)
@pytest.mark.parametrize("cell", list(recurrent.GATES))
def test_recurrent_cells(cell: str, layout: str, extras: set[str]) -> None:
    torch.manual_seed(0)
    for steps, batch, hidden in ((1, 1, 1), (3, 17, 15)):
        given = layer(cell, layout, steps, batch, hidden, extras, torch.float32)
        found = results(recurrent.run, cell, given, torch.float32)
        assert_close(found, results(unrolled.run, cell, given, torch.float64), torch.float32)


@pytest.mark.parametrize("cell", list(recurrent.GATES))
def test_recurrent_cells_in_half_precision(cell: str) -> None:
    torch.manual_seed(0)
    given = layer(cell, "packed", 4, 3, 17, {"bias", "layer_norm", "draw", "resets"}, HALF)
    found = results(recurrent.run, cell, given, HALF)
    assert_close(found, results(unrolled.run, cell, given, torch.float64), HALF)


@pytest.mark.parametrize("cell", list(recurrent.GATES))
def test_second_derivatives_and_inference(cell: str) -> None:
    torch.manual_seed(0)
    given = layer(cell, "time_first", 3, 2, 5, {"bias", "layer_norm", "mix"}, torch.float32)
    found = []
    for run, dtype in ((recurrent.run, torch.float32), (unrolled.run, torch.float64)):
        tensors: list[Any] = [None if t is None else t.to(dtype, copy=True).requires_grad_() for t in given[:9]]
        inputs = Inputs._make([*tensors, *given[9:]])
        wanted = [t for t in tensors if t is not None]
        first = torch.autograd.grad(run(cell, inputs)[0].pow(3).sum(), wanted, create_graph=True)
        found.append(torch.autograd.grad([g.square().sum() for g in first], wanted))
        with torch.no_grad():
            found[-1] = (*found[-1], *run(cell, inputs))
    assert_close(found[0], found[1], torch.float32)


@triton.jit  # type: ignore[untyped-decorator, unused-ignore]
def draw_kernel(seed, out, step, threshold, STREAM: tl.constexpr, B: tl.constexpr, H: tl.constexpr):  # type: ignore[no-untyped-def]
    sequence, unit = tl.arange(0, B), tl.arange(0, H)
    kept = keeps(seed, STREAM, step, sequence, unit, threshold)
    tl.store(out + sequence[:, None] * H + unit[None, :], kept.to(tl.int8))


@pytest.mark.parametrize("stream", [zoneout.STATE, zoneout.CELL_STATE])
def test_zoneout_draws_the_same_bits(stream: int) -> None:
    for value, step, rate in ((0, 0, 0.5), (2**62 + 12345, 1000, 0.1), (2**63 - 1, 7, 0.9)):
        seed = torch.tensor([value], device=DEVICE)
        out = torch.empty(16, 64, dtype=torch.int8, device=DEVICE)
        draw_kernel[(1,)](seed, out, step, int(rate * 2**24), STREAM=stream, B=16, H=64)
        assert torch.equal(out.bool(), zoneout.draw(seed, rate, stream, step, 16, 64))


def test_a_layer_wider_than_a_tile_in_every_direction() -> None:
    torch.manual_seed(0)
    given = layer(
        "gru", "time_first", 2, launch.ROWS + 1, 2 * launch.COLUMNS + 1, {"bias", "layer_norm"}, torch.float32
    )
    found = results(recurrent.run, "gru", given, torch.float32)
    assert_close(found, results(unrolled.run, "gru", given, torch.float64), torch.float32)
