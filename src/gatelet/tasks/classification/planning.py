"""A fitted classifier as a plan: token by token where it reads forward, else the whole text in one step."""

from __future__ import annotations

from gatelet import plan
from gatelet.errors import GateletError
from gatelet.nn.planning import array, dense, recurrent
from gatelet.nn.pooling import Pooling
from gatelet.tasks.classification.fitted import Fitted
from gatelet.tasks.classification.network import ClassifierNetwork
from gatelet.tasks.planned import plan_within


def plan_of(fitted: Fitted) -> plan.Plan:
    """The plan of a classifier.

    Inputs are the numbers of `tokens` and, if there are spellings, the `spelling` of each, hashed, -1 where there is no
    more of it. Where it reads from both ends or labels words, the first axis of both is "time": a step is a whole text.
    The outputs are the `probabilities` of the classes, of the text so far, and the log probabilities of the `slots` of
    each token.

    Raises:
        GateletError: tokens vote once, or the slots have a conditional random field: no operation of a plan does that.
    """
    network = fitted.network
    if (found := plan_within(network)) is not None:
        return found
    settings, sizes = network.settings, network.sizes
    if name := without_operation(network):
        raise GateletError(f"A plan needs a classifier without {name}; this one has it.")
    over = "rows" if settings.bidirectional or sizes.slots else "steps"
    head: tuple[str, ...] = ("time",) if over == "rows" else ()
    inputs = [plan.Value("tokens", head, "int")]
    operations: list[plan.Operation] = [plan.Embedding("tokens", "words", array(network.embed.weight))]
    embedded = "words"
    if sizes.spelling:
        inputs.append(plan.Value("spelling", (*head, "parts"), "int"))
        operations.append(plan.Embedding("spelling", "spelled", array(network.spell.weight), mean=True))
        operations.append(plan.Add(("words", "spelled"), "vectors"))
        embedded = "vectors"
    for depth, layer in enumerate(network.layers):
        target = f"layer{depth}"
        operations += recurrent(layer, embedded, target, over=over, restart=settings.segment_length)  # type: ignore[arg-type]
        embedded = target
    operations += _pooled(network.pool, embedded, over, settings.segment_length)
    operations.append(dense(network.head, "pooled", "scores"))
    operations += _votes(network, over)
    scores = "all_scores" if settings.highway else "scores"
    if fitted.labels.multiple:
        operations.append(plan.Activation(scores, "probabilities", "sigmoid"))
    else:
        operations.append(plan.Softmax(scores, "probabilities"))
    outputs = [plan.Value("probabilities", (sizes.classes,))]
    if sizes.slots:
        operations += [
            plan.Concatenate((embedded, "pooled"), "words_and_text"),
            dense(network.slot_head, "words_and_text", "slot_scores"),
            plan.Softmax("slot_scores", "slots", logarithm=True),
        ]
        outputs.append(plan.Value("slots", ("time", sizes.slots)))
    features = {
        "kind": "text",
        "text": fitted.features.to_json(),
        "labels": list(fitted.labels.names),
        "multiple": fitted.labels.multiple,
        "threshold": fitted.threshold,
        "slots": list(fitted.slots),
    }
    return plan.Plan("Classifier", tuple(inputs), tuple(operations), tuple(outputs), features)


def without_operation(network: ClassifierNetwork) -> str | None:
    """The setting that no operation of a plan stands for, if there is one."""
    settings = network.settings
    return "vote_once" if settings.vote_once else "crf" if settings.crf and network.sizes.slots else None


def _pooled(pool: Pooling, source: str, over: str, segment: int) -> list[plan.Operation]:
    if pool.kind == "attention":
        weight, bias = array(pool.project.weight), array(pool.project.bias)
        return [plan.AttentionPool(source, "pooled", weight, bias, array(pool.score.weight)[0], over)]
    if pool.kind == "last" and pool.directions == 2:
        # each direction where it ends: the forward one at the last token, the other at the first
        return [
            plan.Row(f"{source}.l0.forward", "last_forward"),
            plan.Row(f"{source}.l0.reverse", "last_reverse", last=False),
            plan.Concatenate(("last_forward", "last_reverse"), "pooled"),
        ]
    return [plan.Pool(source, "pooled", pool.kind, over)]


def _votes(network: ClassifierNetwork, over: str) -> list[plan.Operation]:
    """What single tokens and pairs say, divided by the square root of the length, on top of the scores."""
    if not network.settings.highway:
        return []
    operations: list[plan.Operation] = [plan.Embedding("tokens", "token_votes", array(network.votes.weight))]
    votes = "token_votes"
    if network.settings.pair_buckets:
        operations += [
            plan.Pairs("tokens", "pairs", network.settings.pair_buckets, over),
            plan.Embedding("pairs", "pair_votes", array(network.pair_votes.weight)),
            plan.Add(("token_votes", "pair_votes"), "both_votes"),
        ]
        votes = "both_votes"
    return [*operations, plan.Pool(votes, "votes", "root", over), plan.Add(("scores", "votes"), "all_scores")]
