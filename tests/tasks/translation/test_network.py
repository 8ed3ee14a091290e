"""The network beside one put together from torch's layers and formulae, in float64 and in float32."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gatelet.features.text import fit_text
from gatelet.features.text.numbered import numbered
from gatelet.tasks.translation import Translator
from gatelet.tasks.translation.batch import Batch, PairCutter
from gatelet.tasks.translation.network import TranslationLoss, TranslatorNetwork, TranslatorSettings, TranslatorSizes

from .conftest import WORDS

SOURCES, TARGETS = ["a b c", "a", "c b"], ["x", "y z y z", "z x"]


def case(dtype: torch.dtype) -> tuple[TranslatorNetwork, Batch]:
    features = [fit_text(texts, WORDS) for texts in (SOURCES, TARGETS)]
    source, target = (numbered(each, texts) for each, texts in zip(features, (SOURCES, TARGETS), strict=True))
    torch.manual_seed(0)
    sizes = TranslatorSizes(len(features[0].vocabulary), len(features[1].vocabulary))
    settings = TranslatorSettings(embedding_size=15, hidden_size=17, dropout=0.0, embedding_dropout=0.0)
    return TranslatorNetwork(settings, sizes).to(dtype), PairCutter(source, target)(torch.arange(3))


def peer_loss(network: TranslatorNetwork, batch: Batch, smoothing: float) -> Tensor:
    """The same sum pair by pair, with torch's GRU layers on the same weights."""
    encoder = nn.GRU(15, 17, batch_first=True, bidirectional=True).to(network.bias.dtype)
    cells = [nn.GRU(size, 17, batch_first=True).to(network.bias.dtype) for size in (15, 17 + 34)]
    pairs = [(encoder, network.encoder.recurrent), *zip(cells, network.decoder.layers, strict=True)]
    weights: dict[nn.Module, dict[str, Tensor]] = {peer: dict(ours.named_parameters()) for peer, ours in pairs}
    losses = []
    for row in range(3):
        source = network.source(batch.source[row][batch.source_mask[row]])[None]
        former = network.target(batch.former[row][batch.target_mask[row]])[None]
        places, h_n = torch.func.functional_call(encoder, weights[encoder], (source,))
        start = network.decoder.start(h_n.flatten()).tanh().view(2, 1, 1, 17)
        y, _ = torch.func.functional_call(cells[0], weights[cells[0]], (former, start[0]))
        weight = (y @ network.decoder.attention.keys(places).transpose(1, 2)).softmax(-1)
        context = weight @ places
        y, _ = torch.func.functional_call(cells[1], weights[cells[1]], (torch.cat([y, context], -1), start[1]))
        features = network.decoder.readout(torch.cat([y, context, former], -1)).tanh()[0]
        scores = features @ network.scoring.T + network.bias
        target = batch.target[row][batch.target_mask[row]]
        losses.append(functional.cross_entropy(scores, target, label_smoothing=smoothing, reduction="sum"))
    return torch.stack(losses).sum() / batch.target_mask.sum()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 1e-5)])
def test_loss_and_gradients_are_those_of_torch_s_layers(dtype: torch.dtype, tolerance: float) -> None:
    network, batch = case(dtype)
    weights = list(network.parameters())
    loss, expected = TranslationLoss(0.1)(network.train(), batch), peer_loss(network, batch, 0.1)
    torch.testing.assert_close(loss, expected, rtol=tolerance, atol=tolerance)
    found, wanted = (torch.autograd.grad(each, weights) for each in (loss, expected))
    torch.testing.assert_close(found, wanted, rtol=100 * tolerance, atol=tolerance)


def test_former_tokens_are_the_targets_one_step_later() -> None:
    network, batch = case(torch.float32)
    edge = network.sizes.target
    assert batch.former[:, 0].tolist() == [edge] * 3
    lengths = batch.target_mask.sum(1).tolist()
    assert lengths == [2, 5, 3] and batch.source_lengths.tolist() == [4, 2, 3]
    for row, length in enumerate(lengths):
        assert batch.former[row, 1:length].tolist() == batch.target[row, : length - 1].tolist()
        assert batch.target[row, length - 1] == edge
    assert (batch.former[~batch.target_mask] == 0).all()


def test_step_gives_the_probabilities_that_training_sees(fitted: Translator) -> None:
    network, batch = case(torch.float64)
    states, memory = network.eval().encode(batch)
    log_p = []
    for time in range(batch.target.shape[1]):
        scores, _, states = network.step(batch.former[:, time : time + 1], states, memory)
        assert (scores[..., 0] == -torch.inf).all()  # padding is never written
        log_p.append(scores)
    chosen = torch.cat(log_p, 1).gather(2, batch.target[..., None])[..., 0][batch.target_mask]
    features = network(batch)
    scores = functional.linear(features, network.scoring, network.bias)[:, 1:].log_softmax(-1)
    expected = scores.gather(1, batch.target[batch.target_mask][:, None] - 1)[:, 0]
    torch.testing.assert_close(chosen, expected)


def test_all_guessed_reads_nothing_but_the_edge(new: Callable[..., Translator]) -> None:
    network, batch = case(torch.float64)
    changed = Batch(batch.source, batch.source_lengths, batch.target, batch.former.clone())
    states, memory = network.encode(batch)
    guessed = network._partly_guessed(batch.former, 1.0, states, memory)
    assert guessed[:, 0].tolist() == batch.former[:, 0].tolist()
    features, _ = network.decoder(network.target(changed.former), states, memory)
    best = functional.linear(features, network.scoring, network.bias).argmax(-1)
    assert guessed[:, 1:].tolist() == best[:, :-1].tolist()
