"""Text as tokens: words, characters or bytes, whatever the script.

Text is first made plain: Unicode's composed form (NFC), without control characters and the invisible marks that steer
right-to-left display, so that two texts which look alike are alike.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

EMPTY = "\ufffd"
"""Stands for a token of which nothing is left."""

# soft hyphen, byte order mark, direction marks, embeddings and isolates; the joiners of emoji and Indic scripts stay
_INVISIBLE = "\u00ad\ufeff\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u2064\u2066-\u2069"
_CONTROL = re.compile(f"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f{_INVISIBLE}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ASCII_TOKEN = re.compile(r"\w+(?:'\w+)*|[^\w\s]")
# scripts that put no spaces between words: every character is a word
_UNSPACED = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"


def plain(text: str) -> str:
    """Text in NFC without control characters and direction marks; half a surrogate pair becomes U+FFFD."""
    if text.isascii():
        return _CONTROL.sub("", text)
    return unicodedata.normalize("NFC", _SURROGATE.sub(EMPTY, _CONTROL.sub("", text)))


def words(text: str) -> list[str]:
    """Words with their accents and inner apostrophes; punctuation marks and emoji, each a token of its own.

    Chinese and Japanese, which are written without spaces, are split into characters.
    """
    text = plain(text)
    return (_ASCII_TOKEN if text.isascii() else _token()).findall(text)


def spaced(text: str) -> list[str]:
    """What stands between spaces, as many tokens as `str.split` gives: for text that was split before."""
    return [plain(part) or EMPTY for part in text.split()]


def characters(text: str) -> list[str]:
    """Every character, a run of spaces as one."""
    return list(" ".join(plain(text).split()))


def octets(text: str) -> list[str]:
    """Every byte of the text in UTF-8, in hexadecimal."""
    return [f"{byte:02x}" for byte in plain(text).encode("utf-8")]


@lru_cache(maxsize=1)
def _token() -> re.Pattern[str]:
    """Tokens of any script; made on first use, since it asks Unicode for all marks that join to the letter before."""
    marks = "".join(
        re.escape(chr(code)) for code in range(0x300, 0x1EC00) if unicodedata.category(chr(code)) in ("Mn", "Mc", "Me")
    )
    letter = rf"(?:(?![{_UNSPACED}])[\w\u200c{marks}])"
    flag = "[\U0001f1e6-\U0001f1ff]{2}"
    emoji = "[^\\w\\s](?:[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]|\u200d[^\\w\\s])*"
    return re.compile(rf"[{_UNSPACED}]|{letter}+(?:['’]{letter}+)*|{flag}|{emoji}")
