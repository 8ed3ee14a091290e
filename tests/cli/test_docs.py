"""Every command that the documents and the help show is one that exists, with the options that it shows."""

import re
import shlex
from pathlib import Path

import pytest

from .test_help import COMMANDS

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def shown() -> list[str]:
    texts = [path.read_text(encoding="utf-8") for path in DOCUMENTS] + [leaf.help for leaf in COMMANDS.values()]
    blocks = [block for text in texts for block in text.split("```")[1::2]]
    return sorted({line for block in blocks for line in re.findall(r"^ *(?:\S+/)?(gatelet [a-z].+)$", block, re.M)})


@pytest.mark.parametrize("line", shown())
def test_commands_exist(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    path = next(tuple(words[:length]) for length in (2, 1) if tuple(words[:length]) in COMMANDS)
    context = COMMANDS[path].make_context(" ".join(path), words[len(path) :])
    assert context.params


def test_there_are_commands_to_check() -> None:
    assert len(shown()) > 15
