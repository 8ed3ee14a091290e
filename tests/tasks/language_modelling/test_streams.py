"""Streams: every token once, in its order, after the one before it; documents whole when they are scored."""

import numpy as np
import pytest
import torch

from gatelet.errors import DataError
from gatelet.features.text import Spacing, TextSettings, fit_text
from gatelet.tasks.language_modelling.script import Corpus, Script
from gatelet.tasks.language_modelling.streams import HeldOutStreams, Segment, TrainingStreams

DOCUMENTS = ["a b c d e f g\nh i j", "k", "l m n o", "", "p q\n\nr s t u v w x y z"]


@pytest.fixture(scope="module")
def script() -> Script:
    return Script(fit_text(DOCUMENTS, TextSettings(unit="space", buckets=0, max_length=2**24)), Spacing())


@pytest.fixture(scope="module")
def corpus(script: Script) -> Corpus:
    return script.corpus(DOCUMENTS)


def joined(segments: list[Segment]) -> tuple[torch.Tensor, ...]:
    return tuple(torch.cat([getattr(each, name) for each in segments], 1) for name in ("former", "target", "resets"))


def test_numbers_of_documents(script: Script, corpus: Corpus) -> None:
    last = corpus.offsets[1:] - 1
    assert (corpus.ids[last] == script.end).all() and (corpus.ids == script.end).sum() == len(DOCUMENTS)
    assert (corpus.ids == script.line).sum() == 3
    assert corpus.characters == sum(map(len, DOCUMENTS)) + len(DOCUMENTS)
    assert (corpus.unknown, corpus.spelling_nats) == (0, 0.0)
    strange = script.corpus(["a é"])
    assert strange.unknown == 1 and strange.spelling_nats == pytest.approx(24 * np.log(2))


@pytest.mark.parametrize("varied", [False, True])
@pytest.mark.parametrize(("streams", "length"), [(1, 5), (3, 4), (64, 7), (2, 16)])
def test_training_streams_hold_every_token_after_the_one_before(
    streams: int, length: int, varied: bool, corpus: Corpus, script: Script
) -> None:
    batches = TrainingStreams(corpus, streams, length, seed=1, varied=varied)
    for epoch in range(3):
        batches.set_epoch(epoch)
        segments = list(batches)
        assert len(segments) == len(batches)
        assert [each.first for each in segments] == [True] + [False] * (len(segments) - 1)
        assert all(each.target.shape[1] > 0 for each in segments)
        former, target, resets = joined(segments)
        rows = min(streams, len(corpus) // length)
        assert target.shape == (rows, len(corpus) // rows) and (target > 0).all()
        assert torch.equal(former[:, 1:], target[:, :-1])
        assert torch.equal(resets, former == script.end)
        left_out = len(corpus) - target.numel()
        counts = np.bincount(corpus.ids, minlength=script.size) - np.bincount(target.flatten(), minlength=script.size)
        assert (counts >= 0).all() and counts.sum() == left_out < rows


def test_layouts_depend_on_seed_and_epoch_alone(corpus: Corpus) -> None:
    def layout(seed: int, epoch: int) -> list[int]:
        batches = TrainingStreams(corpus, 2, 5, seed=seed, varied=True)
        batches.set_epoch(epoch)
        return joined(list(batches))[1].flatten().tolist()

    assert layout(0, 0) == layout(0, 0)
    assert layout(0, 0) != layout(0, 1) != layout(1, 1)


def test_a_limit_and_lengths_that_vary(corpus: Corpus) -> None:
    assert len(list(TrainingStreams(corpus, 1, 4, seed=0, limit=2))) == 2
    long = Corpus(np.tile(corpus.ids, 200), np.array([0, 200 * len(corpus)]), 1, 0, 0.0)
    sizes = [each.target.shape[1] for each in TrainingStreams(long, 1, 50, seed=0, varied=True)]
    assert 40 < np.mean(sizes) <= 50 and np.std(sizes) > 2 and min(sizes) < 35


@pytest.mark.parametrize(("streams", "length"), [(1, 5), (2, 100), (3, 4), (64, 1)])
def test_held_out_streams_read_each_document_as_a_whole(
    streams: int, length: int, corpus: Corpus, script: Script
) -> None:
    former, target, resets = joined(list(HeldOutStreams(corpus, streams, length)))
    assert len(target) == min(streams, len(DOCUMENTS))
    read = []
    for row in range(len(target)):
        real = target[row] > 0
        ids, begins = target[row][real].numpy(), np.flatnonzero(resets[row][real].numpy())
        assert real[: len(ids)].all() and (former[row][real].numpy()[begins] == script.end).all()
        read += [tuple(part.tolist()) for part in np.split(ids, begins[1:])]
    assert sorted(read) == sorted(tuple(part.tolist()) for part in np.split(corpus.ids, corpus.offsets[1:-1]))


def test_a_text_shorter_than_one_segment(corpus: Corpus) -> None:
    with pytest.raises(DataError, match=rf"must hold a segment of 100 tokens; it holds {len(corpus)}\."):
        TrainingStreams(corpus, 4, 100, seed=0)
