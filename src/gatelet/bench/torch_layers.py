"""PyTorch's layers and ours, float32, and PyTorch's in float64 as the measure of errors."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gatelet import __version__, nn
from gatelet.bench.jobs import Jobs
from gatelet.bench.problem import Problem
from gatelet.errors import GateletError
from gatelet.kernels import native

KINDS = {"gru": "GRU", "lstm": "LSTM"}


def ours(problem: Problem, threads: int) -> Jobs:
    """`gatelet.nn.GRU` or `LSTM`.

    Raises:
        GateletError: the native kernels are off.
    """
    if not native.ENABLED:
        raise GateletError("The native kernels must be built and GATELET_KERNELS not off; there is nothing to measure.")
    layer = getattr(nn, KINDS[problem.cell])
    return _jobs(f"gatelet {__version__}, {native.isa()}", layer, problem, threads, torch.float32)


def pytorch(problem: Problem, threads: int) -> Jobs:
    """`torch.nn.GRU` or `LSTM`."""
    return _jobs(f"torch {torch.__version__}", getattr(torch.nn, KINDS[problem.cell]), problem, threads, torch.float32)


def exact(problem: Problem, threads: int) -> Jobs:
    """`torch.nn.GRU` or `LSTM` in float64."""
    return _jobs("float64", getattr(torch.nn, KINDS[problem.cell]), problem, threads, torch.float64)


def _jobs(about: str, kind: type[torch.nn.Module], problem: Problem, threads: int, dtype: torch.dtype) -> Jobs:
    torch.set_num_threads(threads)
    layer = kind(problem.shape.inputs, problem.shape.hidden, dtype=dtype)
    names = [f"{name}_l0" for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    layer.load_state_dict({name: torch.from_numpy(getattr(problem, name[:-3])) for name in names})
    x, dy = (torch.from_numpy(array).to(dtype) for array in (problem.x, problem.dy))
    given = x.clone().requires_grad_()
    wanted = [given, *(layer.get_parameter(name) for name in names)]

    def forward() -> Tensor:
        with torch.no_grad():
            y: Tensor = layer(x)[0]
        return y

    def train() -> Sequence[Tensor]:
        y = layer(given)[0]
        return [y.detach(), *torch.autograd.grad(y, wanted, dy)]

    return Jobs(about, forward, train)
