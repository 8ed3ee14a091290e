"""An encoder that reads a sequence from both ends, and a decoder that writes another while it looks at the first.

Without input feeding and coverage no step of the decoder waits for the attention of the one before: each of its layers
runs over the whole target in one call, and the attention follows for all steps at once. The first layer asks, and what
the attention answers is read by the layers above it, as in GNMT (Wu et al. 2016, arXiv:1609.08144).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gatelet.nn.attention import attention
from gatelet.nn.dropout import Dropout
from gatelet.nn.gru import GRU
from gatelet.nn.lstm import LSTM

CELLS: dict[str, type[GRU] | type[LSTM]] = {"gru": GRU, "lstm": LSTM}

States = tuple[Tensor, ...]


@dataclass(frozen=True)
class Memory:
    """What the encoder leaves to the decoder.

    Attributes:
        places: (B, S, M) one vector per token of the source.
        keys: (B, S, K) what the attention compares queries with.
        mask: (B, S) true at real tokens.
    """

    places: Tensor
    keys: Tensor
    mask: Tensor

    def take(self, rows: Tensor) -> Memory:
        """The memory of some samples."""
        return Memory(self.places[rows], self.keys[rows], self.mask[rows])


class Encoder(nn.Module):
    """Bidirectional layers over a padded batch.

    Shapes: x (B, S, E), lengths (B,) on the CPU -> places (B, S, 2H), zero beyond the end, and whole (B, 2H): the last
    state of each direction of the last layer.
    """

    def __init__(self, cell: str, input_size: int, hidden_size: int, num_layers: int, dropout: float) -> None:
        """Stack `num_layers` cells with `dropout` between them."""
        super().__init__()
        self.recurrent = CELLS[cell](
            input_size,
            hidden_size,
            num_layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if num_layers > 1 else 0.0,
        )

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Read the sequences."""
        y, last = self.recurrent(pack_padded_sequence(narrowed(x), lengths, batch_first=True, enforce_sorted=False))
        places, _ = pad_packed_sequence(y, batch_first=True, total_length=x.shape[1])
        h_n = last[0] if isinstance(last, tuple) else last
        return places, torch.cat([h_n[-2], h_n[-1]], -1)


