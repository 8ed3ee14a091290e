"""The network of the classifier: tokens through a recurrent stack, pooled into one vector, classes from it.

Beside the stack runs a highway, as in the forecaster: every distinct token and every pair of neighbours has a vote for
each class, and the votes are added to what the stack says, which leaves to the cell what is not a matter of single
words (for the linear model alone: Wang and Manning, Baselines and Bigrams, ACL 2012).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gatelet.errors import GateletError, require
from gatelet.features.text.vocabulary import PAD
from gatelet.nn import GRU, LSTM
from gatelet.nn.dropout import SequenceDropout
from gatelet.nn.pooling import POOLINGS, Pooling
from gatelet.tasks.arguments import need_shares, need_whole, need_word
from gatelet.tasks.classification.batch import Batch
from gatelet.tasks.classification.decoding import Transitions

CELLS: dict[str, type[GRU] | type[LSTM]] = {"gru": GRU, "lstm": LSTM}
# multiplies the number of the former token where a pair is hashed: a large odd number
_SPREAD = 2_654_435_761


@dataclass(frozen=True)
class ClassifierSettings:
    """The network of a classifier.

    Attributes:
        cell: "gru" or "lstm".
        hidden_size: H of the cell, for each direction.
        num_layers: cells on top of each other.
        bidirectional: read from both ends; without it, predictions can follow a text word by word at no extra cost.
        embedding_size: E, size of the vector of a token.
        pooling: "last", "max", "mean" or "attention".
        segment_length: tokens after which the cell starts afresh, which makes long texts fast; 0 for never.
        dropout: between layers (the same features for all steps of a text) and before the classes.
        recurrent_dropout: of the state that the cell sees of its last step, the same features at all steps.
        embedding_dropout: of the features of the tokens, the same for all steps of a text.
        word_dropout: a token is read as if it were unknown so often in training.
        highway: let single tokens vote beside the recurrent stack.
        pair_buckets: let pairs of neighbours vote too, hashed into so many; 0 for none.
        vote_once: a token, or a pair, has one vote in a text, however often it stands there; for long texts.
        crf: learn which slot label follows which, in a conditional random field (the library pytorch-crf).

    Raises:
        GateletError: a value is outside its range.
    """

    cell: str = "gru"
    hidden_size: int = 128
    num_layers: int = 1
    bidirectional: bool = True
    embedding_size: int = 128
    pooling: str = "max"
    segment_length: int = 0
    dropout: float = 0.3
    recurrent_dropout: float = 0.0
    embedding_dropout: float = 0.3
    word_dropout: float = 0.05
    highway: bool = True
    pair_buckets: int = 0
    vote_once: bool = False
    crf: bool = False

    def __post_init__(self) -> None:
        need_whole(1, hidden_size=self.hidden_size, num_layers=self.num_layers, embedding_size=self.embedding_size)
        need_whole(0, segment_length=self.segment_length, pair_buckets=self.pair_buckets)
        need_shares(dropout=self.dropout, recurrent_dropout=self.recurrent_dropout)
        need_shares(embedding_dropout=self.embedding_dropout, word_dropout=self.word_dropout)
        need_word(CELLS, cell=self.cell)
        need_word(POOLINGS, pooling=self.pooling)
        for name in ("pair_buckets", "vote_once"):
            if getattr(self, name) and not self.highway:
                raise GateletError(f"{name} needs highway, through which tokens vote; it is off.")


@dataclass(frozen=True)
class ClassifierSizes:
    """How many there are: numbers in the vocabulary, buckets of spellings, classes, and slot labels."""

    vocabulary: int
    spelling: int
    classes: int
    slots: int = 0


class ClassifierNetwork(nn.Module):
    """Texts in, a score for each class out, and one for each slot label of each word if there are slots."""

    def __init__(self, settings: ClassifierSettings, sizes: ClassifierSizes) -> None:
        """Make the network with fresh weights."""
        super().__init__()
        self.settings, self.sizes = settings, sizes
        directions = 2 if settings.bidirectional else 1
        features = directions * settings.hidden_size
        self.embed = nn.Embedding(sizes.vocabulary, settings.embedding_size)
        nn.init.normal_(self.embed.weight, std=0.1)
        if sizes.spelling:
            self.spell = nn.EmbeddingBag(sizes.spelling, settings.embedding_size, mode="mean")
            nn.init.normal_(self.spell.weight, std=0.1)
        self.embedding_dropout = SequenceDropout(settings.embedding_dropout)
        self.layers = nn.ModuleList(
            CELLS[settings.cell](
                size,
                settings.hidden_size,
                batch_first=True,
                bidirectional=settings.bidirectional,
                recurrent_dropout=settings.recurrent_dropout,
            )
            for size in (settings.embedding_size, *[features] * (settings.num_layers - 1))
        )
        self.between = SequenceDropout(settings.dropout)
        self.pool = Pooling(settings.pooling, features, directions)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(features, sizes.classes)
        if settings.highway:
            self.votes = _votes(sizes.vocabulary, sizes.classes)
        if settings.pair_buckets:
            self.pair_votes = _votes(settings.pair_buckets, sizes.classes)
        if sizes.slots:
            self.slot_head = nn.Linear(2 * features, sizes.slots)
        if sizes.slots and settings.crf:
            self.crf = require("torchcrf", "text").CRF(sizes.slots, batch_first=True)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Scores (B, K) of the classes, and (B, T, S) of the slot labels or None."""
        return self.scores(self.embedded(batch), batch)

    def embedded(self, batch: Batch) -> Tensor:
        """(B, T, E) vectors of the tokens; zero beyond the end of a text."""
        ids = batch.ids
        if self.training and self.settings.word_dropout:
            hidden = torch.rand(len(ids), device=ids.device) < self.settings.word_dropout
            ids = torch.where(hidden, batch.unknown, ids)
        vectors = self.embed(ids)
        if self.sizes.spelling:
            vectors = vectors + self.spell(batch.spelling, batch.spelling_offsets)
        return functional.embedding(batch.places, functional.pad(vectors, (0, 0, 1, 0)))

    def scores(self, x: Tensor, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """As `forward`, from the vectors of the tokens."""
        y = self.encode(self.embedding_dropout(x), batch.lengths)
        pooled = self.pool(y, batch.mask)
        classes = self.head(self.dropout(pooled))
        if self.settings.highway:
            classes = classes + self.token_votes(batch).sum(1)
        if not self.sizes.slots:
            return classes, None
        whole = pooled[:, None].expand(-1, y.shape[1], -1)
        return classes, self.slot_head(self.dropout(torch.cat([y, whole], -1)))

    def encode(self, x: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, D*H) outputs of the last layer; zero beyond the end of a text."""
        steps, segment = x.shape[1], self.settings.segment_length
        if not segment or steps <= segment:
            return self._stack(x, lengths)
        pieces = -(-steps // segment)
        cut = functional.pad(x, (0, 0, 0, pieces * segment - steps)).reshape(len(x) * pieces, segment, -1)
        of_pieces = (lengths[:, None] - segment * torch.arange(pieces)).clamp(0, segment).flatten()
        real = of_pieces.nonzero().squeeze(1)  # a short text has no later segments
        y = self._stack(cut[real.to(x.device)], of_pieces[real])
        whole = y.new_zeros(len(cut), segment, y.shape[2]).index_copy(0, real.to(x.device), y)
        return whole.reshape(len(x), pieces * segment, -1)[:, :steps]

    def token_votes(self, batch: Batch) -> Tensor:
        """(B, T, K) what each token, with the pair that it ends, adds to the scores of the classes.

        Divided by the square root of the length, so that long texts are no surer than they should be.
        """
        ids = functional.embedding(batch.places, functional.pad(batch.ids, (1, 0))[:, None]).squeeze(-1)
        votes = self.votes_of(ids)
        share = batch.mask.to(votes) / batch.mask.sum(1, keepdim=True).to(votes).sqrt()
        return votes * share[..., None]

    def votes_of(self, ids: Tensor, former: int = PAD) -> Tensor:
        """(..., T, K) votes of tokens (..., T) and of the pairs that they end; `former` stands before the first."""
        votes = self._share(functional.embedding(ids, self.votes.weight), ids)
        if not self.settings.pair_buckets:
            return votes
        before = functional.pad(ids[..., :-1], (1, 0), value=former)
        pairs = (before * _SPREAD + ids) % self.settings.pair_buckets
        return votes + self._share(functional.embedding(pairs, self.pair_votes.weight), pairs)

    def _share(self, votes: Tensor, kinds: Tensor) -> Tensor:
        """Votes (B, T, K), divided among those of a kind (B, T) in a text where they have one vote together."""
        if not self.settings.vote_once:
            return votes
        texts = torch.arange(len(kinds), device=kinds.device)[:, None] * (kinds.max() + 1)
        _, places, counts = torch.unique(kinds + texts, return_inverse=True, return_counts=True)
        shared: Tensor = votes / counts[places][..., None].to(votes)
        return shared

    def transitions(self) -> Transitions | None:
        """What the conditional random field has learned, if there is one."""
        if not self.sizes.slots or not self.settings.crf:
            return None
        start, between, end = (
            weight.detach().double().cpu().numpy()
            for weight in (self.crf.start_transitions, self.crf.transitions, self.crf.end_transitions)
        )
        return Transitions(np.concatenate([between, start[None]]), end)

    def _stack(self, x: Tensor, lengths: Tensor) -> Tensor:
        for depth, layer in enumerate(self.layers):
            x, _ = layer(self.between(x) if depth else x, lengths=lengths)
        return x


def _votes(count: int, classes: int) -> nn.Embedding:
    """No votes yet."""
    votes = nn.Embedding(count, classes)
    nn.init.zeros_(votes.weight)
    return votes
