"""The network of the realizer: a dialogue act in, the words of a sentence out, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gatelet.features.text.vocabulary import RESERVED
from gatelet.nn.dropout import SequenceDropout
from gatelet.nn.sc_gru import SCGRU, plan_cost
from gatelet.nn.vocabulary_loss import vocabulary_loss
from gatelet.tasks.arguments import need_shares, need_whole
from gatelet.tasks.realisation.batch import Batch

States = tuple[Tensor, ...]


@dataclass(frozen=True)
class RealizerSettings:
    """The network of a realizer.

    Attributes:
        embedding_size: E, size of the vector of a token.
        hidden_size: H of the cell.
        dropout: of the states before the words.
        embedding_dropout: of the features of the tokens, the same for all steps of a sentence.

    Raises:
        GateletError: a value is outside its range.
    """

    embedding_size: int = 64
    hidden_size: int = 128
    dropout: float = 0.3
    embedding_dropout: float = 0.3

    def __post_init__(self) -> None:
        need_whole(1, embedding_size=self.embedding_size, hidden_size=self.hidden_size)
        need_shares(dropout=self.dropout, embedding_dropout=self.embedding_dropout)


@dataclass(frozen=True)
class RealizerSizes:
    """How many there are: types of acts, parts of acts, numbers of tokens; the next one marks the edge of a text."""

    types: int
    parts: int
    tokens: int


class RealizerNetwork(nn.Module):
    """An act and the words so far in, a score for every next word out."""

    def __init__(self, settings: RealizerSettings, sizes: RealizerSizes) -> None:
        """Make the network with fresh weights."""
        super().__init__()
        self.settings, self.sizes = settings, sizes
        self.embed = nn.Embedding(sizes.tokens + 1, settings.embedding_size, padding_idx=0)
        self.embedding_dropout = SequenceDropout(settings.embedding_dropout)
        self.decoder = SCGRU(settings.embedding_size + sizes.types, sizes.parts, settings.hidden_size)
        self.dropout = nn.Dropout(settings.dropout)
        self.out = nn.Linear(settings.hidden_size, sizes.tokens + 1)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Features (N, H) from which the N real tokens of the batch are scored, and the plans (B, T, A) left."""
        y, plans, _ = self.decoder(self._read(batch.former, batch.kinds), batch.plans)
        return self.dropout(y[batch.mask]), plans

    def initial(self, plans: Tensor) -> States:
        """States (B, 1, ...) before the first token: of the cell, and what is to be said."""
        return plans.new_zeros(len(plans), 1, self.settings.hidden_size), plans[:, None]

    def step(self, tokens: Tensor, states: States, kinds: Tensor) -> tuple[Tensor, Tensor, States]:
        """One step of a search.

        Args:
            tokens: (B, K) the last token of each beam.
            states: (B, K, ...).
            kinds: (B, types) of the B acts.

        Returns:
            log probabilities (B, K, V), nothing (B, K, 1) where others have attention, and the states after the step.
        """
        samples, beams = tokens.shape
        h, plans = (state.flatten(0, 1) for state in states)
        x = self._read(tokens.flatten()[:, None], kinds.repeat_interleave(beams, 0))
        y, plans, _ = self.decoder(x, plans, h[None].contiguous())
        scores = self.out(y[:, 0])
        scores[:, :RESERVED] = -torch.inf  # padding and the unknown are no words
        after = tuple(state[:, 0].unflatten(0, (samples, beams)) for state in (y, plans))
        nothing = scores.new_zeros(samples, beams, 1)
        return scores.log_softmax(-1).unflatten(0, (samples, beams)), nothing, after

    def _read(self, tokens: Tensor, kinds: Tensor) -> Tensor:
        """(B, T, E + K) vectors of tokens, each with the type of its act."""
        vectors = self.embedding_dropout(self.embed(tokens))
        return torch.cat([vectors, kinds[:, None].expand(-1, tokens.shape[1], -1)], 2)


@dataclass(frozen=True)
class RealizationLoss:
    """Mean over the tokens of their cross-entropy and of what the plans cost; see `plan_cost`.

    Attributes:
        label_smoothing: share of the truth that is spread over all tokens in training.
        plan_weight: of the plans.
    """

    label_smoothing: float = 0.0
    plan_weight: float = 1.0

    def __call__(self, network: nn.Module, batch: Batch) -> Tensor:
        """The loss of a batch."""
        assert isinstance(network, RealizerNetwork)
        features, plans = network(batch)
        out, smoothing = network.out, self.label_smoothing if network.training else 0.0
        loss = vocabulary_loss(features, out.weight, out.bias, batch.target[batch.mask], smoothing)
        tokens = batch.mask.sum() / len(batch)
        return loss + self.plan_weight * plan_cost(batch.plans, plans, batch.mask) / tokens
