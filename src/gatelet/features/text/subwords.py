"""Subwords learned from the training texts: byte-pair encoding or a unigram model, by the `tokenizers` library.

Sources: Sennrich et al., Neural Machine Translation of Rare Words with Subword Units, ACL 2016 (arXiv:1508.07909);
Kudo, Subword Regularization, ACL 2018 (arXiv:1804.10959).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gatelet.errors import ModelError, require
from gatelet.features.text.splitting import plain

KINDS = ("bpe", "unigram")
_UNKNOWN = "<unk>"


class Subwords:
    """A fitted subword tokenizer; spaces are part of the pieces, so that a text can be put together again."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def pieces(self, text: str) -> list[str]:
        """The subwords of a text; a space before a word is written as U+2581, an unknown character as itself."""
        text = plain(text)
        found = self._tokenizer.encode(text)
        tokens: list[str] = found.tokens
        if _UNKNOWN not in tokens:
            return tokens
        spans = zip(tokens, found.offsets, strict=True)
        return [text[begin:end] if token == _UNKNOWN else token for token, (begin, end) in spans]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """All subwords, in the order of their numbers."""
        ids = self._tokenizer.get_vocab()
        return tuple(sorted(ids, key=ids.__getitem__))

    def to_json(self) -> str:
        """The tokenizer as the library writes it, in JSON."""
        text: str = self._tokenizer.to_str()
        return text

    @staticmethod
    def from_json(text: Any) -> Subwords:
        """A tokenizer from what `to_json` gave.

        Raises:
            ModelError: it is something else.
            MissingExtraError: without the library.
        """
        library = require("tokenizers", "text")
        if not isinstance(text, str):
            raise ModelError(f"subwords must be text; got {type(text).__name__}.")
        try:
            return Subwords(library.Tokenizer.from_str(text))
        except Exception as error:  # noqa: BLE001 - the library raises nothing narrower
            raise ModelError(f"subwords must be a tokenizer in JSON; got another ({error!s:.200}).") from error


def fit_subwords(texts: Iterable[str], kind: str, size: int) -> Subwords:
    """Learn subwords.

    Args:
        texts: of the training.
        kind: "bpe" or "unigram".
        size: number of subwords, at most.

    Raises:
        MissingExtraError: without the library.
    """
    library = require("tokenizers", "text")
    models, trainers = require("tokenizers.models", "text"), require("tokenizers.trainers", "text")
    before = require("tokenizers.pre_tokenizers", "text")
    options = {"vocab_size": size, "show_progress": False, "special_tokens": [_UNKNOWN]}
    if kind == "bpe":
        tokenizer, trainer = library.Tokenizer(models.BPE(unk_token=_UNKNOWN)), trainers.BpeTrainer(**options)
    else:
        tokenizer = library.Tokenizer(models.Unigram())
        trainer = trainers.UnigramTrainer(unk_token=_UNKNOWN, **options)
    # a mark of punctuation is no part of the word that it follows
    tokenizer.pre_tokenizer = before.Sequence([before.Metaspace(), before.Punctuation()])
    tokenizer.train_from_iterator((plain(text) for text in texts), trainer)
    return Subwords(tokenizer)
