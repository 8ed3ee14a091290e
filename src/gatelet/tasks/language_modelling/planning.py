"""A fitted language model as a plan: one step, from a token to the log probabilities of the next."""

from __future__ import annotations

from dataclasses import asdict, replace

from torch import nn

from gatelet import plan
from gatelet.nn.planning import array, dense, recurrent
from gatelet.nn.sampling import SamplingSettings
from gatelet.tasks.language_modelling.fitted import Fitted
from gatelet.tasks.planned import plan_within


def plan_of(fitted: Fitted, sampling: SamplingSettings) -> plan.Plan:
    """The plan of a language model.

    A step reads the number of the last `token`, the mark `end` of a document at first, and writes the
    `log_probabilities` of the next one. Drawing is not in the plan; how to draw is among the features.
    """
    network, script = fitted.network, fitted.script
    drawn = asdict(sampling) | {"stop": list(sampling.stop)}
    if (found := plan_within(network)) is not None:
        return replace(found, features={**found.features, "sampling": drawn})
    operations: list[plan.Operation] = [plan.Embedding("token", "vector", array(network.tokens.weight))]
    last = "vector"
    for number, layer in enumerate(network.layers):
        operations += recurrent(layer, last, f"layer{number}")  # type: ignore[arg-type]
        last = f"layer{number}"
    readout = getattr(network, "readout", None)
    if isinstance(readout, nn.Linear):
        operations.append(dense(readout, last, "features"))
        last = "features"
    operations += [
        plan.Dense(last, "scores", array(network.scoring), array(network.bias)),
        plan.Softmax("scores", "log_probabilities", logarithm=True),
    ]
    features = {
        "kind": "text",
        "text": script.features.to_json(),
        "spacing": script.spacing.to_json(),
        "line": script.line,
        "end": script.end,
        "unwritten": script.unwritten,
        "sampling": drawn,
    }
    token = plan.Value("token", (), "int")
    scored = plan.Value("log_probabilities", (network.size,))
    return plan.Plan("LanguageModel", (token,), tuple(operations), (scored,), features)
