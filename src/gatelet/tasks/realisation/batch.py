"""Batches of dialogue acts and their sentences as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gatelet.features.text.acts import DialogueAct
from gatelet.features.text.numbered import Numbered


@dataclass(frozen=True)
class ActCoder:
    """Acts as numbers.

    Attributes:
        types: of the acts that training has shown.
        parts: features of acts beside their types: "name=_1", "area=?", "kidsallowed=yes".
    """

    types: tuple[str, ...]
    parts: tuple[str, ...]

    def __call__(self, acts: Sequence[DialogueAct]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, K) which type each act has, and (N, A) which parts; what training has not shown is nowhere."""
        types = {name: number for number, name in enumerate(self.types)}
        parts = {name: number for number, name in enumerate(self.parts)}
        kinds = np.zeros((len(acts), len(types)), np.float32)
        plans = np.zeros((len(acts), len(parts)), np.float32)
        for row, act in enumerate(acts):
            if act.type in types:
                kinds[row, types[act.type]] = 1.0
            for part in act.features[1:]:
                if part in parts:
                    plans[row, parts[part]] = 1.0
        return kinds, plans


def fit_coder(acts: Sequence[DialogueAct]) -> ActCoder:
    """The coder of the acts of the training part."""
    types, parts = {act.type for act in acts}, {part for act in acts for part in act.features[1:]}
    return ActCoder(tuple(sorted(types)), tuple(sorted(parts)))


@dataclass(frozen=True)
class Batch:
    """B acts and a sentence of at most T tokens for each, the mark of the end included; 0 beyond the end.

    Attributes:
        kinds: (B, K) the type of each act.
        plans: (B, A) what it says.
        target: (B, T) numbers of the tokens to be guessed.
        former: (B, T) the token before each of them; the mark of the edge before the first.
    """

    kinds: Tensor
    plans: Tensor
    target: Tensor
    former: Tensor

    def __len__(self) -> int:
        return len(self.target)

    @property
    def mask(self) -> Tensor:
        """(B, T) true at real tokens."""
        return self.target > 0

    def to(self, device: torch.device, non_blocking: bool = False) -> Batch:
        """This batch on another device."""
        return Batch(*(getattr(self, field.name).to(device, non_blocking=non_blocking) for field in fields(self)))


class ActCutter:
    """Cuts batches from acts and their sentences held as numbers."""

    def __init__(self, coded: tuple[NDArray[np.float32], NDArray[np.float32]], sentences: Numbered) -> None:
        """Keep what `ActCoder` gave, and as many sentences."""
        self._kinds, self._plans = coded
        self._sentences = sentences

    def __call__(self, index: Tensor) -> Batch:
        """The batch of the acts with these numbers (B,)."""
        rows = index.numpy()
        target = self._sentences.padded(rows)
        arrays = (self._kinds[rows], self._plans[rows], target, self._sentences.former(target))
        return Batch(*map(torch.from_numpy, arrays))
