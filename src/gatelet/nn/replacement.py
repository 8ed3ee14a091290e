"""gatelet's layers in the place of torch's, in somebody's model."""

from __future__ import annotations

from typing import Any

from torch import nn

from gatelet.nn.gru import GRU
from gatelet.nn.lstm import LSTM
from gatelet.nn.rnn import RNN

__all__ = ["replace"]

OURS: dict[type[nn.Module], Any] = {nn.GRU: GRU, nn.LSTM: LSTM, nn.RNN: RNN}


def replace(model: nn.Module) -> nn.Module:
    """Swap every `torch.nn.GRU`, `LSTM` and tanh `RNN` in a model for gatelet's, in place, with the same weights.

    The weights are shared, not copied: an optimizer that was made before goes on training them, `state_dict` keeps its
    names, and a layer that stands in several places still stands there once. Subclasses and layers with
    parametrizations or hooks are left as they are, since what they add would be lost; so are torch's cells, than which
    ours are no faster.

    Args:
        model: any module.

    Returns:
        The model; a new layer if the model itself is one to swap.
    """
    done: dict[nn.Module, nn.Module] = {}
    for parent in list(model.modules()):
        for name, child in list(parent._modules.items()):
            if child is not None and _swappable(child):
                if child not in done:
                    done[child] = _swapped(child)
                setattr(parent, name, done[child])
    return _swapped(model) if _swappable(model) else model


def _swappable(layer: nn.Module) -> bool:
    """Exactly torch's layer, with nothing hung on it, and one that we have."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    if type(layer) not in OURS or any(getattr(layer, name) for name in hooks):
        return False
    return not isinstance(layer, nn.RNN) or layer.nonlinearity == "tanh"


def _swapped(layer: nn.Module) -> nn.Module:
    """Our layer on the very parameters of torch's."""
    assert isinstance(layer, nn.RNNBase)
    options = {name: getattr(layer, name) for name in ("num_layers", "bias", "batch_first", "bidirectional")}
    if isinstance(layer, nn.LSTM):
        options["proj_size"] = layer.proj_size
    ours: GRU | LSTM | RNN = OURS[type(layer)](layer.input_size, layer.hidden_size, **options, device="meta")
    ours.dropout = layer.dropout  # torch has already warned where it has no effect
    for name, weight in layer._parameters.items():  # also those that stand under two names
        setattr(ours, name, weight)
    return ours.train(layer.training)
