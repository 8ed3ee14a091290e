"""The known question next to what was asked, by the cosine of their words and spellings weighed by rarity.

    weight(term in text) = (1 + log times) * log((1 + texts) / (1 + texts with the term)) + 1, scaled to length 1

Terms are words, and the three to five letters in a row that words consist of, so that a slip of the pen costs little.
Source: Salton and Buckley, Term-weighting Approaches in Automatic Text Retrieval, 1988.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from gatelet.features.text.features import NGRAMS
from gatelet.features.text.splitting import words


class Retrieval:
    """Finds the nearest of some texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Weigh the terms of the texts."""
        counted = [_terms(text) for text in texts]
        documents = Counter(term for terms in counted for term in terms)
        self._rarity = {term: math.log((1 + len(texts)) / (1 + n)) + 1.0 for term, n in documents.items()}
        self._vectors = [self._vector(terms) for terms in counted]

    def nearest(self, text: str) -> tuple[int, float]:
        """The number of the nearest text, and the cosine; (-1, 0.0) where no text shares a term."""
        asked = self._vector(_terms(text))
        best, cosine = -1, 0.0
        for number, vector in enumerate(self._vectors):
            found = sum(weight * vector.get(term, 0.0) for term, weight in asked.items())
            if found > cosine:
                best, cosine = number, found
        return best, cosine

    def _vector(self, terms: Counter[str]) -> dict[str, float]:
        # a term that no text has makes what is asked longer, and hence less like any of them
        unseen = max(self._rarity.values(), default=1.0)
        weights = {term: (1.0 + math.log(n)) * self._rarity.get(term, unseen) for term, n in terms.items()}
        length = math.sqrt(sum(weight * weight for weight in weights.values()))
        return {term: weight / length for term, weight in weights.items()} if length else {}


def _terms(text: str) -> Counter[str]:
    terms: Counter[str] = Counter()
    for word in words(text.lower()):
        edged = f"<{word[:40]}>"
        terms[word] += 1
        terms.update(edged[at : at + size] for size in NGRAMS for at in range(len(edged) - size + 1))
    return terms
