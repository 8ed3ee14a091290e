"""The network of the translator: tokens of one language through an encoder, those of another out of a decoder."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from gatelet.errors import GateletError
from gatelet.nn.attention import ATTENTIONS
from gatelet.nn.dropout import Dropout, SequenceDropout
from gatelet.nn.encoder_decoder import CELLS, AttentionDecoder, Encoder, Memory, States
from gatelet.nn.vocabulary_loss import vocabulary_loss
from gatelet.tasks.arguments import need_shares, need_whole, need_word
from gatelet.tasks.translation.batch import Batch


@dataclass(frozen=True)
class TranslatorSettings:
    """The network of a translator.

    Attributes:
        cell: "gru" or "lstm".
        embedding_size: E, size of the vector of a token.
        hidden_size: H of the cells; the encoder has as many again for the other direction.
        num_layers: of the encoder.
        decoder_layers: of the decoder; the attention stands between the first and the others.
        attention: "additive", "dot" or "general".
        input_feeding: each step reads what the former one found by attention; slower, since steps then wait.
        coverage: additive attention heeds what it has given each place so far; as slow.
        tied: the vectors of the target tokens are also those that score them.
        dropout: between layers, of what the attention sees, and before the scores.
        embedding_dropout: of the features of the tokens, the same for all steps of a text.

    Raises:
        GateletError: a value is outside its range.
    """

    cell: str = "gru"
    embedding_size: int = 256
    hidden_size: int = 256
    num_layers: int = 1
    decoder_layers: int = 2
    attention: str = "general"
    input_feeding: bool = False
    coverage: bool = False
    tied: bool = True
    dropout: float = 0.3
    embedding_dropout: float = 0.3

    def __post_init__(self) -> None:
        need_whole(1, embedding_size=self.embedding_size, hidden_size=self.hidden_size)
        need_whole(1, num_layers=self.num_layers, decoder_layers=self.decoder_layers)
        need_shares(dropout=self.dropout, embedding_dropout=self.embedding_dropout)
        need_word(CELLS, cell=self.cell)
        need_word(ATTENTIONS, attention=self.attention)
        if self.coverage and self.attention != "additive":
            raise GateletError(f"coverage needs additive attention; got {self.attention}.")
        if self.attention == "dot" and self.hidden_size % 2:
            raise GateletError(f"hidden_size must be even for dot attention; got {self.hidden_size}.")


@dataclass(frozen=True)
class TranslatorSizes:
    """How many numbers the vocabularies of source and target have; the next one marks the edge of a text."""

    source: int
    target: int


class TranslatorNetwork(nn.Module):
    """Source and former target tokens in, a score for every next target token out."""

    def __init__(self, settings: TranslatorSettings, sizes: TranslatorSizes) -> None:
        """Make the network with fresh weights."""
        super().__init__()
        self.settings, self.sizes = settings, sizes
        # with dot attention, the two directions together have the size of a query
        per_direction = settings.hidden_size // (2 if settings.attention == "dot" else 1)
        self.source = _embedding(sizes.source + 1, settings.embedding_size)
        self.target = _embedding(sizes.target + 1, settings.embedding_size)
        self.embedding_dropout = SequenceDropout(settings.embedding_dropout)
        self.encoder = Encoder(
            settings.cell, settings.embedding_size, per_direction, settings.num_layers, settings.dropout
        )
        self.decoder = AttentionDecoder(
            settings.cell,
            settings.embedding_size,
            settings.hidden_size,
            settings.decoder_layers,
            2 * per_direction,
            kind=settings.attention,
            input_feeding=settings.input_feeding,
            coverage=settings.coverage,
            dropout=settings.dropout,
        )
        self.dropout = Dropout(settings.dropout)
        self.bias = nn.Parameter(torch.zeros(sizes.target + 1))
        if not settings.tied:
            self.out = _embedding(sizes.target + 1, settings.embedding_size)

    @property
    def scoring(self) -> Tensor:
        """(V, E) the vectors that score target tokens."""
        table: nn.Embedding = self.target if self.settings.tied else self.out
        return table.weight

    def forward(self, batch: Batch, guessed: float = 0.0) -> Tensor:
        """Features (N, E) from which the N real target tokens of the batch are scored.

        Args:
            batch: of pairs.
            guessed: share of the former target tokens that the network guesses itself instead of reading them.
        """
        states, memory = self.encode(batch)
        former = self._partly_guessed(batch.former, guessed, states, memory) if guessed else batch.former
        features, _ = self.decoder(self.embedding_dropout(self.target(former)), states, memory)
        real: Tensor = self.dropout(features[batch.target_mask])
        return real

    def encode(self, batch: Batch) -> tuple[States, Memory]:
        """The states before the first target token, and the memory of the source."""
        places, whole = self.encoder(self.embedding_dropout(self.source(batch.source)), batch.source_lengths)
        states = self.decoder.initial(whole, places.shape[1])
        return states, self.decoder.remember(self.dropout(places), batch.source_mask)

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self.bias.device

    def cross_entropy(self, features: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """The mean of -log p of N target tokens (N,), scored from features (N, E); a share of it spread over all."""
        return vocabulary_loss(features, self.scoring, self.bias, target, label_smoothing)

    def step(self, tokens: Tensor, states: States, memory: Memory) -> tuple[Tensor, Tensor, States]:
        """One step of a search.

        Args:
            tokens: (B, K) the last token of each beam.
            states: (B, K, ...).
            memory: of the B sources.

        Returns:
            log probabilities (B, K, V), attention (B, K, S), and the states after the step.
        """
        features, weights, states = self.decoder.step(self.target(tokens), states, memory)
        scores = functional.linear(features, self.scoring, self.bias)
        scores[..., 0] = -torch.inf  # padding is no word
        return scores.log_softmax(-1), weights, states

    def _partly_guessed(self, former: Tensor, share: float, states: States, memory: Memory) -> Tensor:
        """(B, T) the former tokens, some of them guessed in a first pass over all steps.

        Source: Duckworth et al., Parallel Scheduled Sampling, 2019 (arXiv:1906.04331).
        """
        with torch.no_grad():
            features, _ = self.decoder(self.target(former), states, memory)
            guesses = functional.linear(features[:, :-1], self.scoring, self.bias).argmax(-1)
            swap = torch.rand(guesses.shape, device=guesses.device) < share
            return torch.cat([former[:, :1], torch.where(swap, guesses, former[:, 1:])], 1)


@dataclass(frozen=True)
class TranslationLoss:
    """Mean cross-entropy per target token; what is done for training is not done in validation.

    Attributes:
        label_smoothing: share of the truth that is spread over all tokens.
        scheduled_sampling: share of the former tokens that the network guesses itself.
    """

    label_smoothing: float = 0.0
    scheduled_sampling: float = 0.0

    def __call__(self, network: nn.Module, batch: Batch) -> Tensor:
        """The loss of a batch."""
        assert isinstance(network, TranslatorNetwork)
        smoothing, guessed = (self.label_smoothing, self.scheduled_sampling) if network.training else (0.0, 0.0)
        features, target = network(batch, guessed), batch.target[batch.target_mask]
        return network.cross_entropy(features, target, smoothing)


def _embedding(count: int, size: int) -> nn.Embedding:
    """Vectors that serve as rows of the output layer too, hence of length near 1."""
    table = nn.Embedding(count, size, padding_idx=0)
    nn.init.normal_(table.weight, std=size**-0.5)
    with torch.no_grad():
        table.weight[0].zero_()
    return table
