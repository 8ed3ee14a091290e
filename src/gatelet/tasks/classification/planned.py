"""A classifier as a plan: the network that runs it, and texts as its frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatelet.plan import Plan
from gatelet.plan.cutting import part_of
from gatelet.stream.engine import Engine, NumpyEngine
from gatelet.stream.native import NativeEngine, can_run
from gatelet.tasks.classification.batch import Batch
from gatelet.tasks.classification.network import ClassifierNetwork, ClassifierSettings, ClassifierSizes


class PlannedClassifierNetwork(ClassifierNetwork):
    """The network of a classifier that has a plan and no weights of torch; it cannot be trained."""

    def __init__(self, plan: Plan, settings: ClassifierSettings, sizes: ClassifierSizes) -> None:
        """Run a plan of these sizes."""
        nn.Module.__init__(self)
        self.settings, self.sizes, self.plan = settings, sizes, plan
        scores = "all_scores" if settings.highway else "scores"
        self._part = part_of(plan, [scores, *(["slot_scores"] if sizes.slots else [])])
        shapes = {value.shape for value in self._part.outputs}
        if not shapes <= {(sizes.classes,), ("time", sizes.slots)}:
            raise ValueError(f"the scores of the plan must be of {sizes.classes} classes; they are not.")
        head = () if self._part.streamed else ("time",)
        read = {value.name: value.shape for value in self._part.inputs}
        if read != {"tokens": head} | ({"spelling": (*head, "parts")} if sizes.spelling else {}):
            raise ValueError("the plan must read tokens, and spellings if there are any; it reads something else.")
        self._engine: Engine = NativeEngine(self._part) if can_run(self._part) else NumpyEngine(self._part)
        self._engine.resize(1)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Scores (B, K) of the classes, and (B, T, S) of the slot labels or None."""
        classes = torch.zeros(len(batch), self.sizes.classes)
        slots = torch.zeros(*batch.places.shape, self.sizes.slots) if self.sizes.slots else None
        for row, text in enumerate(texts_of(batch, self._part)):
            self._engine.reset(0)
            found = self._engine.push(np.array([0]), [text[value.name][:, None] for value in self._part.inputs])
            scores, *words = (torch.from_numpy(np.asarray(each[-1, 0])) for each in found)
            classes[row] = scores
            if slots is not None:
                slots[row, : len(words[0])] = words[0]
        return classes, slots


def texts_of(batch: Batch, plan: Plan) -> list[dict[str, Any]]:
    """Each text of a batch as what a plan reads, with an axis of frames in front: one a token, or one in all."""
    spelled = len(plan.inputs) == 2
    bounds = np.append(batch.spelling_offsets.numpy(), len(batch.spelling))
    spelling = batch.spelling.numpy()
    longest = int(np.diff(bounds).max(initial=0))
    table = np.full((len(batch.ids), max(longest, 1)), -1, np.int64)
    for token, (begin, end) in enumerate(zip(bounds[:-1], bounds[1:], strict=True) if spelled else ()):
        table[token, : end - begin] = spelling[begin:end]
    found = []
    for row, length in zip(batch.places.numpy() - 1, batch.lengths.tolist(), strict=True):
        places = row[:length]
        text = {"tokens": batch.ids.numpy()[places]} | ({"spelling": table[places]} if spelled else {})
        found.append(text if plan.streamed else {name: values[None] for name, values in text.items()})
    return found


def frames_of(batch: Batch, plan: Plan) -> list[list[dict[str, Any]]]:
    """The same as frames, those of each text in a list."""
    texts = texts_of(batch, plan)
    return [[{name: values[t] for name, values in text.items()} for t in range(len(text["tokens"]))] for text in texts]
