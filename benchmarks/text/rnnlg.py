"""How RNNLG normalises the sentences of the dialogue acts: what of its rules changes anything in these two sets.

In this order: small letters; telephone numbers; spaces around punctuation; apostrophes at the edge of a word dropped;
contractions, plurals, some adverbs, two abbreviations and a slip of the pen written out; numbers one after the other
joined.
The words are RNNLG's (Apache-2.0).
"""

from __future__ import annotations

import re

_CONTRACTIONS = {
    "doesn't": "does not",
    "don't": "do not",
    "wasn't": "was not",
    "there's": "there is",
    "what's": "what is",
    "can't": "cannot",
}
_PLURALS = ("restaurant", "hotel", "place", "venue", "location", "requirement", "card")
_ADVERBS = ("typical", "certain", "actual", "total", "definite")
_OTHERS = {"st": "street", "ave": "avenue", "teh": "the", "children": "child -s", "includes": "include -s",
           "pricerange": "price range"}  # fmt: skip
WRITTEN_OUT = (
    _CONTRACTIONS
    | {f"{word}s": f"{word} -s" for word in _PLURALS}
    | {f"{word}ly": f"{word} -ly" for word in _ADVERBS}
    | _OTHERS
)


def normalised(sentence: str) -> str:
    """A sentence of the sets as RNNLG reads it; a full stop, question or exclamation mark at its end is dropped."""
    text = _telephones(re.sub(r" [.?!]$", "", sentence).lower().strip())
    text = re.sub(r"(?<!\d)\s*([.,?!])\s*|(?<=\d)\s*([.,?!])\s*(?!\d)", r" \1\2 ", text).strip()
    text = re.sub(r"^'|'$", "", text)
    text = re.sub(r"\s'", " ", re.sub(r"'\s", " ", text))
    words = [WRITTEN_OUT.get(word, word) for word in text.split()]
    joined: list[str] = []
    for word in " ".join(words).replace(". .", ".").split():
        if joined and word.isdigit() and re.search(r"^\d+$", joined[-1]):
            joined[-1] += word
        else:
            joined.append(word)
    return " ".join(joined)


def _telephones(text: str) -> str:
    """Ten digits as one number. One whose last four digits begin earlier grows by a digit, as it does in RNNLG."""
    begin = 0
    for parts in re.findall(r"(\d{3})[-.\s]?(\d{3})[-.\s]?(\d{4})", text):
        begin = text.find(parts[0], begin)
        text = text.replace(text[begin : text.find(parts[2], begin) + 4], "".join(parts))
    return text
