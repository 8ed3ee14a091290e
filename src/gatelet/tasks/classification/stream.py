"""A text that is still being written: its classes after each word."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gatelet.features.text.vocabulary import PAD
from gatelet.nn.pooling import RunningPool
from gatelet.tasks.classification.batch import Batch, TextCutter
from gatelet.tasks.classification.fitted import Fitted
from gatelet.tasks.classification.results import Predictions
from gatelet.tasks.planned import need_weights

State = Tensor | tuple[Tensor, Tensor]


class Stream:
    """Follows one text.

    A network that reads forward only carries its state from word to word, so that a word costs the same however long
    the text. One that reads from both ends, labels words, knows subwords or lets a word vote once reads the whole text
    so far again.
    """

    def __init__(self, fitted: Fitted, out_of_scope: str | None = None) -> None:
        """Start before the first word."""
        self._fitted, self._out_of_scope = fitted, out_of_scope
        need_weights(fitted.network, "followed by this Stream", "take gatelet.stream.Session or gatelet stream")
        network = fitted.network.eval()
        again = network.settings.bidirectional or network.settings.vote_once
        self.carries_state = not (again or fitted.slots or fitted.features.subwords)
        self.text = ""
        self._pool = RunningPool(network.pool)
        self._states: list[State | None] = [None] * len(network.layers)
        self._steps = 0
        self._votes = torch.zeros(network.sizes.classes)
        self._former = PAD

    def update(self, text: str) -> Predictions:
        """Take in the next words and give the classes of the text so far.

        Args:
            text: whole words; a space is put between two updates.
        """
        self.text = f"{self.text} {text}" if self.text else text
        if not self.carries_state or not text.strip():
            return self._fitted.predict((self.text,), self._out_of_scope) if not self._steps else self._decided()
        with torch.inference_mode():
            batch = TextCutter(self._fitted.features.encode([text]))(torch.tensor([0]))
            self._read(batch)
        return self._decided()

    def _read(self, batch: Batch) -> None:
        network = self._fitted.network
        x, segment = network.embedded(batch), network.settings.segment_length
        while x.shape[1]:
            room = segment - self._steps % segment if segment else x.shape[1]
            if segment and room == segment:
                self._states = [None] * len(self._states)
            y, x = x[:, :room], x[:, room:]
            for depth, layer in enumerate(network.layers):
                y, self._states[depth] = layer(y, self._states[depth])
            self._pooled = self._pool.add(y[0])
            self._steps += y.shape[1]
        if network.settings.highway:
            ids = batch.ids[batch.places[0] - 1]
            self._votes = self._votes + network.votes_of(ids, self._former).sum(0)
            self._former = int(ids[-1])

    def _decided(self) -> Predictions:
        fitted = self._fitted
        with torch.inference_mode():
            scores = (fitted.network.head(self._pooled) + self._votes / self._steps**0.5).double()
            probabilities = (scores.sigmoid() if fitted.labels.multiple else scores.softmax(0)).numpy()[None]
        return Predictions(
            fitted.labels.names,
            np.asarray(probabilities, np.float64),
            fitted.decide(probabilities),
            out_of_scope=self._out_of_scope,
        )
