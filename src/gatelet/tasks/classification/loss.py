"""What a classifier is trained on: the classes, the classes of the words, or both."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from gatelet.tasks.classification.batch import IGNORED, Batch
from gatelet.tasks.classification.network import ClassifierNetwork


@dataclass(frozen=True)
class ClassificationLoss:
    """Mean loss of a batch; that of the slots is added where there are slots.

    Exactly one class: cross-entropy, -log softmax(scores)[class]. Several: binary cross-entropy, summed over classes.

    Attributes:
        multiple: a text may have several classes.
        label_smoothing: share of the truth that is spread over all classes, in training.
        weights: (K,) how much each class counts, or None.
    """

    multiple: bool = False
    label_smoothing: float = 0.0
    weights: Tensor | None = None

    def __call__(self, network: nn.Module, batch: Batch) -> Tensor:
        """The mean loss; the validation is judged without smoothing."""
        assert isinstance(network, ClassifierNetwork)
        scores, slots = network(batch)
        smoothing = self.label_smoothing if network.training else 0.0
        loss = self._of_classes(scores.float(), batch.targets, smoothing)
        if slots is None:
            return loss
        if network.settings.crf:
            # a label that training has not shown counts as the first one: the field needs one at every word
            known = batch.slots.clamp(min=0)
            likelihood: Tensor = network.crf(slots.float(), known, mask=batch.mask, reduction="token_mean")
            return loss - likelihood
        flat = slots.float().flatten(0, 1)
        return loss + functional.cross_entropy(
            flat, batch.slots.flatten(), ignore_index=IGNORED, label_smoothing=smoothing
        )

    def _of_classes(self, scores: Tensor, targets: Tensor, smoothing: float) -> Tensor:
        weights = None if self.weights is None else self.weights.to(scores)
        if not self.multiple:
            return functional.cross_entropy(scores, targets.argmax(1), weights, label_smoothing=smoothing)
        wanted = targets.to(scores) * (1.0 - smoothing) + 0.5 * smoothing
        return functional.binary_cross_entropy_with_logits(scores, wanted, pos_weight=weights) * scores.shape[1]


def class_weights(targets: Tensor, multiple: bool) -> Tensor:
    """(K,) weights that let every class count the same, from (N, K) targets.

    One class per text: N / (K * count). Several: how many texts lack the class for each that has it.
    """
    counts = targets.sum(0).double().clamp(min=1.0)
    balanced = (len(targets) - counts) / counts if multiple else len(targets) / (len(counts) * counts)
    return balanced.clamp(min=1e-3, max=1e3).to(torch.float32)
