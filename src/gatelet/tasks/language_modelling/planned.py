"""A language model as a plan: the network that runs it, and tokens as its frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gatelet.plan import Plan
from gatelet.plan.values import Value
from gatelet.stream.engine import Engine, NumpyEngine
from gatelet.stream.native import NativeEngine, can_run
from gatelet.tasks.language_modelling.network import LanguageModelSettings, LanguageNetwork, Output, States


class PlannedLanguageNetwork(LanguageNetwork):
    """The network of a language model that has a plan and no weights of torch; it cannot be trained.

    Its features are the log probabilities of the next token, and its states those of the plan, (1, B, S) in one tensor.
    """

    def __init__(self, plan: Plan, settings: LanguageModelSettings, size: int) -> None:
        """Run a plan of these sizes."""
        nn.Module.__init__(self)
        self.settings, self.size, self.plan = settings, size, plan
        if plan.inputs != (Value("token", (), "int"),):
            raise ValueError("the plan must read a token; it reads something else.")
        if plan.outputs != (Value("log_probabilities", (size,)),) or not plan.streamed:
            raise ValueError(f"the plan must give log probabilities of {size} tokens, step by step; it does not.")
        self.register_buffer("log_frequencies", torch.full((size,), -float(np.log(size))))
        self._engine: Engine = NativeEngine(plan) if can_run(plan) else NumpyEngine(plan)
        self._count = 1
        self._engine.resize(1)
        parts = self._engine.read(0)
        self._bounds = np.cumsum([part.size for part in parts])[:-1]
        self._zero = torch.from_numpy(np.concatenate([part.astype(np.float64) for part in parts]))

    def initial(self, streams: int) -> States:
        """The states before the first step of B streams."""
        return ((self._zero.expand(1, streams, -1),),)

    def forward(self, former: Tensor, states: States, resets: Tensor | None = None) -> Output:
        """T steps of B streams; former and resets are (B, T)."""
        rows, flags = len(former), None if resets is None else resets.numpy()
        self._restore(states)
        numbers, tokens = np.arange(rows), former.numpy().T
        found = np.empty((*tokens.shape, self.size), np.float32)
        for begin, end in _stretches(flags, len(tokens)):
            for row in () if flags is None else np.flatnonzero(flags[:, begin]).tolist():
                self._engine.reset(row)
            found[begin:end] = self._engine.push(numbers, [tokens[begin:end]])[0]
        log_p = torch.from_numpy(found).transpose(0, 1)
        after = np.stack([np.concatenate(self._engine.read(row)) for row in range(rows)]).astype(np.float64)
        return Output(log_p, log_p, log_p, ((torch.from_numpy(after)[None],),))

    def step(self, token: int, states: States) -> tuple[Tensor, States]:
        """Log probabilities (V,) of what follows one token of one stream, and the states after it."""
        found = self(torch.full((1, 1), token), states)
        return found.features[0, 0], found.states

    def cross_entropy(self, features: Tensor, target: Tensor) -> Tensor:
        """The mean of -log p of N tokens, their log probabilities (N, V) given."""
        return -features.gather(1, target[:, None]).mean()

    def _restore(self, states: States) -> None:
        blocks: NDArray[Any] = states[0][0][0].numpy()
        if len(blocks) > self._count:
            self._count = len(blocks)
            self._engine.resize(self._count)
        for row, block in enumerate(blocks):
            self._engine.write(row, np.split(block, self._bounds))


def _stretches(resets: NDArray[np.bool_] | None, steps: int) -> Iterator[tuple[int, int]]:
    """Steps between which no stream (B, T) begins afresh."""
    begins = [] if resets is None else np.flatnonzero(resets.any(0)).tolist()
    bounds = [0, *(at for at in begins if at > 0), steps]
    yield from zip(bounds[:-1], bounds[1:], strict=True)