class AttentionDecoder(nn.Module):
    """Recurrent layers with one attention between the first and the others.

        s1_t = cell_1(x_t, s1_{t-1})                        or, with input feeding, cell_1([x_t; f_{t-1}], s1_{t-1})
        c_t  = attention(s1_t, memory)
        sl_t = cell_l([s(l-1)_t; c_t], sl_{t-1})            for the layers above the first
        f_t  = tanh(W [sL_t; c_t; x_t] + b)

    States are a tuple of tensors with beams (B, K, ...) so that a search can reorder them: (B, K, H) for every layer
    (and the cell states of an LSTM after them all), then f (B, K, E) with input feeding, then the sum of the weights so
    far (B, K, S) with coverage.

    Source of input feeding: Luong et al. 2015 (arXiv:1508.04025).
    """

    def __init__(
        self,
        cell: str,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        memory_size: int,
        *,
        kind: str = "general",
        input_feeding: bool = False,
        coverage: bool = False,
        dropout: float = 0.0,
    ) -> None:
        """Make a decoder; f has the size of the input, E."""
        super().__init__()
        self.input_size, self.hidden_size = input_size, hidden_size
        self.input_feeding, self.coverage = input_feeding, coverage
        self.attention = attention(kind, hidden_size, memory_size, hidden_size, coverage=coverage)
        first = input_size * (2 if input_feeding else 1)
        self.layers = nn.ModuleList(
            CELLS[cell](size, hidden_size) for size in (first, *[hidden_size + memory_size] * (num_layers - 1))
        )
        self.parts = 2 if cell == "lstm" else 1
        self.start = nn.Linear(memory_size, self.parts * num_layers * hidden_size)
        self.between = Dropout(dropout)
        self.readout = nn.Linear(hidden_size + memory_size + input_size, input_size)

    def remember(self, places: Tensor, mask: Tensor) -> Memory:
        """The memory of an encoded batch."""
        return Memory(places, self.attention.keys(places), mask)

    def initial(self, whole: Tensor, places: int) -> States:
        """States before the first step, one beam each.

        Args:
            whole: (B, M) of the encoder.
            places: S.
        """
        start = self.start(whole).tanh().unflatten(-1, (-1, 1, self.hidden_size))  # (B, L or 2L, 1, H)
        states: States = start.unbind(1)
        if self.input_feeding:
            states += (whole.new_zeros(len(whole), 1, self.input_size),)
        if self.coverage:
            states += (whole.new_zeros(len(whole), 1, places),)
        return states

    def forward(self, x: Tensor, states: States, memory: Memory) -> tuple[Tensor, Tensor]:
        """All steps of a target.

        Args:
            x: (B, T, E) the tokens before each step.
            states: before the first.
            memory: of the source.

        Returns:
            f (B, T, E) and weights (B, T, S).
        """
        if not (self.input_feeding or self.coverage):
            features, weights, _ = self._layers(x, states, memory, along_time=True)
            return features, weights
        found = []
        for t in range(x.shape[1]):
            features, weights, states = self.step(x[:, t : t + 1], states, memory)
            found.append((features, weights))
        return torch.cat([f for f, _ in found], 1), torch.cat([w for _, w in found], 1)

    def step(self, x: Tensor, states: States, memory: Memory) -> tuple[Tensor, Tensor, States]:
        """One step of K beams.

        Args:
            x: (B, K, E) the last token of each.
            states: (B, K, ...).
            memory: of the B sources.

        Returns:
            f (B, K, E), weights (B, K, S), and the states after the step.
        """
        return self._layers(x, states, memory, along_time=False)

    def _layers(self, x: Tensor, states: States, memory: Memory, along_time: bool) -> tuple[Tensor, Tensor, States]:
        depth = len(self.layers)
        cells = [states[number : self.parts * depth : depth] for number in range(depth)]
        fed = torch.cat([x, states[self.parts * depth]], -1) if self.input_feeding else x
        covered = states[-1] if self.coverage else None
        y, last = _run(self.layers[0], fed, cells[0], along_time)
        after = [last]
        context, weights = self.attention(y, memory.places, memory.mask, memory.keys, covered)
        for layer, state in zip(self.layers[1:], cells[1:], strict=True):
            y, last = _run(layer, torch.cat([self.between(y), context], -1), state, along_time)
            after.append(last)
        features = self.readout(torch.cat([self.between(y), context, x], -1)).tanh()
        new = tuple(last[part] for part in range(self.parts) for last in after)
        if self.input_feeding:
            new += (features,)
        if covered is not None:
            new += (covered + weights,)
        return features, weights, new


def _run(layer: nn.Module, x: Tensor, states: States, along_time: bool) -> tuple[Tensor, States]:
    """A layer over (B, T, I) as T steps of B sequences, or over (B, K, I) as one step of B*K sequences."""
    x = narrowed(x)
    states = tuple(state.to(x.dtype) for state in states)
    if along_time:
        sequence, before = x.transpose(0, 1), tuple(state.transpose(0, 1).contiguous() for state in states)
    else:
        sequence = x.reshape(1, -1, x.shape[-1])
        before = tuple(state.reshape(1, -1, state.shape[-1]) for state in states)
    y, last = layer(sequence, before if len(before) > 1 else before[0])
    after = last if isinstance(last, tuple) else (last,)
    if along_time:
        return y.transpose(0, 1), tuple(state.transpose(0, 1) for state in after)
    shape = (*x.shape[:2], -1)
    return y.reshape(shape), tuple(state.reshape(shape) for state in after)


def narrowed(x: Tensor) -> Tensor:
    """What a recurrent layer is given: bfloat16 within a CPU's autocast to it, lest a GRU widen its output."""
    narrow = x.device.type == "cpu" and torch.is_autocast_enabled("cpu")
    return x.to(torch.bfloat16) if narrow and torch.get_autocast_dtype("cpu") == torch.bfloat16 else x
