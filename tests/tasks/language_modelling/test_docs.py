"""The guide's examples in Python run, one after the other."""

import re
from pathlib import Path

GUIDE = Path(__file__).parents[3] / "docs" / "language_model.md"


def test_the_examples_of_the_guide_run() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) == 3
    exec(compile("\n".join(blocks), "examples of language_model.md", "exec"), {})
