"""Recurrent weights pruned in blocks while they are trained.

A block is what all gates of one unit have for four columns: what the C runtime and the native program of a stream leave
out. Blocks go by magnitude, more and more of them, while the others learn to do without:

    density(t) = d + (d0 - d) (1 - t / 0.6)^3    for t < 0.6, then d

where t is the share of the training that is done, d0 the density at its beginning and d the one that is asked for. The
rest of the training is for what is left.

Source: Zhu and Gupta, To prune, or not to prune, 2017 (arXiv:1710.01878); blocks in recurrent layers: Narang et al.,
Block-sparse recurrent neural networks, 2017 (arXiv:1711.02782).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping
from torch import Tensor, nn

from gatelet.errors import GateletError
from gatelet.nn.recurrent import RecurrentLayer

COLUMNS = 4  # of a block
RAMP = 0.6  # share of the training after which no more blocks go
TIMES = 100  # that blocks go, at most
GATES = {"GRU": 3, "LSTM": 4}


class BlockPruning(pl.Callback):
    """Prunes the recurrent layers of a network while it is trained."""

    def __init__(self, network: nn.Module, density: float, inputs: bool, share_done: Callable[[], float]) -> None:
        """Prune this network.

        Args:
            network: has a GRU or an LSTM somewhere.
            density: share of the blocks of each matrix that is left in the end, at least one block.
            inputs: prune the weights that meet the inputs, too.
            share_done: how much of the training is over, from 0 to 1.

        Raises:
            GateletError: no layer has such blocks.
        """
        self._weights = list(prunable(network, inputs=inputs))
        self._density, self._share_done = density, share_done
        self._masks: list[Tensor] = []
        self._first: list[float] = []
        self._times = 0

    @property
    def density(self) -> float:
        """Share of the blocks that are left."""
        return sum(int(mask.sum()) for mask in self._masks) / sum(mask.numel() for mask in self._masks)

    @property
    def settled(self) -> bool:
        """Whether all blocks that are to go are gone."""
        return self._times >= TIMES

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note which blocks are there: all, or those that an earlier training left."""
        self._masks = [there(weight, gates) for weight, gates in self._weights]
        self._first = self._first or [float(mask.float().mean()) for mask in self._masks]
        self._prune()

    def state_dict(self) -> dict[str, Any]:
        """The densities at the beginning, for a checkpoint."""
        return {"first": self._first}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """The densities of a checkpoint."""
        self._first = list(state_dict["first"])

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Put zeros where blocks are gone, after those that go now."""
        self._prune()

    def _prune(self) -> None:
        done = min(self._share_done() / RAMP, 1.0)
        times = int(done * TIMES)
        if times > self._times:
            self._times = times
            left = (1.0 - times / TIMES) ** 3
            for place, (weight, gates) in enumerate(self._weights):
                first = max(self._first[place], self._density)
                self._masks[place] = largest(blocks(weight, gates), self._density + (first - self._density) * left)
        with torch.no_grad():
            for (weight, gates), mask in zip(self._weights, self._masks, strict=True):
                weight.masked_fill_(~spread(mask, gates, weight.shape[1]), 0.0)


class StoppingWhenSettled(EarlyStopping):
    """Waits for the end of the pruning before it looks for an end of progress: until then the loss may rise."""

    def __init__(self, pruning: BlockPruning, patience: int) -> None:
        super().__init__("validation_loss", patience=patience, check_on_train_epoch_end=False)
        self._pruning = pruning

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look for an end of progress."""
        if self._pruning.settled:
            super().on_validation_end(trainer, pl_module)


def prunable(network: nn.Module, *, inputs: bool) -> Iterator[tuple[nn.Parameter, int]]:
    """The matrices that have blocks, and the number of their gates.

    Raises:
        GateletError: there is none, or a layer has a projection or a low rank.
    """
    for layer in gated_layers(network):
        if layer.rank_hh is not None:
            raise GateletError(f"Layers whose blocks are pruned must be of full rank; these have rank {layer.rank_hh}.")
        for name, weight in layer.named_parameters(recurse=False):
            if name.startswith("weight_hh") or (inputs and name.startswith("weight_ih")):
                yield weight, GATES[layer.mode]


def gated_layers(network: nn.Module) -> list[RecurrentLayer[Any]]:
    """The recurrent layers of a network.

    Raises:
        GateletError: there is none, one has no gates, or one has a projection.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, RecurrentLayer)]
    kinds = {layer.mode for layer in layers}
    if not layers or not kinds <= set(GATES):
        raise GateletError(f"What is pruned must have layers of GRU or LSTM alone; it has {sorted(kinds) or 'none'}.")
    if any(layer.proj_size for layer in layers):
        raise GateletError("An LSTM that is pruned must have no projection; it has proj_size.")
    return layers


def blocks(weight: Tensor, gates: int) -> Tensor:
    """Sums of squares of the blocks: (G*H, C) -> (H, groups of C)."""
    groups = -(-weight.shape[1] // COLUMNS)
    squares = nn.functional.pad(weight.detach().float().square(), (0, groups * COLUMNS - weight.shape[1]))
    return squares.reshape(gates, -1, groups, COLUMNS).sum((0, 3))


def there(weight: Tensor, gates: int) -> Tensor:
    """Which blocks (H, groups) are not zero."""
    return blocks(weight, gates) > 0


def largest(sizes: Tensor, density: float) -> Tensor:
    """Which blocks (H, groups) stay: the largest of them, a share of all, at least one."""
    count = max(1, round(density * sizes.numel()))
    mask = torch.zeros(sizes.numel(), dtype=torch.bool, device=sizes.device)
    mask[sizes.flatten().topk(count).indices] = True
    return mask.reshape(sizes.shape)


def spread(mask: Tensor, gates: int, columns: int) -> Tensor:
    """Blocks as weights: (H, groups) -> (G*H, C)."""
    return mask.repeat_interleave(COLUMNS, 1)[:, :columns].repeat(gates, 1)
