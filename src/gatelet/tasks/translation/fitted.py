"""What fitting leaves behind, and how it writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gatelet.features.text import Spacing, TextFeatures, join_tokens
from gatelet.features.text.numbered import numbered
from gatelet.features.text.splitting import EMPTY
from gatelet.features.text.vocabulary import RESERVED
from gatelet.nn.beam_search import Found, SearchSettings, beam_search
from gatelet.tasks.translation.batch import PairCutter
from gatelet.tasks.translation.network import TranslatorNetwork
from gatelet.tasks.translation.results import Candidate, Translations
from gatelet.training import portions

# source tokens, padding counted, times beams, that are searched at once
SEARCH_TOKENS = 8192
# a translation may have so many times as many tokens as training has shown at most for one of the source, and more
SLACK = 10


@dataclass
class Fitted:
    """A network with what it needs to read and to write texts.

    Attributes:
        source: how to read.
        target: what the numbers that it writes mean.
        spacing: how its words are put together.
        network: with its weights.
        longest: most target tokens for one source token that the training pairs had, within reason.
    """

    source: TextFeatures
    target: TextFeatures
    spacing: Spacing
    network: TranslatorNetwork
    longest: float

    def translate(self, texts: Sequence[str], settings: SearchSettings) -> Translations:
        """Search for the best candidates of each text."""
        sources = tuple(texts)
        tokens = tuple(tuple(self.source.tokens(text)) for text in sources)
        candidates: list[tuple[Candidate, ...]] = [(_NOTHING,)] * len(sources)
        written = [row for row, text in enumerate(sources) if text.strip() and tokens[row] != (EMPTY,)]
        read = numbered(self.source, [sources[row] for row in written])
        cut = PairCutter(read)
        self.network.eval()
        for index in portions(read.lengths, SEARCH_TOKENS // settings.beams):
            for number, found in zip(index.tolist(), self._search(cut, index, settings), strict=True):
                row = written[number]
                candidates[row] = tuple(self._candidate(each, tokens[row]) for each in found)
        return Translations(sources, tokens, tuple(candidates))

    @torch.inference_mode()
    def _search(self, cut: PairCutter, index: Tensor, settings: SearchSettings) -> list[list[Found]]:
        device = self.network.device
        batch = cut(index).to(device)
        states, memory = self.network.encode(batch)
        limits = (batch.source_lengths * self.longest).long() + SLACK
        return beam_search(
            self.network.step,
            states,
            memory,
            lambda memory, rows: memory.take(rows),
            edge=self.network.sizes.target,
            limits=limits.to(device),
            mask=batch.source_mask,
            settings=settings,
        )

    def _candidate(self, found: Found, source: tuple[str, ...]) -> Candidate:
        attention = found.weights[:, : len(source)].float().cpu().numpy()
        tokens = tuple(
            self._written(number, source, looked)
            for number, looked in zip(found.tokens.tolist(), attention, strict=True)
        )
        text = join_tokens(tokens, self.target.settings.unit, self.spacing)
        return Candidate(text, tokens, found.score, found.log_probability, attention)

    def _written(self, number: int, source: tuple[str, ...], looked: NDArray[np.float32]) -> str:
        """The token of a number; for one that stands for unknown tokens, what was looked at most is copied.

        Source: Luong et al., Addressing the Rare Word Problem in Neural Machine Translation, ACL 2015.
        """
        place = number - RESERVED
        known = self.target.vocabulary.tokens
        return known[place] if 0 <= place < len(known) else source[int(looked.argmax())]


_NOTHING = Candidate("", (), 0.0, 0.0, np.zeros((0, 1), np.float32))
