"""The decoder against its equations, step by step with torch's cells in float64; all steps at once against steps."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gatelet.nn.encoder_decoder import AttentionDecoder, Encoder, Memory, States

B, S, T, E, H, M = 3, 5, 4, 6, 7, 8
LENGTHS = torch.tensor([2, 5, 3])
MASK = torch.arange(S) < LENGTHS[:, None]

VARIANTS: list[dict[str, Any]] = [
    {"num_layers": 1},
    {"num_layers": 3, "kind": "additive"},
    {"num_layers": 1, "input_feeding": True},
    {"num_layers": 2, "input_feeding": True, "kind": "additive", "coverage": True},
    {"num_layers": 2, "kind": "additive", "coverage": True},
]
NAMES = ["one layer", "three layers", "input feeding", "coverage and feeding", "coverage"]


def decoder(cell: str, dtype: torch.dtype = torch.float64, **options: Any) -> AttentionDecoder:
    torch.manual_seed(0)
    return AttentionDecoder(cell, E, H, memory_size=M, **options).to(dtype)


def case(layer: AttentionDecoder, dtype: torch.dtype = torch.float64) -> tuple[Tensor, States, Memory, list[Tensor]]:
    torch.manual_seed(1)
    x = torch.randn(B, T, E, dtype=dtype, requires_grad=True)
    places = torch.randn(B, S, M, dtype=dtype, requires_grad=True)
    whole = torch.randn(B, M, dtype=dtype, requires_grad=True)
    leaves = [x, places, whole, *layer.parameters()]
    return x, layer.initial(whole, S), layer.remember(places, MASK), leaves


def one_step(layer: nn.Module, x: Tensor, states: list[Tensor]) -> list[Tensor]:
    """The cell's equations on its own weights: (B, I) and its states (B, H)."""
    w = [getattr(layer, name) for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")]
    if len(states) == 1:
        return [torch.gru_cell(x, states[0], *w)]
    return list(torch.lstm_cell(x, states, *w))


def by_equations(layer: AttentionDecoder, x: Tensor, states: States, memory: Memory) -> tuple[Tensor, Tensor]:
    depth = len(layer.layers)
    cells = [[state[:, 0] for state in states[number : layer.parts * depth : depth]] for number in range(depth)]
    fed, covered = x.new_zeros(B, E), x.new_zeros(B, S)
    features, looked = [], []
    for t in range(x.shape[1]):
        token = x[:, t]
        cells[0] = one_step(layer.layers[0], torch.cat([token, fed], 1) if layer.input_feeding else token, cells[0])
        asked = cells[0][0][:, None]
        scores = layer.attention.scores(asked, memory.keys, covered[:, None] if layer.coverage else None)[:, 0]
        weights = scores.masked_fill(~memory.mask, -torch.inf).softmax(1)
        context = torch.einsum("bs,bsm->bm", weights, memory.places)
        covered = covered + weights
        for number in range(1, depth):
            below = torch.cat([cells[number - 1][0], context], 1)
            cells[number] = one_step(layer.layers[number], below, cells[number])
        fed = layer.readout(torch.cat([cells[-1][0], context, token], 1)).tanh()
        features.append(fed)
        looked.append(weights)
    return torch.stack(features, 1), torch.stack(looked, 1)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("options", VARIANTS, ids=NAMES)
def test_outputs_and_gradients_are_those_of_the_equations(cell: str, options: dict[str, Any]) -> None:
    layer = decoder(cell, **options)
    x, states, memory, leaves = case(layer)

    def gradients(features: Tensor, weights: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(features.sin().sum() + (weights * weights).sum(), leaves, retain_graph=True)

    found, expected = layer(x, states, memory), by_equations(layer, x, states, memory)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradients(*found), gradients(*expected), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("options", VARIANTS, ids=NAMES)
def test_steps_find_what_all_at_once_finds(cell: str, options: dict[str, Any]) -> None:
    layer = decoder(cell, torch.float32, **options)
    x, states, memory, _ = case(layer, torch.float32)
    whole = layer(x, states, memory)
    found = []
    for t in range(T):
        features, weights, states = layer.step(x[:, t : t + 1], states, memory)
        found.append((features, weights))
    torch.testing.assert_close(torch.cat([f for f, _ in found], 1), whole[0], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(torch.cat([w for _, w in found], 1), whole[1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("options", VARIANTS, ids=NAMES)
def test_beams_know_nothing_of_each_other(options: dict[str, Any]) -> None:
    layer = decoder("lstm", **options)
    x, states, memory, _ = case(layer)
    beams = tuple(state.expand(-1, T, *state.shape[2:]) for state in states)  # the T tokens as beams
    features, weights, after = layer.step(x, beams, memory)
    for k in range(T):
        alone = layer.step(x[:, k : k + 1], states, memory)
        torch.testing.assert_close((features[:, k : k + 1], weights[:, k : k + 1]), alone[:2])
        torch.testing.assert_close(tuple(state[:, k : k + 1] for state in after), alone[2])


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_encoder_reads_as_torch_s_layers_and_no_further_than_the_end(cell: str) -> None:
    torch.manual_seed(0)
    encoder = Encoder(cell, E, H, 2, dropout=0.0).double()
    peer = (nn.GRU if cell == "gru" else nn.LSTM)(E, H, 2, batch_first=True, bidirectional=True).double()
    peer.load_state_dict(encoder.recurrent.state_dict())
    x = torch.randn(B, S, E, dtype=torch.float64).masked_fill(~MASK[..., None], torch.nan)
    places, whole = encoder(x, LENGTHS)
    assert (places[~MASK] == 0).all()
    for b, length in enumerate(LENGTHS.tolist()):
        alone, last = peer(x[b : b + 1, :length])
        h_n = last[0] if cell == "lstm" else last
        torch.testing.assert_close(places[b, :length], alone[0])
        torch.testing.assert_close(whole[b], torch.cat([h_n[-2, 0], h_n[-1, 0]]))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_within_autocast_the_layers_compute_in_bfloat16_and_stay_near(cell: str) -> None:
    torch.manual_seed(0)
    encoder, layer = Encoder(cell, E, M // 2, 2, 0.0), decoder(cell, torch.float32, num_layers=2)
    x, target = torch.randn(B, S, E), torch.randn(B, T, E)
    leaves = [*encoder.parameters(), *layer.parameters()]

    def found() -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        places, whole = encoder(x, LENGTHS)
        features, _ = layer(target, layer.initial(whole, S), layer.remember(places, MASK))
        return places, features, torch.autograd.grad(features.float().sin().sum(), leaves)

    exact = found()
    with torch.autocast("cpu", torch.bfloat16):
        near = found()
    assert near[0].dtype == torch.bfloat16 and exact[0].dtype == torch.float32
    for given, wanted in zip(near[:2], exact[:2], strict=True):
        torch.testing.assert_close(given.float(), wanted, rtol=0, atol=0.03)  # bfloat16 has 8 bits
    for given, wanted in zip(near[2], exact[2], strict=True):
        assert given.dtype == torch.float32
        assert (given - wanted).norm() <= 0.05 * wanted.norm()
