"""A classifier as a plan: the network that runs it, and texts as its frames."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gatelet.plan import Plan, interpret
from gatelet.plan.cutting import part_of
from gatelet.stream import Session
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
        self._session = Session(self._part) if self._part.streamed else None

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Scores (B, K) of the classes, and (B, T, S) of the slot labels or None."""
        classes = torch.zeros(len(batch), self.sizes.classes)
        slots = torch.zeros(*batch.places.shape, self.sizes.slots) if self.sizes.slots else None
        for row, sequence in enumerate(frames_of(batch, self._part)):
            found = self._run(sequence)
            scores, *words = (torch.from_numpy(np.asarray(found[value.name])) for value in self._part.outputs)
            classes[row] = scores
            if slots is not None:
                slots[row, : len(words[0])] = words[0]
        return classes, slots

    def _run(self, sequence: list[dict[str, Any]]) -> dict[str, Any]:
        """What the plan says after the last frame."""
        name = self._part.outputs[0].name
        if self._session is None:
            return interpret.step(self._part, sequence[0], interpret.start(self._part))[0]
        self._session.reset()
        for frame in sequence:
            found = self._session.push(frame)
        return found if isinstance(found, dict) else {name: found}


def frames_of(batch: Batch, plan: Plan) -> list[list[dict[str, Any]]]:
    """Each text of a batch as frames of a plan: one a token, or one in all."""
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
        whole = {"tokens": batch.ids.numpy()[places]} | ({"spelling": table[places]} if spelled else {})
        steps = [{name: values[t] for name, values in whole.items()} for t in range(length)] if plan.streamed else []
        found.append(steps or [whole])
    return found
