"""gatelet's layers in the place of torch's, in somebody's model."""

from __future__ import annotations

from torch import nn

from gatelet.nn.gru import GRU
from gatelet.nn.lstm import LSTM

__all__ = ["replace"]


def replace(model: nn.Module) -> nn.Module:
    """Swap every `torch.nn.GRU` and `torch.nn.LSTM` in a model for gatelet's, in place, with the same weights.

    The weights are shared, not copied: an optimizer that was made before goes on training them, `state_dict` keeps its
    names, and a layer that stands in several places still stands there once. Subclasses and layers with
    parametrizations or hooks are left as they are, since what they add would be lost.

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
    """Exactly torch's layer, with nothing hung on it."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return type(layer) in (nn.GRU, nn.LSTM) and not any(getattr(layer, name) for name in hooks)


def _swapped(layer: nn.Module) -> nn.Module:
    """Our layer on the very parameters of torch's."""
    assert isinstance(layer, nn.GRU | nn.LSTM)
    sizes = (layer.input_size, layer.hidden_size, layer.num_layers, layer.bias, layer.batch_first)
    ours: GRU | LSTM
    if isinstance(layer, nn.GRU):
        ours = GRU(*sizes, bidirectional=layer.bidirectional, device="meta")
    else:
        ours = LSTM(*sizes, bidirectional=layer.bidirectional, proj_size=layer.proj_size, device="meta")
    ours.dropout = layer.dropout  # torch has already warned where it has no effect
    for name, weight in layer.named_parameters():
        setattr(ours, name, weight)
    return ours.train(layer.training)
