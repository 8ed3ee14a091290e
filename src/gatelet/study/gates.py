"""The gates of a trained GRU, hour by hour, while it reads a real stretch of data."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from gatelet.nn import GRU
from gatelet.nn.gru import GateActivations, gate_activations


def gates_during(network: nn.Module, call: Callable[[], object]) -> GateActivations:
    """Lay open the gates of the first GRU that runs within a call, computed anew by the float64 reference.

    Args:
        network: has a GRU somewhere.
        call: runs the network once.

    Returns:
        The gates, laid out as the GRU's input was: (T, B, H), or (B, T, H) with `batch_first`.

    Raises:
        ValueError: no GRU ran.
    """
    seen: list[tuple[GRU, tuple[Tensor, ...]]] = []

    def note(layer: GRU, inputs: tuple[Tensor, ...]) -> None:
        seen.append((layer, inputs))

    handles = [m.register_forward_pre_hook(note) for m in network.modules() if isinstance(m, GRU)]
    try:
        call()
    finally:
        for handle in handles:
            handle.remove()
    if not seen:
        raise ValueError("The network must run a GRU for its gates to be seen; none ran.")
    layer, inputs = seen[0]
    return gate_activations(layer, *inputs)
