"""A translator as two plans: the network that runs them, and pairs of texts as their frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gatelet.nn.encoder_decoder import Memory, States
from gatelet.plan import EncoderDecoder, Plan
from gatelet.stream.engine import Engine, NumpyEngine
from gatelet.stream.native import NativeEngine, can_run
from gatelet.tasks.translation.batch import Batch
from gatelet.tasks.translation.network import TranslatorNetwork, TranslatorSettings, TranslatorSizes

Frame = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class PlannedMemory(Memory):
    """What the encoder leaves to the decoder, and where the states of the decoder begin: each (B, H)."""

    starts: tuple[Tensor, ...]

    def take(self, rows: Tensor) -> PlannedMemory:
        """The memory of some samples."""
        kept = super().take(rows)
        return PlannedMemory(kept.places, kept.keys, kept.mask, tuple(start[rows] for start in self.starts))


class PlannedTranslatorNetwork(TranslatorNetwork):
    """The network of a translator that has plans and no weights of torch; it cannot be trained.

    The state of a beam is a number: that of a former state of the decoder, of which all are kept until the next batch.
    """

    def __init__(self, plan: EncoderDecoder, settings: TranslatorSettings, sizes: TranslatorSizes) -> None:
        """Run plans of these sizes."""
        nn.Module.__init__(self)
        self.settings, self.sizes, self.plan = settings, sizes, plan
        first, _, _, *starts = plan.decoder.inputs
        if [value.name for value in (*plan.encoder.inputs, first)] != ["source", "token"]:
            raise ValueError("the plans must read a source and the last token; they read something else.")
        scores = plan.decoder.outputs[0]
        if scores.shape != (sizes.target + 1,) or [value.name for value in plan.decoder.outputs[1:]] != ["attention"]:
            raise ValueError(f"the decoder must score {sizes.target + 1} tokens and give its attention; it does not.")
        self._starts = [value.name for value in starts]
        self._encoder, self._decoder = _engine(plan.encoder), _engine(plan.decoder)
        self._beams = 1
        self._former = [self._decoder.read(0)]

    @property
    def device(self) -> torch.device:
        """Where plans run."""
        return torch.device("cpu")

    def encode(self, batch: Batch) -> tuple[States, Memory]:
        """The states before the first target token, and the memory of the sources."""
        lengths = batch.source_lengths.tolist()
        found = [self.read(row[:length]) for row, length in zip(batch.source.numpy(), lengths, strict=True)]
        places, keys = (torch.from_numpy(_padded([each[name] for each in found])) for name in ("memory", "keys"))
        starts = tuple(torch.from_numpy(np.stack([each[name] for each in found])) for name in self._starts)
        self._former = self._former[:1]
        return (torch.zeros(len(found), 1, 1, dtype=torch.int64),), PlannedMemory(
            places, keys, batch.source_mask, starts
        )

    def read(self, source: NDArray[np.int64]) -> Frame:
        """What the encoder writes of the tokens (S,) of one source."""
        self._encoder.reset(0)
        written = self._encoder.push(np.array([0]), [source[None, None]])
        outputs = zip(self.plan.encoder.outputs, written, strict=True)
        return {value.name: array[0, 0] for value, array in outputs}

    def step(self, tokens: Tensor, states: States, memory: Memory) -> tuple[Tensor, Tensor, States]:
        """One step of a search; samples one after the other, their beams side by side."""
        assert isinstance(memory, PlannedMemory)
        samples, beams = tokens.shape
        scores = torch.empty(samples, beams, self.sizes.target + 1)
        weights, after = torch.zeros(samples, beams, memory.mask.shape[1]), torch.empty_like(states[0])
        self._room(beams)
        for row in range(samples):
            for beam, number in enumerate(states[0][row, :, 0].tolist()):
                self._decoder.write(beam, self._former[number])
            real = memory.mask[row]
            held = [memory.places[row][real], memory.keys[row][real], *(start[row] for start in memory.starts)]
            given = [each.numpy()[None, None].repeat(beams, 1) for each in held]
            found, looked = self._decoder.push(np.arange(beams), [tokens[row].numpy()[None], *given])
            scores[row], weights[row][:, real] = torch.from_numpy(found[0]).float(), torch.from_numpy(looked[0]).float()
            after[row, :, 0] = torch.arange(len(self._former), len(self._former) + beams)
            self._former += [self._decoder.read(beam) for beam in range(beams)]
        return scores, weights, (after,)

    def forward(self, batch: Batch, guessed: float = 0.0) -> Tensor:
        """Log probabilities (N, V) of what may follow, for each of the N real target tokens; none is ever guessed."""
        found = []
        for row, length in enumerate(batch.source_lengths.tolist()):
            frame = self.read(batch.source[row, :length].numpy())
            former = batch.former[row][batch.target_mask[row]].numpy()
            held = [frame[value.name] for value in self.plan.decoder.inputs[1:]]
            given = [each[None, None].repeat(len(former), 0) for each in held]
            self._decoder.reset(0)
            found.append(torch.from_numpy(self._decoder.push(np.array([0]), [former[:, None], *given])[0][:, 0]))
        return torch.cat(found)

    def cross_entropy(self, features: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """The mean of -log p of N tokens, their log probabilities (N, V) given; nothing is smoothed."""
        return -features.gather(1, target[:, None]).mean()

    def _room(self, beams: int) -> None:
        if beams > self._beams:
            self._beams = beams
            self._decoder.resize(beams)


def _engine(plan: Plan) -> Engine:
    engine: Engine = NativeEngine(plan) if can_run(plan) else NumpyEngine(plan)
    engine.resize(1)
    return engine


def _padded(rows: list[NDArray[Any]]) -> NDArray[np.float32]:
    """(B, S, F) from (S, F) of several lengths, zeros beyond the end."""
    found = np.zeros((len(rows), max(map(len, rows)), rows[0].shape[1]), np.float32)
    for place, row in enumerate(rows):
        found[place, : len(row)] = row
    return found
