"""Which answer comes next: a GRU over the turns of a conversation, trained from the stories.

    x_t = [probabilities of the intents; slots that are filled; slots that this turn has filled; the last answer]
    h_t = GRU(x_t, h_{t-1})
    p_t = softmax(W h_t + b)

Source: Williams, Asadi and Zweig, Hybrid Code Networks: practical and efficient end-to-end dialog control with
supervised and reinforcement learning, ACL 2017 (arXiv:1702.03274), there with an LSTM.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from gatelet.chat.practice import Practised
from gatelet.nn import GRU
from gatelet.training import Batches, History, TrainingSettings, fit

Array = NDArray[np.float64]

TRAINING = TrainingSettings(epochs=12, batch_size=16, learning_rate=1e-2, patience=12)
_NO_ANSWER = -100


@dataclass(frozen=True)
class TurnCoder:
    """A turn as numbers.

    Attributes:
        intents: names.
        slots: names.
        answers: names.
    """

    intents: tuple[str, ...]
    slots: tuple[str, ...]
    answers: tuple[str, ...]

    @property
    def size(self) -> int:
        """F, features of a turn."""
        return len(self.intents) + 2 * len(self.slots) + len(self.answers)

    def __call__(self, probabilities: Array, filled: Collection[str], new: Collection[str], last: str) -> Array:
        """(F,) of one turn; see the head of this file."""
        told = [float(name in filled) for name in self.slots] + [float(name in new) for name in self.slots]
        return np.concatenate([probabilities, told, [float(name == last) for name in self.answers]])


class PolicyNetwork(nn.Module):
    """Turns (B, T, F) in, scores (B, T, A) of the answers out, and the state (B, H) after the last turn."""

    def __init__(self, features: int, hidden_size: int, answers: int) -> None:
        """Make the network with fresh weights."""
        super().__init__()
        self.recurrent = GRU(features, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, answers)

    def forward(self, x: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Run over turns from the state `h0` (B, H) on."""
        y, h_n = self.recurrent(x, None if h0 is None else h0[None])
        return self.out(y), h_n[0]


@dataclass(frozen=True)
class Policy:
    """A network that chooses answers."""

    coder: TurnCoder
    network: PolicyNetwork

    @torch.inference_mode()
    def step(self, x: Array, state: Sequence[float]) -> tuple[list[str], list[float]]:
        """The answers after a turn (F,), the likeliest first, and the state that follows."""
        h0 = torch.tensor([state]) if state else None
        scores, h = self.network.eval()(torch.from_numpy(x).float()[None, None], h0)
        order = scores[0, 0].argsort(descending=True, stable=True)
        return [self.coder.answers[number] for number in order.tolist()], h[0].tolist()


@dataclass(frozen=True)
class Batch:
    """B conversations of at most T turns.

    Attributes:
        x: (B, T, F).
        answers: (B, T) numbers of the answers, -100 beyond the end.
    """

    x: Tensor
    answers: Tensor

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device, non_blocking: bool = False) -> Batch:
        """This batch on another device."""
        return Batch(self.x.to(device, non_blocking=non_blocking), self.answers.to(device, non_blocking=non_blocking))


def policy_loss(network: nn.Module, batch: Batch) -> Tensor:
    """Mean cross-entropy of the answers."""
    scores, _ = network(batch.x)
    return functional.cross_entropy(scores.flatten(0, 1), batch.answers.flatten(), ignore_index=_NO_ANSWER)


def learn_policy(
    coder: TurnCoder, train: Practised, validation: Practised, hidden_size: int, seed: int
) -> tuple[Policy, History]:
    """Train a policy on conversations."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = PolicyNetwork(coder.size, hidden_size, len(coder.answers))
    training = replace(TRAINING, seed=seed)
    batches = [
        Batches(len(part), _Cutter(coder, part), training.batch_size, seed=order)
        for part, order in ((train, seed), (validation, None))
    ]
    history = fit(network, policy_loss, batches[0], batches[1], training)
    return Policy(coder, network), history


class _Cutter:
    """Cuts batches from conversations."""

    def __init__(self, coder: TurnCoder, conversations: Practised) -> None:
        self._rows = [
            (
                np.stack([coder(turn.probabilities, turn.filled, turn.new, turn.last) for turn in turns]),
                [coder.answers.index(turn.answer) for turn in turns],
            )
            for turns in conversations
        ]

    def __call__(self, index: Tensor) -> Batch:
        rows = [self._rows[row] for row in index.tolist()]
        longest = max(len(answers) for _, answers in rows)
        x = np.zeros((len(rows), longest, rows[0][0].shape[1]), np.float32)
        answers = np.full((len(rows), longest), _NO_ANSWER)
        for row, (turns, given) in enumerate(rows):
            x[row, : len(turns)], answers[row, : len(given)] = turns, given
        return Batch(torch.from_numpy(x), torch.from_numpy(answers))
