"""What fitting leaves behind, and how it scores text."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gatelet.tasks.language_modelling.loss import CarriedLoss
from gatelet.tasks.language_modelling.network import LanguageNetwork
from gatelet.tasks.language_modelling.script import Corpus, Script
from gatelet.tasks.language_modelling.streams import HeldOutStreams
from gatelet.tasks.planned import plan_within

# documents that are read side by side, and steps of each at once
STREAMS = 64
STEPS = 256
# what a plan says of all tokens of the vocabulary is held for all of these, so many numbers at most
SCORES = 2**24


@dataclass
class Fitted:
    """A network with what it needs to read and to write text.

    Attributes:
        script: what the numbers mean.
        network: with its weights.
    """

    script: Script
    network: LanguageNetwork

    @torch.inference_mode()
    def nats(self, corpus: Corpus) -> float:
        """-log of the probability of all tokens, each document read as a whole from a fresh state."""
        self.network.eval()
        loss, device = CarriedLoss(), self.network.log_frequencies.device
        steps = STEPS if plan_within(self.network) is None else max(1, SCORES // (STREAMS * self.network.size))
        segments = HeldOutStreams(corpus, STREAMS, steps)
        return sum(len(segment) * float(loss(self.network, segment.to(device))) for segment in segments)

    def nats_by_frequency(self, corpus: Corpus) -> float:
        """The same where every token is as likely as it was frequent in training."""
        frequencies = self.network.log_frequencies.cpu().double().numpy()
        return -float(frequencies[corpus.ids].sum())
