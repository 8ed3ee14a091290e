from collections.abc import Callable

import pytest
import torch
from torch import nn

from gatelet.nn import GRU, LSTM, RNN
from gatelet.study.costs import call_flops, cell_flops, count_parameters, flops_per_step, peak_memory, step_latency


class Network(nn.Module):
    def __init__(self, hidden_size: int = 17, cell: type[nn.Module] = GRU) -> None:
        super().__init__()
        self.encoder = cell(5, hidden_size)
        self.head = nn.Linear(hidden_size, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y, _ = self.encoder(x)
        return self.head(y[-1])  # type: ignore[no-any-return]


def training(network: nn.Module, time: int, batch: int = 4) -> tuple[Callable[[], None], torch.optim.Optimizer]:
    optimizer = torch.optim.AdamW(network.parameters())
    x = torch.randn(time, batch, 5)

    def step() -> None:
        network(x).square().mean().backward()
        optimizer.step()

    return step, optimizer


@pytest.mark.parametrize(("cell", "gates"), [("gru", 3), ("lstm", 4), ("rnn", 1)])
def test_operations_of_one_step_are_those_of_its_matrices(cell: str, gates: int) -> None:
    multiplications = gates * (64 * 13 + 64 * 64)
    assert cell_flops(cell, 13, 64) == 2 * multiplications


@pytest.mark.parametrize("cell", [GRU, LSTM, RNN])
@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (3, False), (2, True)])
def test_a_stack_costs_two_operations_for_each_weight_that_is_not_a_bias(
    cell: type[GRU], layers: int, bidirectional: bool
) -> None:
    stack = cell(5, 17, num_layers=layers, bidirectional=bidirectional, bias=False)
    assert flops_per_step(stack) == 2 * count_parameters(stack)


def test_one_call_counts_every_step_and_the_dense_layers() -> None:
    network = Network()
    flops = call_flops(network, lambda: network(torch.zeros(9, 1, 5)))
    assert flops == 9 * cell_flops("gru", 5, 17) + 2 * 17 * 6


def test_counting_leaves_no_hooks_behind_even_after_an_error() -> None:
    network = Network()
    with pytest.raises(ValueError, match="Expected input to be 2D or 3D"):
        call_flops(network, lambda: network(torch.zeros(1, 1, 1, 5)))
    assert not any(module._forward_pre_hooks for module in network.modules())


def test_frozen_weights_are_not_counted() -> None:
    network = Network()
    total = count_parameters(network)
    network.head.requires_grad_(False)
    assert count_parameters(network) == total - 17 * 6 - 6


@pytest.mark.parametrize("cell", [GRU, LSTM, RNN])
def test_a_step_takes_time_and_the_mode_is_kept(cell: type[nn.Module]) -> None:
    network = Network(cell=cell).train()
    latency = step_latency(network, calls=20, warm_up=2)
    assert 0.0 < latency.median <= latency.p99
    assert network.training


def test_peak_memory_is_the_same_every_time() -> None:
    step, optimizer = training(Network(), 11)
    assert peak_memory(step, optimizer) == peak_memory(step, optimizer)


def test_peak_memory_holds_weights_gradients_and_state_and_grows_with_time() -> None:
    network = Network(hidden_size=65)
    step, optimizer = training(network, 3)
    weights = 4 * count_parameters(network)
    short = peak_memory(step, optimizer)
    assert short >= 4 * weights  # weights, two moments, gradients
    longer, optimizer = training(Network(hidden_size=65), 203)
    # what must be kept of each step for the way back is at least its output
    assert peak_memory(longer, optimizer) - short >= 200 * 4 * 65 * 4


def test_peak_memory_writes_nothing_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    peak_memory(*training(Network(), 3))
    assert capfd.readouterr().err == ""
