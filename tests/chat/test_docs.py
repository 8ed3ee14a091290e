"""The guide's bot is well formed, and its examples in Python run, one after the other."""

import re
from pathlib import Path

import pytest

from gatelet.chat.conversations import read_conversations

GUIDE = Path(__file__).parents[2] / "docs" / "chat.md"


def test_the_examples_of_the_guide_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    bot, conversations = re.findall(r"^```yaml\n(.*?)^```", text, re.M | re.S)
    monkeypatch.chdir(tmp_path)
    Path("bot.yaml").write_text(bot, encoding="utf-8")
    Path("test.yaml").write_text(conversations, encoding="utf-8")
    assert len(read_conversations(Path("test.yaml"))["a table in one go"]) == 2
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    assert len(blocks) == 2
    exec(compile("\n".join(blocks), "examples of chat.md", "exec"), {})
