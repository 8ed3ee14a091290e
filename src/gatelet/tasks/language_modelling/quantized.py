"""What a language model is quantized with: text to calibrate, to train, and to score."""

from __future__ import annotations

from copy import copy, deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gatelet.features.text import read_documents, split_end
from gatelet.metrics import bits_per_character, perplexity
from gatelet.plan import Plan
from gatelet.tasks.language_modelling.learning import learn
from gatelet.tasks.language_modelling.network import LanguageNetwork
from gatelet.tasks.language_modelling.planned import PlannedLanguageNetwork
from gatelet.training import TrainingSettings
from gatelet.training.progress import Report

if TYPE_CHECKING:
    from gatelet.deploy.quantization.observing import Sequences
    from gatelet.tasks.language_modelling.language_model import LanguageModel

# tokens that tell how large values become
CALIBRATION_TOKENS = 10_000
# share of the text that the scores are of, and of the rest that says whether training helped
HELD_OUT = 0.1


class LanguageMaterial:
    """What a language model is quantized with: the end of the text for the scores, unless there is a text for that."""

    metric, higher_is_better = "perplexity", False

    def __init__(self, model: LanguageModel, data: Any, test: Any | None) -> None:
        """Read and cut the text."""
        self._model = model
        self.fitted = model._need_fitted()
        documents = read_documents(data, model.column)
        if test is None:
            documents, held = split_end(documents, HELD_OUT)
        else:
            held = read_documents(test, model.column)
        train, validation = split_end(documents, HELD_OUT)
        script = self.fitted.script
        self._test, self._train, self._validation = map(script.corpus, (held, train, validation))

    def calibration(self, plan: Plan) -> list[tuple[Plan, Sequences]]:
        """The plan, and the documents as frames: the token before each."""
        offsets, sequences = self._train.offsets, list[list[dict[str, Any]]]()
        for begin, end in zip(offsets[:-1], np.minimum(offsets[1:], CALIBRATION_TOKENS), strict=True):
            former = np.append(self.fitted.script.end, self._train.ids[begin:end])[: max(end - begin, 0)]
            sequences.append([{"token": token} for token in former])
        return [(plan, [sequence for sequence in sequences if sequence])]

    def planned(self, plan: Plan) -> LanguageNetwork:
        """A network that runs a plan."""
        network = self.fitted.network
        found = PlannedLanguageNetwork(plan, network.settings, network.size)
        found.log_frequencies.copy_(network.log_frequencies)
        return found.eval()

    def with_network(self, network: Any) -> LanguageModel:
        """The language model with another network."""
        other = copy(self._model)
        other._fitted = replace(self.fitted, network=network)
        return other

    def copied(self) -> LanguageNetwork:
        """The network, to be trained."""
        return deepcopy(self.fitted.network)

    def learn(self, network: Any, training: TrainingSettings, progress: bool | Report) -> None:
        """Train a network in place."""
        fitted = replace(self.fitted, network=network)
        learn(fitted, self._train, self._validation, self._model.segments, training, progress=progress)

    def validation_loss(self, network: Any) -> float:
        """The mean loss of the part that says whether training helped."""
        return replace(self.fitted, network=network).nats(self._validation) / len(self._validation)

    def scores(self, model: LanguageModel) -> dict[str, float]:
        """What the task itself says of the part that is held out."""
        corpus = self._test
        nats = model._need_fitted().nats(corpus)
        return {
            "perplexity": perplexity(nats, len(corpus)),
            "bits_per_token": bits_per_character(nats, len(corpus)),
            "bits_per_character": bits_per_character(nats + corpus.spelling_nats, corpus.characters),
        }

    @property
    def counted(self) -> str:
        """What the scores are of."""
        return f"{len(self._test):,} tokens"
