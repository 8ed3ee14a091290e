import numpy as np
import pytest
import torch
from torch import nn

from gatelet.nn import GRU, LSTM
from gatelet.study.gates import gates_during


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = GRU(3, 7, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        _, state = self.encoder(x)
        y, _ = self.encoder(x[:, :1], state)
        return torch.as_tensor(y)


def test_the_gates_explain_the_states_of_the_first_pass() -> None:
    torch.manual_seed(0)
    network, x = Network(), torch.randn(1, 15, 3)
    gates = gates_during(network, lambda: network(x))
    y, _ = network.encoder(x)
    assert gates.update.shape == gates.reset.shape == (1, 15, 7)
    before = torch.cat([torch.zeros(1, 1, 7), y[:, :-1]], 1)
    states = (1 - gates.update) * gates.candidate + gates.update * before
    np.testing.assert_allclose(states.detach().numpy(), y.detach().numpy(), atol=1e-6)


def test_no_hook_stays() -> None:
    network = Network()
    gates_during(network, lambda: network(torch.zeros(1, 2, 3)))
    assert not network.encoder._forward_pre_hooks


def test_without_a_gru_it_says_so() -> None:
    network = LSTM(3, 7)
    with pytest.raises(ValueError, match="must run a GRU"):
        gates_during(network, lambda: network(torch.zeros(2, 1, 3)))
