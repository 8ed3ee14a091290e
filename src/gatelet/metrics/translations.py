"""Scores of written texts beside the texts that were wanted, by the sacrebleu library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatelet.errors import require


@dataclass(frozen=True)
class TextScores:
    """Scores of a corpus.

    Attributes:
        bleu: from 0 to 100, of words and their neighbours.
        chrf: from 0 to 100, of characters and their neighbours.
        exact: share of the texts that are what was wanted, but for spaces at their ends.
        signatures: how BLEU and chrF were computed, for papers: "nrefs:1|case:lc|...".
    """

    bleu: float
    chrf: float
    exact: float
    signatures: dict[str, str]


def text_scores(written: Sequence[str], wanted: Sequence[str], *, lowercase: bool = False) -> TextScores:
    """BLEU, chrF and the share of exact matches; BLEU splits words as "13a" does.

    Args:
        written: (N) by a model.
        wanted: (N) references.
        lowercase: A counts as a.

    Raises:
        MissingExtraError: without the sacrebleu library.
        ValueError: the numbers of texts differ, or are zero.

    Sources: Post, A Call for Clarity in Reporting BLEU Scores, WMT 2018; Popovic, chrF, WMT 2015.
    """
    if len(written) != len(wanted) or not written:
        raise ValueError(f"written and wanted must be as many, one at least; got {len(written)} and {len(wanted)}.")
    library = require("sacrebleu.metrics", "text")
    if lowercase:
        written, wanted = [text.lower() for text in written], [text.lower() for text in wanted]
    metrics = {"bleu": library.BLEU(lowercase=lowercase), "chrf": library.CHRF(lowercase=lowercase)}
    scores = {name: float(metric.corpus_score(list(written), [list(wanted)]).score) for name, metric in metrics.items()}
    exact = sum(a.strip() == b.strip() for a, b in zip(written, wanted, strict=True)) / len(wanted)
    return TextScores(
        **scores, exact=exact, signatures={name: str(each.get_signature()) for name, each in metrics.items()}
    )
