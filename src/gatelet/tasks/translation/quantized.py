"""What a translator is quantized with: pairs to calibrate, to train, and to score."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from gatelet.features.text import read_pairs
from gatelet.features.text.numbered import numbered
from gatelet.metrics import text_scores
from gatelet.plan import EncoderDecoder, Plan, interpret
from gatelet.tasks.translation.batch import PairCutter
from gatelet.tasks.translation.learning import Plan as Learning
from gatelet.tasks.translation.learning import learn, split
from gatelet.tasks.translation.network import TranslationLoss, TranslatorNetwork
from gatelet.tasks.translation.planned import PlannedTranslatorNetwork
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

if TYPE_CHECKING:
    from gatelet.deploy.quantization.observing import Sequences
    from gatelet.tasks.translation.translator import Translator

# pairs that tell how large values become
CALIBRATION_PAIRS = 300
# share of the pairs that the scores are of, and of the rest that says whether training helped
HELD_OUT = 0.1
# pairs of a batch of the validation
BATCH = 64


class TranslatorMaterial:
    """What a translator is quantized with: a part of the pairs for the scores, unless there is a table for that."""

    metric, higher_is_better = "bleu", True

    def __init__(self, translator: Translator, data: Any, test: Any | None, seed: int) -> None:
        """Read and cut the pairs."""
        self._translator, self.fitted = translator, translator._need_fitted()
        pairs = read_pairs(data, translator.columns).both()
        if test is None:
            pairs, self._test = split(pairs, HELD_OUT, seed)
        else:
            self._test = read_pairs(test, translator.columns).both()
        self._train, self._validation = split(pairs, HELD_OUT, seed)

    def calibration(self, plan: EncoderDecoder) -> list[tuple[Plan, Sequences]]:
        """The plans, and pairs as frames: a source in one, and the tokens before each of its target."""
        pairs = self._train.take(range(min(len(self._train), CALIBRATION_PAIRS)))
        source, target = numbered(self.fitted.source, pairs.sources), numbered(self.fitted.target, pairs.targets)
        sources, targets = [], []
        for number in range(len(pairs)):
            batch = PairCutter(source, target)(torch.tensor([number]))
            frame = {"source": batch.source[0].numpy()}
            read, _ = interpret.step(plan.encoder, frame, interpret.start(plan.encoder))
            sources.append(frame)
            targets.append([{"token": token, **read} for token in batch.former[0].numpy()])
        return [(plan.encoder, [sources]), (plan.decoder, targets)]

    def planned(self, plan: EncoderDecoder) -> TranslatorNetwork:
        """A network that runs plans."""
        network = self.fitted.network
        return PlannedTranslatorNetwork(plan, network.settings, network.sizes).eval()

    def with_network(self, network: Any) -> Translator:
        """The translator with another network."""
        other = copy(self._translator)
        other._fitted = replace(self.fitted, network=network)
        return other

    def copied(self) -> TranslatorNetwork:
        """The network, to be trained."""
        return deepcopy(self.fitted.network)

    def learn(self, network: Any, training: TrainingSettings, progress: bool | Report) -> None:
        """Train a network in place."""
        own = self._translator
        loss = TranslationLoss(own.label_smoothing, own.scheduled_sampling)
        plan = Learning(own.source, own.target, own.shared_vocabulary, own.network, loss)
        learn(replace(self.fitted, network=network), self._train, self._validation, plan, training, progress=progress)

    def validation_loss(self, network: Any) -> float:
        """The mean loss of the part that says whether training helped."""
        return self._loss(network, self._validation)

    def scores(self, translator: Translator) -> dict[str, float]:
        """What the task itself says of the part that is held out."""
        fitted, plan = translator._need_fitted(), translator.plan()
        written = fitted.translate(self._test.sources, replace(translator.search, best=1)).texts
        found = text_scores(written, self._test.targets, lowercase=translator.target.lowercase)
        loss = self._loss(self.planned(plan), self._test)  # floats as well: in a plan, padding has no share
        return {"bleu": found.bleu, "chrf": found.chrf, "exact": found.exact, "nats_per_token": loss}

    @property
    def counted(self) -> str:
        """What the scores are of."""
        return f"{len(self._test):,} pairs"

    @torch.inference_mode()
    def _loss(self, network: TranslatorNetwork, pairs: Any) -> float:
        cut = PairCutter(numbered(self.fitted.source, pairs.sources), numbered(self.fitted.target, pairs.targets))
        loss, nats, tokens = TranslationLoss(), 0.0, 0
        network.eval()
        for begin in range(0, len(pairs), BATCH):
            batch = cut(torch.arange(begin, min(begin + BATCH, len(pairs))))
            count = int(batch.target_mask.sum())
            nats, tokens = nats + count * float(loss(network, batch.to(network.device))), tokens + count
        return nats / tokens
