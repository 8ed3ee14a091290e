"""The network of a language model: former tokens in, a score for every next token out, and a state that goes on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from gatelet.nn.dropout import SequenceDropout, TokenDropout
from gatelet.nn.encoder_decoder import CELLS, narrowed
from gatelet.nn.vocabulary_loss import vocabulary_loss
from gatelet.tasks.arguments import need_shares, need_whole, need_word

# for each layer h (1, B, H), or h and c
States = tuple[tuple[Tensor, ...], ...]


@dataclass(frozen=True)
class LanguageModelSettings:
    """The network of a language model.

    Attributes:
        cell: "gru" or "lstm".
        embedding_size: E, size of the vector of a token.
        hidden_size: H of every layer.
        num_layers: of them.
        tied: the vectors of the tokens are also those that score them.
        dropout: of the features of the last layer, the same ones at all steps of a segment.
        layer_dropout: the same between layers.
        embedding_dropout: the same of the tokens' vectors.
        token_dropout: of whole tokens of the vocabulary.
        weight_drop: of the values of the recurrent matrices.

    Raises:
        GateletError: a value is outside its range.

    Source of the dropouts: Merity et al., Regularizing and Optimizing LSTM Language Models, ICLR 2018
    (arXiv:1708.02182).
    """

    cell: str = "gru"
    embedding_size: int = 128
    hidden_size: int = 256
    num_layers: int = 1
    tied: bool = True
    dropout: float = 0.2
    layer_dropout: float = 0.2
    embedding_dropout: float = 0.1
    token_dropout: float = 0.0
    weight_drop: float = 0.0

    def __post_init__(self) -> None:
        need_whole(1, embedding_size=self.embedding_size, hidden_size=self.hidden_size, num_layers=self.num_layers)
        need_shares(dropout=self.dropout, layer_dropout=self.layer_dropout, embedding_dropout=self.embedding_dropout)
        need_shares(token_dropout=self.token_dropout, weight_drop=self.weight_drop)
        need_word(CELLS, cell=self.cell)


@dataclass(frozen=True)
class Output:
    """What the network makes of T steps of B streams.

    Attributes:
        features: (B, T, F) from which the next tokens are scored.
        hidden: (B, T, H) of the last layer.
        dropped: (B, T, H) the same after dropout.
        states: after the last step.
    """

    features: Tensor
    hidden: Tensor
    dropped: Tensor
    states: States


class LanguageNetwork(nn.Module):
    """Former tokens in, a score for every next token out."""

    log_frequencies: Tensor  # (V,) of the tokens in the training text

    def __init__(self, settings: LanguageModelSettings, size: int) -> None:
        """Make the network with fresh weights.

        Args:
            settings: its own.
            size: V, how many numbers there are.
        """
        super().__init__()
        self.settings, self.size = settings, size
        embedding, hidden = settings.embedding_size, settings.hidden_size
        self.tokens = _vectors(size, embedding)
        self.token_dropout = TokenDropout(settings.token_dropout)
        self.embedding_dropout = SequenceDropout(settings.embedding_dropout)
        self.layers = nn.ModuleList(
            CELLS[settings.cell](entering, hidden, batch_first=True, weight_drop=settings.weight_drop)
            for entering in (embedding, *[hidden] * (settings.num_layers - 1))
        )
        self.between = SequenceDropout(settings.layer_dropout)
        self.dropout = SequenceDropout(settings.dropout)
        if settings.tied and embedding != hidden:
            self.readout = nn.Linear(hidden, embedding)
        if not settings.tied:
            self.out = _vectors(size, hidden)
        self.bias = nn.Parameter(torch.zeros(size))
        self.register_buffer("log_frequencies", torch.full((size,), -math.log(size)))

    @property
    def scoring(self) -> Tensor:
        """(V, F) the vectors that score tokens."""
        table: nn.Embedding = self.tokens if self.settings.tied else self.out
        return table.weight

    def count(self, counts: Tensor) -> None:
        """Begin with the frequencies of the training text, one more of each: what any network would learn first.

        Args:
            counts: (V,) of the tokens.
        """
        with torch.no_grad():
            seen = counts.double() + 1.0
            self.log_frequencies.copy_((seen / seen.sum()).log())
            self.bias.copy_(self.log_frequencies)

    def initial(self, streams: int) -> States:
        """The states before the first step of B streams."""
        zero = self.bias.new_zeros(1, streams, self.settings.hidden_size)
        return ((zero,) * (2 if self.settings.cell == "lstm" else 1),) * self.settings.num_layers

    def forward(self, former: Tensor, states: States, resets: Tensor | None = None) -> Output:
        """T steps of B streams.

        Args:
            former: (B, T) tokens.
            states: before the first step.
            resets: (B, T) bool, where a state is zero before the step; None for nowhere.
        """
        x = self.token_dropout(self.tokens(former), former, self.size)
        x = self.embedding_dropout(x)
        after = []
        for depth, (layer, state) in enumerate(zip(self.layers, states, strict=True)):
            x = narrowed(self.between(x) if depth else x)
            before = tuple(each.to(x.dtype) for each in state)
            x, last = layer(x, before if len(before) > 1 else before[0], resets=resets)
            after.append(last if isinstance(last, tuple) else (last,))
        dropped = self.dropout(x)
        features = self.readout(dropped) if hasattr(self, "readout") else dropped
        return Output(features, x, dropped, tuple(after))

    def cross_entropy(self, features: Tensor, target: Tensor) -> Tensor:
        """The mean of -log p of N target tokens (N,), scored from features (N, F)."""
        return vocabulary_loss(features, self.scoring, self.bias, target)

    def step(self, token: int, states: States) -> tuple[Tensor, States]:
        """Scores (V,) of what follows one token of one stream, and the states after it."""
        found = self(torch.full((1, 1), token, device=self.bias.device), states)
        return functional.linear(found.features[0, 0], self.scoring, self.bias), found.states


def _vectors(count: int, size: int) -> nn.Embedding:
    """Vectors that serve as rows of the output layer too, hence of length near 1."""
    table = nn.Embedding(count, size)
    nn.init.normal_(table.weight, std=size**-0.5)
    return table
