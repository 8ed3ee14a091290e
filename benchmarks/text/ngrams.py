"""Interpolated Kneser-Ney n-grams over numbered tokens: what a language model must beat.

    p_n(w | c) = max(count(c w) - d, 0) / count(c) + d * kinds(c) / count(c) * p_{n-1}(w | c without its first token)

with d = n1 / (n1 + 2 n2) of each order. Below the highest order, count(c w) is the number of different tokens that were
seen before c w; below the first, all tokens are as likely. A document begins after its own mark, n - 1 times.

Source: Kneser and Ney 1995; Chen and Goodman, An Empirical Study of Smoothing Techniques for Language Modeling, 1999.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatelet.tasks.language_modelling.script import Corpus

Ints = NDArray[np.int64]


def nats(train: Corpus, scored: Corpus, size: int, order: int) -> float:
    """-log of the probability of all tokens of a text; arguments as for `probabilities`."""
    return -float(np.log(probabilities(train, scored, size, order)).sum())


def probabilities(train: Corpus, scored: Corpus, size: int, order: int) -> NDArray[np.float64]:
    """The probability of each token of a text after those before it.

    Args:
        train: what is counted.
        scored: the text.
        size: V, how many numbers there are; V^order must fit in 63 bits.
        order: n.
    """
    if size**order >= 2**63:
        raise ValueError(f"{size} tokens to the power of {order} must fit in 63 bits; they do not.")
    seen, wanted = _histories(train, order), _histories(scored, order)
    grams, counts = np.unique(_packed(seen, size), return_counts=True)
    tables = []
    for n in range(order, 0, -1):
        tables.append((grams, counts))
        # without the first token: how many different ones were seen before it
        grams, counts = np.unique(grams % size ** (n - 1), return_counts=True)
    p = np.full(len(scored), 1.0 / size)
    for n, (grams, counts) in enumerate(reversed(tables), 1):
        p = _mixed(p, _packed(wanted[-n:], size), grams, counts, size)
    return p


def _mixed(p: NDArray[np.float64], keys: Ints, grams: Ints, counts: Ints, size: int) -> NDArray[np.float64]:
    """The probabilities of one order from those of the order below."""
    ones, twos = int((counts == 1).sum()), int((counts == 2).sum())
    discount = max(0.01, ones / max(1, ones + 2 * twos))  # without any, what was never seen would be impossible
    contexts, first = np.unique(grams // size, return_index=True)  # the n-grams of a context stand together
    totals, kinds = np.add.reduceat(counts, first), np.diff(np.append(first, len(grams)))
    count = _looked_up(keys, grams, counts)
    total, kind = (_looked_up(keys // size, contexts, values) for values in (totals, kinds))
    held = np.maximum(total, 1)
    found = np.maximum(count - discount, 0.0) / held + discount * kind / held * p
    return np.where(total > 0, found, p)


def _looked_up(keys: Ints, known: Ints, values: Ints) -> Ints:
    places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[places] == keys, values[places], 0)


def _histories(corpus: Corpus, order: int) -> list[Ints]:
    """For every token the `order` - 1 before it and itself, the oldest first; before a document only its mark."""
    ids, offsets = corpus.ids, corpus.offsets
    place = np.arange(len(ids)) - np.repeat(offsets[:-1], np.diff(offsets))
    end = ids[-1]
    return [np.where(place >= back, np.roll(ids, back), end) for back in range(order - 1, -1, -1)]


def _packed(columns: list[Ints], size: int) -> Ints:
    """Several tokens as one number."""
    key = np.zeros_like(columns[0])
    for column in columns:
        key = key * size + column
    return key
