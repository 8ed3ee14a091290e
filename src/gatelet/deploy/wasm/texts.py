"""What JavaScript must know to read texts as a model does: settings, tokens, and how subwords are made."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from gatelet.errors import ExportError, require

# what `gatelet.features.text.subwords` sets in the library; JavaScript has no more than this
_BEFORE = {
    "type": "Sequence",
    "pretokenizers": [
        {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        {"type": "Punctuation", "behavior": "Isolated"},
    ],
}
_PLAIN: dict[str, dict[str, Any]] = {
    "BPE": {
        "dropout": None,
        "unk_token": "<unk>",
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": False,
        "byte_fallback": False,
        "ignore_merges": False,
    },
    "Unigram": {"unk_id": 0, "byte_fallback": False},
}
WHOLE = 2**24  # tokens of a text that is read to its end


def described_text(features: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    """The features of texts without what JavaScript does not need.

    Args:
        features: as `TextFeatures.to_json` gives them.
        whole: read texts of any length.

    Raises:
        ExportError: subwords are made in a way that JavaScript has not.
        MissingExtraError: the model reads subwords, and the library of these is not there.
    """
    settings = features["settings"] | ({"max_length": WHOLE} if whole else {})
    found = {"settings": settings, "tokens": features["tokens"]}
    return found if features["subwords"] is None else found | {"subwords": _subwords(features)}


def _subwords(features: dict[str, Any]) -> dict[str, Any]:
    values = json.loads(features["subwords"])
    model, tokens = values["model"], features["tokens"]
    places = {token: place for place, token in enumerate(tokens)}
    kind, rest = model["type"], {name: model[name] for name in _PLAIN.get(model["type"], {}) if name in model}
    added = [each["content"] for each in values["added_tokens"]]
    asked = {
        "its model": _PLAIN.get(kind) == rest and set(model) - set(rest) <= {"type", "vocab", "merges"},
        "its normalizer": values["normalizer"] is None,
        "its cut before": values["pre_tokenizer"] == _BEFORE,
        "what it adds": added == ["<unk>"] and values["post_processor"] is None,
    }
    wrong = [name for name, same in asked.items() if not same]
    if wrong:
        raise ExportError(
            "Subwords in WebAssembly must be made as gatelet makes them, by byte-pair encoding or a unigram model over "
            f"words and marks; {' and '.join(wrong)} is another one."
        )
    found = {"kind": kind.lower(), "punctuation": _punctuation()}
    if kind == "Unigram":
        return found | {"scores": [score for _, score in model["vocab"]]}
    return found | {"merges": [places[part] for pair in model["merges"] for part in pair]}


@cache
def _punctuation() -> list[int]:
    """Where ranges of marks of punctuation begin and end, as the library has them: by a Unicode of its own."""
    cut = require("tokenizers.pre_tokenizers", "text").Punctuation()
    codes = (code for code in range(0x110000) if not 0xD800 <= code < 0xE000)
    pieces = cut.pre_tokenize_str("".join(f"a{chr(code)}" for code in codes))
    marks = sorted(ord(piece) for piece, _ in pieces if len(piece) == 1 and piece != "a")
    found: list[int] = []
    for mark in marks:
        if found and found[-1] == mark:
            found[-1] = mark + 1
        else:
            found += [mark, mark + 1]
    return found
