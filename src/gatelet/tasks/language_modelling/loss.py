"""What a language model minimises, its state carried from segment to segment."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gatelet.errors import GateletError
from gatelet.tasks.language_modelling.network import LanguageNetwork, States
from gatelet.tasks.language_modelling.streams import Segment


class CarriedLoss:
    """Mean cross-entropy per token of the segments of streams, which must come in their order.

        loss = mean(-log p) + activation_penalty * mean(d_t^2) + change_penalty * mean((h_t - h_{t-1})^2)

    with h_t of the last layer, and d_t the same after dropout. The penalties act in training alone. The state after a
    segment is where the next one begins, without its gradient: truncated backpropagation through time.

    Source of the penalties: Merity et al., Revisiting Activation Regularization for Language RNNs, 2017
    (arXiv:1708.01009).
    """

    def __init__(self, activation_penalty: float = 0.0, change_penalty: float = 0.0) -> None:
        """Begin before the first segment.

        Raises:
            GateletError: a penalty is not in [0, 1000].
        """
        for name, value in (("activation_penalty", activation_penalty), ("change_penalty", change_penalty)):
            if not 0.0 <= value <= 1000.0:
                raise GateletError(f"{name} must be between 0 and 1000; got {value}.")
        self.activation_penalty, self.change_penalty = activation_penalty, change_penalty
        self._states: dict[bool, States] = {}  # a validation goes its own way between two epochs

    def __call__(self, network: nn.Module, batch: Segment) -> Tensor:
        """The loss of the next segment."""
        assert isinstance(network, LanguageNetwork)
        training = network.training
        states = network.initial(len(batch.former)) if batch.first else self._states[training]
        found = network(batch.former, states, batch.resets if batch.resets.any() else None)
        self._states[training] = tuple(tuple(state.detach() for state in layer) for layer in found.states)
        real = batch.target > 0
        loss = network.cross_entropy(found.features[real], batch.target[real])
        if training and self.activation_penalty:
            loss = loss + self.activation_penalty * found.dropped.square().mean()
        if training and self.change_penalty and found.hidden.shape[1] > 1:
            loss = loss + self.change_penalty * torch.diff(found.hidden, dim=1).square().mean()
        return loss
