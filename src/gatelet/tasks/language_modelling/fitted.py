"""What fitting leaves behind, and how it scores text."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from gatelet.tasks.language_modelling.loss import CarriedLoss
from gatelet.tasks.language_modelling.network import LanguageNetwork
from gatelet.tasks.language_modelling.script import Corpus, Script
from gatelet.tasks.language_modelling.streams import HeldOutStreams

# documents that are read side by side, and steps of each at once
STREAMS = 64
STEPS = 256


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
        loss, device = CarriedLoss(), self.network.bias.device
        segments = HeldOutStreams(corpus, STREAMS, STEPS)
        return sum(len(segment) * float(loss(self.network, segment.to(device))) for segment in segments)

    def nats_by_frequency(self, corpus: Corpus) -> float:
        """The same where every token is as likely as it was frequent in training."""
        frequencies = self.network.log_frequencies.cpu().double().numpy()
        return -float(frequencies[corpus.ids].sum())
