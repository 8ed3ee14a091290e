"""A fitted translator as two plans: the encoder, and one step of the decoder."""

from __future__ import annotations

from dataclasses import asdict, replace

from gatelet import plan
from gatelet.nn.attention import AdditiveAttention, DotAttention, GeneralAttention
from gatelet.nn.beam_search import SearchSettings
from gatelet.nn.encoder_decoder import AttentionDecoder
from gatelet.nn.planning import array, dense, recurrent
from gatelet.tasks.translation.fitted import Fitted
from gatelet.tasks.translation.network import TranslatorNetwork


def plan_of(fitted: Fitted, search: SearchSettings) -> plan.EncoderDecoder:
    """The plans of a translator.

    The encoder reads the numbers of the `source` tokens, closed by the edge, and writes `memory` and `keys`, one row of
    each per token, and where the states of the decoder begin. The decoder reads the number of the last `token`, the
    edge at first, and what the encoder wrote; it writes the `log_probabilities` of the next token and the `attention`.
    """
    network = fitted.network
    if isinstance(found := getattr(network, "plan", None), plan.EncoderDecoder):
        return replace(
            found, decoder=replace(found.decoder, features={**found.decoder.features, "search": asdict(search)})
        )
    return plan.EncoderDecoder(_encoder(fitted), _decoder(fitted, network, search))


def _starts(decoder: AttentionDecoder) -> tuple[tuple[str, ...], ...]:
    """For each layer the names of the values at which its states begin."""
    parts = ("h", "c")[: decoder.parts]
    return tuple(tuple(f"start.{part}{layer}" for part in parts) for layer in range(len(decoder.layers)))


def _encoder(fitted: Fitted) -> plan.Plan:
    network = fitted.network
    stack, decoder = network.encoder.recurrent, network.decoder
    top, size = f"memory.l{stack.num_layers - 1}", decoder.hidden_size
    operations: list[plan.Operation] = [
        plan.Embedding("source", "vectors", array(network.source.weight)),
        *recurrent(stack, "vectors", "memory", over="rows"),
        plan.Row(f"{top}.forward", "whole.forward"),
        plan.Row(f"{top}.reverse", "whole.reverse", last=False),
        plan.Concatenate(("whole.forward", "whole.reverse"), "whole"),
        *_keys(decoder),
    ]
    width = 2 * stack.hidden_size
    outputs = [plan.Value("memory", ("time", width)), plan.Value("keys", ("time", _key_size(decoder, width)))]
    weight, bias = array(decoder.start.weight), array(decoder.start.bias)
    depth = len(decoder.layers)
    for layer, names in enumerate(_starts(decoder)):
        for part, name in enumerate(names):
            rows = slice((part * depth + layer) * size, (part * depth + layer + 1) * size)
            operations.append(plan.Dense("whole", name, weight[rows], bias[rows], "tanh"))
            outputs.append(plan.Value(name, (size,)))
    features = {
        "kind": "text",
        "text": fitted.source.to_json(),
        "edge": network.sizes.source,
        "longest": fitted.longest,
    }
    return plan.Plan(
        "Translator", (plan.Value("source", ("time",), "int"),), tuple(operations), tuple(outputs), features
    )


def _keys(decoder: AttentionDecoder) -> list[plan.Operation]:
    attention = decoder.attention
    if isinstance(attention, AdditiveAttention | GeneralAttention):
        return [dense(attention.memory, "memory", "keys")]
    return [plan.Activation("memory", "keys", "linear")]


def _key_size(decoder: AttentionDecoder, memory: int) -> int:
    attention = decoder.attention
    if isinstance(attention, AdditiveAttention | GeneralAttention):
        return int(attention.memory.out_features)
    return memory


def _decoder(fitted: Fitted, network: TranslatorNetwork, search: SearchSettings) -> plan.Plan:
    decoder, size = network.decoder, network.decoder.hidden_size
    width = 2 * network.encoder.recurrent.hidden_size
    starts = _starts(decoder)
    inputs = [
        plan.Value("token", (), "int"),
        plan.Value("memory", ("source", width)),
        plan.Value("keys", ("source", _key_size(decoder, width))),
        *(plan.Value(name, (size,)) for names in starts for name in names),
    ]
    operations: list[plan.Operation] = [plan.Embedding("token", "vector", array(network.target.weight))]
    fed = "vector"
    if decoder.input_feeding:
        operations.append(plan.Delay("features", "former_features", decoder.input_size))
        operations.append(plan.Concatenate(("vector", "former_features"), "fed"))
        fed = "fed"
    for number, layer in enumerate(decoder.layers):
        operations += recurrent(layer, fed, f"layer{number}", starts=(starts[number],))  # type: ignore[arg-type]
        if number == 0:
            operations.append(_attention(decoder))
        if number + 1 < len(decoder.layers):
            fed = f"joined{number}"
            operations.append(plan.Concatenate((f"layer{number}", "context"), fed))
    operations += [
        plan.Concatenate((f"layer{len(decoder.layers) - 1}", "context", "vector"), "found"),
        dense(decoder.readout, "found", "features", "tanh"),
        plan.Dense("features", "scores", array(network.scoring), array(network.bias)),
        plan.Softmax("scores", "log_probabilities", logarithm=True, barred=1),
    ]
    outputs = (plan.Value("log_probabilities", (len(network.bias),)), plan.Value("attention", ("source",)))
    features = {
        "kind": "text",
        "text": fitted.target.to_json(),
        "edge": network.sizes.target,
        "spacing": fitted.spacing.to_json(),
        "search": asdict(search),
    }
    return plan.Plan("Translator", tuple(inputs), tuple(operations), outputs, features)


def _attention(decoder: AttentionDecoder) -> plan.Attention:
    attention = decoder.attention
    names = ("layer0", "memory", "keys", "context", "attention")
    if isinstance(attention, GeneralAttention | DotAttention):
        return plan.Attention(*names)
    assert isinstance(attention, AdditiveAttention)
    covered = array(attention.covered.weight)[:, 0] if decoder.coverage else None
    return plan.Attention(
        *names,
        kind="additive",
        weight=array(attention.query.weight),
        bias=array(attention.query.bias),
        score=array(attention.score.weight)[0],
        covered=covered,
    )
