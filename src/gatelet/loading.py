"""`load`: whatever was saved, a model of one task or a bot that is made of several."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatelet.chat import ChatBot
from gatelet.tasks import load as load_task
from gatelet.tasks.store import read_config


def load(path: str | Path) -> Any:
    """Read a model or a ChatBot from a folder that its `save` wrote.

    Raises:
        ModelError: the folder is absent, damaged, or from a newer gatelet.
    """
    return ChatBot.load(path) if read_config(Path(path)).get("task") == ChatBot.task else load_task(path)
