"""Samples that are held out for the validation, drawn by a seed."""

from __future__ import annotations

import numpy as np

from gatelet.errors import DataError


def random_share(what: str, count: int, share: float, seed: int) -> tuple[list[int], list[int]]:
    """Rows to learn from, and a random share of all to validate by, of one at least; both in order.

    Raises:
        DataError: fewer than two samples.
    """
    if count < 2:
        raise DataError(f"{what} must be two at least, one to learn from and one to validate; got {count}.")
    order = np.random.default_rng(seed).permutation(count)
    held = min(max(1, round(share * count)), count - 1)
    return np.sort(order[held:]).tolist(), np.sort(order[:held]).tolist()
