"""Networks that run a plan instead of weights of torch: models in integers.

They predict and are evaluated like the networks that they were made from; what needs gradients or weights is refused.
"""

from __future__ import annotations

from torch import nn

from gatelet.errors import GateletError
from gatelet.plan import EncoderDecoder, Plan


def plan_within(network: nn.Module) -> Plan | None:
    """The plan that a network runs instead of weights of its own; None if it has those."""
    plan = getattr(network, "plan", None)
    return plan if isinstance(plan, Plan) else None


def plans_within(network: nn.Module) -> tuple[Plan, ...]:
    """The plan, or the two of an encoder and a decoder, that a network runs; none if it has weights of its own."""
    plan = getattr(network, "plan", None)
    if isinstance(plan, EncoderDecoder):
        return plan.encoder, plan.decoder
    return (plan,) if isinstance(plan, Plan) else ()


def need_weights(network: nn.Module, what: str, instead: str = "take the model that it was quantized from") -> None:
    """Raise GateletError if a network has no weights of torch.

    Args:
        network: of a model.
        what: that needs them, such as "explained".
        instead: what to do.
    """
    if plans_within(network):
        raise GateletError(f"A model in integers cannot be {what}; {instead}.")
