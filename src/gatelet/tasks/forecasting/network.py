"""The network of the forecaster: segments of the context through a recurrent encoder, the horizon from its state.

The context is read in segments of a few steps, each projected to one input of the encoder; the segments of the horizon
are decoded in parallel, each by one step of the same cell from the encoder's last state, told its place and the
covariates known there. A linear map from context to horizon is added, which leaves the cell what is not linear.

Sources: Lin et al., SegRNN, 2023 (arXiv:2308.11200); Lai et al., LSTNet, SIGIR 2018 (the linear highway).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from gatelet.errors import GateletError
from gatelet.nn import GRU, LSTM, RNN
from gatelet.nn.heads import Head, QuantileHead, StudentTHead
from gatelet.tasks.arguments import need_shares, need_whole, need_word
from gatelet.tasks.forecasting.batch import CENTERS, Batch

CELLS: dict[str, type[GRU] | type[LSTM] | type[RNN]] = {"gru": GRU, "lstm": LSTM, "rnn": RNN}
HEADS: dict[str, type[QuantileHead] | type[StudentTHead]] = {"quantiles": QuantileHead, "student_t": StudentTHead}


@dataclass(frozen=True)
class NetworkSettings:
    """The network of a forecaster.

    Attributes:
        cell: "gru", "lstm" or "rnn".
        hidden_size: H of the cell.
        num_layers: cells on top of each other.
        segment_length: steps that the cell reads at once; longer is faster, and better for long contexts.
        dropout: on the decoded features, and between layers.
        highway: add a linear map from the scaled context to the horizon.
        series_embedding: size of a learned vector per series of the training; 0 for none.
        center: what is subtracted from a window: the "mean" of its context, or the "last" observed value.

    Raises:
        GateletError: a value is outside its range.
    """

    cell: str = "gru"
    hidden_size: int = 64
    num_layers: int = 1
    segment_length: int = 1
    dropout: float = 0.0
    highway: bool = True
    series_embedding: int = 0
    center: str = "mean"

    def __post_init__(self) -> None:
        need_whole(1, hidden_size=self.hidden_size, num_layers=self.num_layers, segment_length=self.segment_length)
        if type(self.series_embedding) is not int or self.series_embedding < 0:
            raise GateletError(f"series_embedding must be zero or positive; got {self.series_embedding}.")
        need_shares(dropout=self.dropout)
        need_word(CELLS, cell=self.cell)
        need_word(CENTERS, center=self.center)


@dataclass(frozen=True)
class WindowSizes:
    """Sizes of what a window holds, see `Batch`: C, H, P, F, 2 + G, and the number of series in the training."""

    context_length: int
    horizon: int
    past: int
    known: int
    whole: int
    series: int


class ForecastNetwork(nn.Module):
    """Windows in, the parameters of a distribution for every step of the horizon out, in the scale of the window."""

    def __init__(
        self, settings: NetworkSettings, sizes: WindowSizes, distribution: str, levels: Sequence[float]
    ) -> None:
        """Make the network with fresh weights.

        Args:
            settings: what it is made of.
            sizes: of the windows; `context_length` is a multiple of the segment length.
            distribution: "quantiles" or "student_t".
            levels: of the quantiles.
        """
        super().__init__()
        self.settings, self.sizes = settings, sizes
        hidden, length = settings.hidden_size, settings.segment_length
        self.num_segments = -(-sizes.horizon // length)
        whole = sizes.whole + settings.series_embedding
        if settings.series_embedding:
            # an unknown series, number 0, keeps the zero vector
            self.series = nn.Embedding(sizes.series + 1, settings.series_embedding, padding_idx=0)
        self.embed = nn.Linear(length * (2 + sizes.past + sizes.known) + whole, hidden)
        self.encoder = CELLS[settings.cell](
            hidden, hidden, settings.num_layers, batch_first=True, dropout=_between(settings)
        )
        self.place = nn.Parameter(0.1 * torch.randn(self.num_segments, hidden))
        self.ahead = nn.Linear(length * sizes.known + whole, hidden)
        self.dropout = nn.Dropout(settings.dropout)
        self.head: Head = HEADS[distribution](hidden, levels, length)
        if settings.highway:
            self.highway = nn.Linear(sizes.context_length, sizes.horizon)
            nn.init.zeros_(self.highway.weight)
            nn.init.zeros_(self.highway.bias)

    def forward(self, batch: Batch) -> Tensor:
        """Parameters (B, H, Q or 3) of the head, in the scale of the window."""
        whole = self._whole(batch)
        state = self._encode(self.encoder_input(batch, whole))
        features = self._decode(batch, whole, state)
        # distributions lose too much in the half precision that a head may run in
        raw = self.head(self.dropout(features)).flatten(1, 2)[:, : self.sizes.horizon].to(batch.context)
        shift = self.highway(batch.context) if self.settings.highway else raw.new_zeros(raw.shape[:2])
        return self.head.spread(raw, shift)

    def encoder_input(self, batch: Batch, whole: Tensor) -> Tensor:
        """(B, C / segment, H) what the cell reads, one segment a step; `whole` as the forward pass makes it."""
        known = batch.known[:, : self.sizes.context_length]
        steps = torch.cat([batch.context[..., None], batch.context_observed[..., None], batch.past, known], -1)
        segments = torch.unflatten(steps, 1, (-1, self.settings.segment_length)).flatten(2)
        whole = whole[:, None].expand(-1, segments.shape[1], -1)
        return functional.relu(self.embed(torch.cat([segments, whole], -1)))

    def _whole(self, batch: Batch) -> Tensor:
        """(B, W) what is the same for all steps, the learned vector of the series included."""
        if not self.settings.series_embedding:
            return batch.whole
        return torch.cat([batch.whole, self.series(batch.series)], 1)

    def _encode(self, x: Tensor) -> tuple[Tensor, ...]:
        """The last states, each (L, B, H)."""
        _, last = self.encoder(x)
        return last if isinstance(last, tuple) else (last,)

    def _decode(self, batch: Batch, whole: Tensor, state: tuple[Tensor, ...]) -> Tensor:
        """(B, M, H) features of the M segments of the horizon, each one step from the same state."""
        length, count = self.settings.segment_length, self.num_segments
        known = functional.pad(
            batch.known[:, self.sizes.context_length :], (0, 0, 0, count * length - self.sizes.horizon)
        )
        segments = torch.unflatten(known, 1, (count, length)).flatten(2)
        ahead = self.ahead(torch.cat([segments, whole[:, None].expand(-1, count, -1)], -1))
        x = (ahead + self.place).flatten(0, 1).unsqueeze(1)
        states = tuple(part.repeat_interleave(count, 1) for part in state)
        y, _ = self.encoder(x, states if len(states) > 1 else states[0])
        return torch.unflatten(y.squeeze(1), 0, (-1, count))


def forecast_loss(network: nn.Module, batch: Batch) -> Tensor:
    """The loss of the head in the scale of each window, over the observed values of the horizon."""
    assert isinstance(network, ForecastNetwork)
    return network.head.loss(network(batch), batch.target, batch.target_observed)


def _between(settings: NetworkSettings) -> float:
    return settings.dropout if settings.num_layers > 1 else 0.0
