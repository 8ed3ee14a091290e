"""How a translator learns: split, vocabularies from the training part, the loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

import numpy as np
import torch

from gatelet.features.text import Pairs, Spacing, TextFeatures, TextSettings, fit_spacing, fit_text
from gatelet.features.text.numbered import Numbered, numbered
from gatelet.tasks.splitting import random_share
from gatelet.tasks.translation.batch import PairCutter
from gatelet.tasks.translation.fitted import Fitted
from gatelet.tasks.translation.network import TranslationLoss, TranslatorNetwork, TranslatorSettings, TranslatorSizes
from gatelet.training import Batches, History, Run, TrainingSettings, fit

# pairs in a batch of the validation
VALIDATION_BATCH = 128
# a training pair with more target tokens for one of the source tells nothing of how long translations may become
MOST_PER_TOKEN = 8.0


@dataclass(frozen=True)
class Plan:
    """What is to be learned, and how.

    Attributes:
        source: how the texts to read are split.
        target: how the texts to write are.
        shared: both have one vocabulary.
        network: its settings.
        loss: what is minimised.
    """

    source: TextSettings
    target: TextSettings
    shared: bool
    network: TranslatorSettings
    loss: TranslationLoss


def split(pairs: Pairs, share: float, seed: int) -> tuple[Pairs, Pairs]:
    """A random share for validation, of one pair at least.

    Raises:
        DataError: fewer than two pairs.
    """
    train, held = random_share("Pairs", len(pairs), share, seed)
    return pairs.take(train), pairs.take(held)


def prepare(train: Pairs, plan: Plan, seed: int) -> Fitted:
    """Everything but the training: vocabularies and fresh weights, from the training part alone."""
    source, target = _features(train, plan)
    lower = plan.target.lowercase
    texts = (text.lower() if lower else text for text in train.targets)
    spacing = fit_spacing(texts) if plan.target.unit == "word" else Spacing()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sizes = TranslatorSizes(len(source.vocabulary), len(target.vocabulary))
        network = TranslatorNetwork(plan.network, sizes)
    return Fitted(source, target, spacing, network, 1.0)


def learn(
    fitted: Fitted,
    train: Pairs,
    validation: Pairs,
    plan: Plan,
    training: TrainingSettings,
    **run: Unpack[Run],
) -> History:
    """Train the network of `fitted` in place, and note how long translations become."""
    sides = _numbered(fitted, train)
    ratios = sides[1].lengths / sides[0].lengths
    fitted.longest = float(np.minimum(ratios, MOST_PER_TOKEN).max())
    return fit(
        fitted.network,
        plan.loss,
        _batches(*sides, training.batch_size, training.seed, training.steps_per_epoch),
        _batches(*_numbered(fitted, validation), VALIDATION_BATCH, None, None),
        training,
        **run,
    )


def _features(train: Pairs, plan: Plan) -> tuple[TextFeatures, TextFeatures]:
    if plan.shared:
        both = fit_text(train.sources + train.targets, plan.source)
        return both, both
    return fit_text(train.sources, plan.source), fit_text(train.targets, plan.target)


def _numbered(fitted: Fitted, pairs: Pairs) -> tuple[Numbered, Numbered]:
    return numbered(fitted.source, pairs.sources), numbered(fitted.target, pairs.targets)


def _batches(source: Numbered, target: Numbered, size: int, seed: int | None, limit: int | None) -> Batches:
    # by the target first, which costs most, then by the source
    order = np.lexsort((source.lengths, target.lengths))
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    return Batches(
        len(source), PairCutter(source, target), size, seed=seed, limit=limit, lengths=torch.from_numpy(ranks)
    )
