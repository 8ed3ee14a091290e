"""What fitting leaves behind, and how it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from gatelet.features.text import Spacing, TextFeatures, join_tokens
from gatelet.features.text.acts import DialogueAct, lexicalise, mark
from gatelet.features.text.slot_rules import SlotRules
from gatelet.features.text.vocabulary import RESERVED
from gatelet.metrics import slot_errors
from gatelet.nn.beam_search import SearchSettings, beam_search
from gatelet.tasks.realisation.batch import ActCoder
from gatelet.tasks.realisation.network import RealizerNetwork
from gatelet.tasks.realisation.results import Realization, Realizations

# acts that are searched at once
SEARCH_ACTS = 64
# a sentence may have so many times as many tokens as the longest of the training sentences
SLACK = 1.5


@dataclass
class Fitted:
    """A network with what it needs to read acts and to write sentences.

    Attributes:
        coder: acts to numbers.
        target: what the numbers that it writes mean; they stand for words with marks among them.
        unit: into which sentences were split, "word" or "space".
        spacing: how its words are put together.
        slots: those that have values.
        constants: slots that always had the same value, which stands where a sentence has a mark too many.
        network: with its weights.
        longest: tokens of the longest training sentence.
    """

    coder: ActCoder
    target: TextFeatures
    unit: str
    spacing: Spacing
    slots: tuple[str, ...]
    constants: Mapping[str, str]
    network: RealizerNetwork
    longest: int

    def write(
        self, acts: Sequence[DialogueAct], search: SearchSettings, rules: SlotRules, error_cost: float
    ) -> Realizations:
        """Search for sentences, and rank them by likelihood and slot errors."""
        distinct = {act.features: act for act in acts}
        found: dict[tuple[str, ...], list[tuple[tuple[str, ...], float, float]]] = {}
        keys = list(distinct)
        for begin in range(0, len(keys), SEARCH_ACTS):
            part = keys[begin : begin + SEARCH_ACTS]
            found |= zip(part, self._search([distinct[key] for key in part], search), strict=True)
        expressed = rules.expressed(self.slots)
        ranked = []
        for act in acts:
            wanted = rules.wanted(act)
            candidates = [
                Realization(self._said(act, tokens), tokens, score - error_cost * errors, log_p, errors)
                for tokens, log_p, score in found[act.features]
                for errors in [slot_errors(wanted, tokens, expressed) if rules.counts(act) else 0]
            ]
            ranked.append(tuple(sorted(candidates, key=lambda each: -each.score)[: search.best]))
        return Realizations(tuple(acts), tuple(ranked))

    @torch.inference_mode()
    def _search(
        self, acts: Sequence[DialogueAct], search: SearchSettings
    ) -> list[list[tuple[tuple[str, ...], float, float]]]:
        """For each act its candidates: tokens, log probability, score."""
        device = next(self.network.parameters()).device
        kinds, plans = (torch.from_numpy(array).to(device) for array in self.coder(acts))
        self.network.eval()
        sequences = beam_search(
            self.network.step,
            self.network.initial(plans),
            kinds,
            torch.Tensor.__getitem__,
            edge=self.network.sizes.tokens,
            limits=torch.full((len(acts),), int(self.longest * SLACK), device=device),
            mask=torch.ones(len(acts), 1, dtype=torch.bool, device=device),
            settings=SearchSettings(search.beams, search.length_penalty, best=search.beams),
        )
        known = self.target.vocabulary.tokens
        return [
            [
                (tuple(known[number - RESERVED] for number in each.tokens.tolist()), each.log_probability, each.score)
                for each in of_act
            ]
            for of_act in sequences
        ]

    def _said(self, act: DialogueAct, tokens: Sequence[str]) -> str:
        """The sentence with the values of the act."""
        spare = {mark(slot): self.constants.get(slot, slot) for slot in self.slots}
        words = [spare.get(token, token) for token in lexicalise(act, tokens)]
        return join_tokens(words, self.unit, self.spacing)
