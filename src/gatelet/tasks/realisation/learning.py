"""How a realizer learns: split, marks for values, vocabulary from the training part, the loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Unpack

import torch

from gatelet.errors import DataError
from gatelet.features.text import Pairs, Spacing, TextFeatures, TextSettings, fit_spacing, fit_text
from gatelet.features.text.acts import DialogueAct, delexicalise
from gatelet.features.text.numbered import numbered
from gatelet.features.text.vocabulary import Vocabulary
from gatelet.tasks.realisation.batch import ActCutter, fit_coder
from gatelet.tasks.realisation.fitted import Fitted
from gatelet.tasks.realisation.network import RealizationLoss, RealizerNetwork, RealizerSettings, RealizerSizes
from gatelet.tasks.splitting import random_share
from gatelet.training import Batches, History, Run, TrainingSettings, fit

# sentences in a batch of the validation
VALIDATION_BATCH = 128


@dataclass(frozen=True)
class Said:
    """N acts and a sentence for each.

    Attributes:
        acts: (N).
        texts: (N) as they read.
        marked: (N) with marks for values, and spaces between all tokens.
    """

    acts: tuple[DialogueAct, ...]
    texts: tuple[str, ...]
    marked: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.acts)

    def take(self, rows: Sequence[int]) -> Said:
        """Some of them."""
        return Said(
            tuple(self.acts[row] for row in rows),
            tuple(self.texts[row] for row in rows),
            tuple(self.marked[row] for row in rows),
        )


def splitter(settings: TextSettings) -> Callable[[str], list[str]]:
    """How a text is split into tokens."""
    return TextFeatures(settings, Vocabulary(())).tokens


def understood(pairs: Pairs, settings: TextSettings) -> Said:
    """Parse the acts, and put marks into their sentences.

    Raises:
        DataError: an act has another form than it should have.
    """
    acts, split = parsed(pairs.sources), splitter(settings)
    marked = tuple(" ".join(delexicalise(act, text, split)) for act, text in zip(acts, pairs.targets, strict=True))
    return Said(acts, pairs.targets, marked)


def parsed(acts: Sequence[str]) -> tuple[DialogueAct, ...]:
    """Acts from their usual form.

    Raises:
        DataError: one has another form; the text says which, counted from 1.
    """
    found = []
    for number, text in enumerate(acts, 1):
        try:
            found.append(DialogueAct.parse(text))
        except DataError as error:
            raise DataError(f"act {number}: {error}") from error
    return tuple(found)


def split(said: Said, share: float, seed: int) -> tuple[Said, Said]:
    """A random share for validation, of one act at least.

    Raises:
        DataError: fewer than two acts.
    """
    train, held = random_share("Acts", len(said), share, seed)
    return said.take(train), said.take(held)


def prepare(train: Said, text: TextSettings, network: RealizerSettings, seed: int) -> Fitted:
    """Everything but the training: parts of acts, vocabulary and fresh weights, from the training part alone."""
    coder = fit_coder(train.acts)
    target = fit_text(train.marked, replace(text, unit="space", lowercase=False))
    texts = (each.lower() if text.lowercase else each for each in train.texts)
    spacing = fit_spacing(texts) if text.unit == "word" else Spacing()
    values: dict[str, set[str]] = {}
    for act in train.acts:
        for slot, value in act.values:
            values.setdefault(slot, set()).add(value)
    constants = {slot: next(iter(known)) for slot, known in sorted(values.items()) if len(known) == 1}
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sizes = RealizerSizes(len(coder.types), len(coder.parts), len(target.vocabulary))
        made = RealizerNetwork(network, sizes)
    longest = max(len(marked.split()) for marked in train.marked)
    return Fitted(coder, target, text.unit, spacing, tuple(sorted(values)), constants, made, longest)


def learn(
    fitted: Fitted,
    train: Said,
    validation: Said,
    loss: RealizationLoss,
    training: TrainingSettings,
    **run: Unpack[Run],
) -> History:
    """Train the network of `fitted` in place."""
    return fit(
        fitted.network,
        loss,
        _batches(fitted, train, training.batch_size, training.seed, training.steps_per_epoch),
        _batches(fitted, validation, VALIDATION_BATCH, None, None),
        training,
        **run,
    )


def _batches(fitted: Fitted, said: Said, size: int, seed: int | None, limit: int | None) -> Batches:
    sentences = numbered(fitted.target, said.marked)
    cut = ActCutter(fitted.coder(said.acts), sentences)
    return Batches(len(said), cut, size, seed=seed, limit=limit, lengths=torch.from_numpy(sentences.lengths))
