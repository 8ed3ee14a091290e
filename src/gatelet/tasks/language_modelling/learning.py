"""How a language model learns: vocabulary from the training part, streams, the loop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Unpack

import torch

from gatelet.errors import GateletError
from gatelet.features.text import Spacing, TextSettings, fit_spacing, fit_text, lines_of
from gatelet.tasks.language_modelling.fitted import STEPS, STREAMS, Fitted
from gatelet.tasks.language_modelling.loss import CarriedLoss
from gatelet.tasks.language_modelling.network import LanguageModelSettings, LanguageNetwork
from gatelet.tasks.language_modelling.script import Corpus, Script
from gatelet.tasks.language_modelling.streams import HeldOutStreams, TrainingStreams
from gatelet.training import History, Run, TrainingSettings, fit

# segments of a stream at least: a small text is read in fewer streams, lest an epoch have hardly a step
LEAST_SEGMENTS = 20


@dataclass(frozen=True)
class SegmentSettings:
    """What is learned from at once, and how large a state may become.

    Attributes:
        length: T, tokens through which gradients go back; the state goes on for ever.
        varied: segments of random lengths around T.
        activation_penalty: on large states, see `CarriedLoss`.
        change_penalty: on large changes of the state.

    Raises:
        GateletError: a value is outside its range.
    """

    length: int = 100
    varied: bool = False
    activation_penalty: float = 0.0
    change_penalty: float = 0.0

    def __post_init__(self) -> None:
        if type(self.length) is not int or not 2 <= self.length <= 2**20:
            raise GateletError(f"length must be a whole number from 2 to {2**20}; got {self.length}.")
        CarriedLoss(self.activation_penalty, self.change_penalty)


def prepare(
    documents: Sequence[str], text: TextSettings, network: LanguageModelSettings, seed: int
) -> tuple[Fitted, Corpus]:
    """Everything but the training: vocabulary, frequencies and fresh weights, from the training part alone.

    Raises:
        DataError: there is not one token in the documents.
        MissingExtraError: subwords without the library for them.
    """
    lines = [line for document in documents for line in lines_of(document) if line]
    features = fit_text(lines, text)
    lowered = (line.lower() if text.lowercase else line for line in lines)
    script = Script(features, fit_spacing(lowered) if text.unit == "word" else Spacing())
    corpus = script.corpus(documents)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        made = LanguageNetwork(network, script.size)
    made.count(torch.bincount(torch.from_numpy(corpus.ids), minlength=script.size))
    return Fitted(script, made), corpus


def learn(
    fitted: Fitted,
    train: Corpus,
    held: Corpus,
    segments: SegmentSettings,
    training: TrainingSettings,
    **run: Unpack[Run],
) -> History:
    """Train the network of `fitted` in place.

    Raises:
        DataError: the text to learn from is shorter than one segment.
    """
    streams = TrainingStreams(
        train,
        min(training.batch_size, max(1, len(train) // (LEAST_SEGMENTS * segments.length))),
        segments.length,
        seed=training.seed,
        varied=segments.varied,
        limit=training.steps_per_epoch,
    )
    return fit(
        fitted.network,
        CarriedLoss(segments.activation_penalty, segments.change_penalty),
        streams,
        HeldOutStreams(held, STREAMS, STEPS),
        training,
        **run,
    )
