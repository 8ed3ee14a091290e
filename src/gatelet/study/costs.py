"""What a model costs: parameters, floating-point operations, time for one step, and memory of one training step."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatelet.nn.recurrent import RecurrentLayer

GATES = {"gru": 3, "lstm": 4, "rnn": 1}


@dataclass(frozen=True)
class Latency:
    """Wall-clock time of one call, in microseconds, over many calls."""

    median: float
    p99: float


def cell_flops(cell: str, input_size: int, hidden_size: int) -> int:
    """Floating-point operations of one layer of a cell for one time step of one sequence.

    ```
    GRU  6 H (I + H)      LSTM  8 H (I + H)      tanh RNN  2 H (I + H)
    ```
    Each of the G gates multiplies a (H, I) and a (H, H) matrix by a vector, and a multiplication with its addition
    counts as two operations. Biases, sigmoids, tanh and products element by element are left out: they grow with H
    where the matrices grow with H squared.
    """
    return 2 * GATES[cell] * hidden_size * (input_size + hidden_size)


def count_parameters(module: nn.Module) -> int:
    """Number of trained numbers in a module."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def recurrent_layers(module: nn.Module) -> list[RecurrentLayer[Any]]:
    """The recurrent layers within `module`, in the order of registration."""
    return [child for child in module.modules() if isinstance(child, RecurrentLayer)]


def flops_per_step(module: nn.Module) -> int:
    """Operations of all recurrent layers and directions within `module` for one time step; see `cell_flops`."""
    return sum(_stack_flops(stack) for stack in recurrent_layers(module))


def _stack_flops(stack: RecurrentLayer[Any]) -> int:
    cell = type(stack).__name__.lower()
    directions = 2 if stack.bidirectional else 1
    first = cell_flops(cell, stack.input_size, stack.hidden_size)
    others = cell_flops(cell, directions * stack.hidden_size, stack.hidden_size)
    return directions * (first + (stack.num_layers - 1) * others)


def call_flops(module: nn.Module, call: Callable[[], object]) -> int:
    """Operations of one call of `module`: its recurrent steps and its dense layers, counted as they run.

    Args:
        module: whose recurrent and `nn.Linear` children are counted; a dense layer costs `2 * in * out` for each row.
        call: runs `module` once, on one sequence for the cost of one forecast.
    """
    total = 0

    def count_recurrent(stack: RecurrentLayer[Any], inputs: tuple[Tensor, ...]) -> None:
        nonlocal total
        total += _stack_flops(stack) * (inputs[0].numel() // stack.input_size)

    def count_dense(layer: nn.Linear, inputs: tuple[Tensor, ...]) -> None:
        nonlocal total
        total += 2 * layer.weight.numel() * (inputs[0].numel() // layer.in_features)

    handles = [stack.register_forward_pre_hook(count_recurrent) for stack in recurrent_layers(module)]
    handles += [m.register_forward_pre_hook(count_dense) for m in module.modules() if isinstance(m, nn.Linear)]
    try:
        call()
    finally:
        for handle in handles:
            handle.remove()
    return total


def step_latency(module: nn.Module, *, calls: int = 300, warm_up: int = 50) -> Latency:
    """Time for the recurrent layers within `module` to take in one time step of one sequence, state carried along.

    Args:
        module: whose recurrent layers run, in evaluation mode, without gradients.
        calls: how many steps are timed.
        warm_up: how many steps run before, untimed.
    """
    stacks = recurrent_layers(module)
    inputs = [torch.zeros(1, 1, stack.input_size) for stack in stacks]
    states: list[object] = [None] * len(stacks)
    seconds = np.empty(calls)
    training = module.training
    module.eval()
    with torch.inference_mode():
        for call in range(-warm_up, calls):
            start = time.perf_counter()
            for position, (stack, x) in enumerate(zip(stacks, inputs, strict=True)):
                _, states[position] = stack(x, states[position])
            if call >= 0:
                seconds[call] = time.perf_counter() - start
    module.train(training)
    median, p99 = np.quantile(seconds, (0.5, 0.99)) * 1e6
    return Latency(float(median), float(p99))


def peak_memory(train_step: Callable[[], object], optimizer: torch.optim.Optimizer) -> int:
    """Bytes in use at the fullest moment of one training step on the CPU.

    Weights, optimizer state, gradients and activations are counted. Every allocation and release of one step is
    recorded by torch's profiler and summed in order, on top of what lives from step to step, so the figure does not
    depend on the machine's load and comes out the same each time.

    Args:
        train_step: runs forward, backward and the optimizer's step once; it runs twice, the first time to create the
            optimizer's state.
        optimizer: whose parameters and state are counted as resident.
    """
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else the profiler writes its own progress to stderr
    train_step()
    optimizer.zero_grad()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        train_step()
        optimizer.zero_grad()
    kineto = profile.profiler.kineto_results if profile.profiler is not None else None
    if kineto is None:
        raise RuntimeError("torch.profiler must record the memory of one training step; it recorded nothing.")
    changes = sorted((event.start_ns(), event.nbytes()) for event in kineto.events() if event.name() == "[memory]")
    highest = max(np.cumsum([bytes_ for _, bytes_ in changes]), default=0)
    return int(highest) + _bytes(_resident(optimizer))


def _resident(optimizer: torch.optim.Optimizer) -> Iterable[Tensor]:
    for group in optimizer.param_groups:
        yield from group["params"]
    for state in optimizer.state.values():
        yield from (value for value in state.values() if isinstance(value, Tensor))


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
