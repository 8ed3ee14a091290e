"""The examples of docs/layers.md run, one after another."""

import re
from pathlib import Path
from typing import Any


def test_examples() -> None:
    page = (Path(__file__).parents[2] / "docs" / "layers.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    assert len(blocks) == 5
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs/layers.md", "exec"), names)
