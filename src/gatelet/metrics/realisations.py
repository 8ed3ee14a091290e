"""How well sentences say what they were to say: BLEU beside several references, and slots left out or made up.

Both as RNNLG computes them, the benchmark of Wen et al., Semantically Conditioned LSTM-based Natural Language
Generation, EMNLP 2015 (arXiv:1508.01745), so that its published figures can be compared with.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

Words = Sequence[str]

_LONGEST = 4
# added to precisions, so that none is zero
_LEAST = 1e-7


def reference_bleu(corpus: Iterable[tuple[Sequence[Words], Sequence[Words]]]) -> float:
    """BLEU-4 of a corpus, from 0 to 1.

        BLEU = min(1, exp(1 - r / c)) * (p_1 p_2 p_3 p_4)^(1/4)

    p_n is the share of the n-grams of all sentences that a reference has too, an n-gram counted at most as often as in
    the reference that has it most often; c is the length of all sentences; r is that of their references, for each
    sentence of the one whose length is next to its own, the first of several. It is not smoothed.

    Args:
        corpus: for each thing to say the sentences that were written for it, all of which count the same, and the
            references, each as words.
    """
    matched, written = [0] * _LONGEST, [0] * _LONGEST
    length, wanted = 0, 0
    for sentences, references in corpus:
        most = [_most(references, n) for n in range(1, _LONGEST + 1)]
        for sentence in sentences:
            for n in range(_LONGEST):
                grams = _grams(sentence, n + 1)
                written[n] += grams.total()
                matched[n] += sum(min(count, most[n][gram]) for gram, count in grams.items())
            length += len(sentence)
            wanted += len(min(references, key=lambda reference: abs(len(reference) - len(sentence))))
    if not length:
        return 0.0
    brevity = 1.0 if length > wanted else math.exp(1.0 - wanted / length)
    logs = [math.log(m / (w + _LEAST) + _LEAST) for m, w in zip(matched, written, strict=True)]
    return brevity * math.exp(math.fsum(logs) / _LONGEST)


def slot_errors(wanted: Mapping[str, int], words: Words, expressed: Mapping[str, Iterable[str]]) -> int:
    """How many slots a sentence leaves out, repeats or makes up.

        sum over slots of |times wanted - number of words that express it|

    Args:
        wanted: slot -> how often it is to be said; 0 where it is absent.
        words: of the delexicalised sentence.
        expressed: slot -> the words that express it, such as {"name": ["SLOT_NAME"], "kidsallowed": ["child", "kid"]}.
    """
    counts = Counter(words)
    return sum(abs(wanted.get(slot, 0) - sum(counts[word] for word in said)) for slot, said in expressed.items())


def _grams(words: Words, size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1))


def _most(references: Sequence[Words], size: int) -> Counter[tuple[str, ...]]:
    """For each n-gram the largest count in one reference."""
    most: Counter[tuple[str, ...]] = Counter()
    for reference in references:
        most |= _grams(reference, size)
    return most
