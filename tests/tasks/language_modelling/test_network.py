"""The state is carried: segments are as the whole, documents as alone; what is tied is one."""

import itertools
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from gatelet.errors import GateletError
from gatelet.tasks.language_modelling import LanguageModelSettings, SegmentSettings
from gatelet.tasks.language_modelling.fitted import Fitted
from gatelet.tasks.language_modelling.loss import CarriedLoss
from gatelet.tasks.language_modelling.network import LanguageNetwork
from gatelet.tasks.language_modelling.script import Corpus
from gatelet.tasks.language_modelling.streams import Segment

SIZE = 11
# sums over some steps in float32
assert_close = partial(torch.testing.assert_close, rtol=1e-4, atol=1e-5)


def network(**options: object) -> LanguageNetwork:
    torch.manual_seed(0)
    sizes = {"embedding_size": 5, "hidden_size": 7, "num_layers": 2} | options
    made = LanguageNetwork(LanguageModelSettings(**sizes), SIZE).eval()  # type: ignore[arg-type]
    with torch.no_grad():
        made.bias.normal_()
    return made


def tokens(rows: int, steps: int) -> Tensor:
    return torch.randint(1, SIZE, (rows, steps), generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_segments_are_as_the_whole(cell: str) -> None:
    made, read = network(cell=cell), tokens(3, 17)
    whole = made(read, made.initial(3))
    states, found = made.initial(3), []
    for part in torch.split(read, [1, 6, 10], 1):
        output = made(part, states)
        found.append(output.features)
        states = output.states
    assert_close(torch.cat(found, 1), whole.features)
    for one, other in zip(itertools.chain(*states), itertools.chain(*whole.states), strict=True):
        assert_close(one, other)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_the_state_begins_anew_where_a_document_does(cell: str) -> None:
    made, read = network(cell=cell), tokens(2, 9)
    resets = torch.zeros(2, 9, dtype=torch.bool)
    resets[0, 4] = resets[1, 7] = True
    states = made(tokens(2, 3), made.initial(2)).states
    found = made(read, states, resets).features
    for row, begin in ((0, 4), (1, 7)):
        alone = made(read[row : row + 1, begin:], made.initial(1)).features
        assert_close(found[row : row + 1, begin:], alone)
    assert_close(found[:, :4], made(read[:, :4], states).features)


def test_the_loss_carries_states_and_keeps_training_and_validation_apart() -> None:
    made, read, target = network(), tokens(2, 12), tokens(2, 13)[:, 1:]
    no = torch.zeros(2, 12, dtype=torch.bool)
    whole = CarriedLoss()(made, Segment(read, target, no, first=True))
    loss, parts = CarriedLoss(), []
    for begin, end in ((0, 5), (5, 12)):
        cut = slice(begin, end)
        parts.append((end - begin) * loss(made, Segment(read[:, cut], target[:, cut], no[:, cut], first=begin == 0)))
        loss(made.train(), Segment(read, target, no, first=True))  # goes its own way
        made.eval()
    assert_close(sum(parts) / 12, whole)
    again = loss(made, Segment(read[:, :5], target[:, :5], no[:, :5], first=True))
    assert_close(5 * again, parts[0])


def test_penalties_act_in_training_alone() -> None:
    made, read = network(dropout=0.0, layer_dropout=0.0, embedding_dropout=0.0), tokens(2, 6)
    segment = Segment(read, read, torch.zeros(2, 6, dtype=torch.bool), first=True)
    plain, hidden = CarriedLoss()(made, segment), made(read, made.initial(2)).hidden
    assert CarriedLoss(2.0, 3.0)(made, segment) == plain
    found = CarriedLoss(2.0, 3.0)(made.train(), segment)
    expected = plain + 2.0 * hidden.square().mean() + 3.0 * (hidden[:, 1:] - hidden[:, :-1]).square().mean()
    assert_close(found, expected)


def test_no_gradient_goes_back_beyond_a_segment() -> None:
    made, loss, read = network().train(), CarriedLoss(), tokens(2, 6)
    segment = Segment(read, read, torch.zeros(2, 6, dtype=torch.bool), first=True)
    loss(made, segment)
    second = Segment(read, read, segment.resets, first=False)
    torch.autograd.backward(loss(made, second))  # through a freed graph it would fail
    torch.autograd.backward(loss(made, second))


@pytest.mark.parametrize(("embedding", "tied"), [(5, True), (7, True), (5, False)])
def test_tied_vectors_are_one(embedding: int, tied: bool) -> None:
    made = network(embedding_size=embedding, tied=tied)
    assert (made.scoring is made.tokens.weight) is tied
    names = set(made.state_dict())
    assert ("readout.weight" in names) is (tied and embedding != 7) and ("out.weight" in names) is not tied
    before = made.scoring.detach().clone()
    loss = CarriedLoss()(made.train(), Segment(tokens(2, 4), tokens(2, 4), torch.zeros(2, 4).bool(), first=True))
    torch.autograd.backward(loss)
    assert made.scoring.grad is not None and made.scoring.grad.any()
    assert torch.equal(before, made.scoring)


def test_it_begins_with_the_frequencies() -> None:
    made = network()
    counts = torch.arange(SIZE)
    made.count(counts)
    expected = ((counts + 1.0) / (counts + 1.0).sum()).log()
    assert_close(made.log_frequencies, expected)
    assert_close(made.bias.detach(), expected)


def test_whole_tokens_are_dropped_wherever_they_stand() -> None:
    made = network(token_dropout=0.5, embedding_dropout=0.0).train()
    read = torch.arange(SIZE).repeat(2, 3)
    vectors = made.token_dropout(made.tokens(read), read, SIZE).detach()
    kept = (vectors != 0).any(-1)
    assert torch.equal(kept, kept[:1, :SIZE].repeat(2, 3)) and 0 < kept[0, :SIZE].sum() < SIZE
    assert_close(vectors[kept], 2.0 * made.tokens(read)[kept])


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_scores_of_documents_are_those_of_each_alone(cell: str) -> None:
    made = network(cell=cell)
    lengths = [700, 3, 41]
    ids = tokens(1, sum(lengths))[0].numpy().copy()
    offsets = np.cumsum([0, *lengths])
    ids[offsets[1:] - 1] = SIZE - 1
    corpus = Corpus(ids, offsets, 1, 0, 0.0)
    expected = 0.0
    for begin, end in itertools.pairwise(offsets):
        document = torch.from_numpy(ids[begin:end])
        states, last = made.initial(1), SIZE - 1
        for token in document.tolist():
            with torch.no_grad():
                scores, states = made.step(last, states)
            expected -= float(scores.log_softmax(-1)[token])
            last = token
    assert Fitted(None, made).nats(corpus) == pytest.approx(expected, rel=1e-4)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cell": "rnn"}, "cell must be one of gru, lstm; got rnn."),
        ({"hidden_size": 0}, "hidden_size must be a whole number of at least 1; got 0."),
        ({"weight_drop": 1.0}, "weight_drop must be in [0, 1); got 1.0."),
    ],
)
def test_settings_out_of_range(options: dict[str, object], words: str) -> None:
    with pytest.raises(GateletError) as caught:
        network(**options)
    assert words in str(caught.value)


def test_segments_out_of_range() -> None:
    with pytest.raises(GateletError, match="length must be a whole number from 2"):
        SegmentSettings(length=1)
    with pytest.raises(GateletError, match="change_penalty must be between 0 and 1000; got -1"):
        SegmentSettings(change_penalty=-1.0)
