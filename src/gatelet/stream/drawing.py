"""Drawing the next token in NumPy, by the rules of `gatelet.nn.sampling`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatelet.plan.values import Numbers


def next_probabilities(
    scores: NDArray[np.floating], temperature: float = 1.0, top_k: int | None = None, top_p: float = 1.0
) -> Numbers:
    """With which probability each token comes.

    First the scores are divided by the temperature, then the likeliest k are kept, then of these the likeliest whose
    probabilities together reach p. Of two tokens as likely the one with the smaller number is kept.

    Args:
        scores: (V,) of any scale; -inf for what must not come.
        temperature: positive.
        top_k: None for all.
        top_p: above 0, at most 1.

    Returns:
        (V,), which add up to 1.
    """
    scaled = scores.astype(np.float64)
    scaled = (scaled - scaled.max()) / temperature
    order = np.argsort(-scaled, kind="stable")[:top_k]
    kept = np.exp(scaled[order])
    kept /= kept.sum()
    kept = np.where(kept.cumsum() - kept < top_p, kept, 0.0)
    found = np.zeros(len(scaled))
    found[order] = kept / kept.sum()
    return found
