"""A fitted realizer as a plan: one step, from an act and a token to the log probabilities of the next."""

from __future__ import annotations

from dataclasses import asdict

from gatelet import plan
from gatelet.features.text.vocabulary import RESERVED
from gatelet.nn.beam_search import SearchSettings
from gatelet.nn.planning import array, dense, recurrent
from gatelet.tasks.realisation.fitted import Fitted


def plan_of(fitted: Fitted, search: SearchSettings) -> plan.Plan:
    """The plan of a realizer.

    A step reads the number of the last `token`, the edge at first, and of the act its `type` (1 at its own, else 0)
    and its `parts` (1 where the act has one); it writes the `log_probabilities` of the next token, and of each part how
    much is `left` to be said. Search, ranking and the values in the sentence are not in the plan; what they need is
    among the features.
    """
    network, sizes = fitted.network, fitted.network.sizes
    inputs = [plan.Value("token", (), "int"), plan.Value("type", (sizes.types,))]
    outputs = [plan.Value("log_probabilities", (sizes.tokens + 1,))]
    operations: list[plan.Operation] = [
        plan.Embedding("token", "vector", array(network.embed.weight)),
        plan.Concatenate(("vector", "type"), "x"),
    ]
    fed = "x"
    if sizes.parts:
        inputs.append(plan.Value("parts", (sizes.parts,)))
        outputs.append(plan.Value("left", (sizes.parts,)))
        operations += [
            dense(network.decoder.read, "x", "gate", "sigmoid"),
            plan.Remaining("parts", "gate", "left"),
            plan.Concatenate(("x", "left"), "fed"),
        ]
        fed = "fed"
    operations += [
        *recurrent(network.decoder.recurrent, fed, "h"),
        dense(network.out, "h", "scores"),
        plan.Softmax("scores", "log_probabilities", logarithm=True, barred=RESERVED),
    ]
    features = {
        "kind": "text",
        "text": fitted.target.to_json(),
        "edge": sizes.tokens,
        "spacing": fitted.spacing.to_json(),
        "types": list(fitted.coder.types),
        "parts": list(fitted.coder.parts),
        "constants": dict(fitted.constants),
        "longest": fitted.longest,
        "search": asdict(search),
    }
    return plan.Plan("Realizer", tuple(inputs), tuple(operations), tuple(outputs), features)
