"""Which files of the runtime a source needs: those that define what it calls, and what they call and include."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from gatelet.runtime import source_files

DEFINED = re.compile(r"^(?!static|extern|#| )[^;=\n(\[]*?\b(gatelet_\w+)[(\[]", re.MULTILINE)
DECLARED = re.compile(r"^(?!static|extern|#| |GATELET)[^;={}\n(]*?\bgatelet_\w+\([^;{}]*\);", re.MULTILINE)
CALLED = re.compile(r"\bgatelet_\w+")
INCLUDED = re.compile(r'^#include "(\w+\.h)"', re.MULTILINE)


def needed_files(source: str) -> list[Path]:
    """The C files and headers of the runtime that a program with this source is made of."""
    texts, homes = _texts(), _homes()
    names: set[str] = set()
    found: set[str] = set()
    waiting = [source, '#include "gatelet.h"']
    while waiting:
        text = waiting.pop()
        new = {homes[name] for name in CALLED.findall(text) if name in homes} | set(INCLUDED.findall(text))
        new -= found
        found |= new
        # of headers, only what they define inline calls others; what they declare needs nothing
        waiting += [DECLARED.sub("", texts[name]) for name in new if name in texts and name != "gatelet.h"]
        names |= new
    return [file for file in source_files() if file.name in names]


@cache
def _texts() -> dict[str, str]:
    return {file.name: file.read_text(encoding="utf-8") for file in source_files()}


@cache
def _homes() -> dict[str, str]:
    """The C file that defines a name."""
    return {name: file for file, text in _texts().items() if file.endswith(".c") for name in DEFINED.findall(text)}
