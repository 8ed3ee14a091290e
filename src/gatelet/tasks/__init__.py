"""Tasks: nouns with the same verbs, fit, predict, evaluate, save; and `load`, which reads whichever was saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatelet.errors import ModelError
from gatelet.tasks.classification import Classifier
from gatelet.tasks.forecasting import Forecaster
from gatelet.tasks.language_modelling import LanguageModel
from gatelet.tasks.realisation import Realizer
from gatelet.tasks.store import read_config
from gatelet.tasks.task import Task
from gatelet.tasks.translation import Translator

_TASKS: dict[str, type[Task[Any, Any]]] = {
    each.task: each for each in (Forecaster, Classifier, Translator, LanguageModel, Realizer)
}


def load(path: str | Path) -> Any:
    """Read a model, whichever task it has, from a folder that its `save` wrote.

    Raises:
        ModelError: the folder is absent, damaged, or from a newer gatelet.
    """
    task = read_config(Path(path)).get("task")
    if not isinstance(task, str) or task not in _TASKS:
        raise ModelError(f"{path} must hold one of {', '.join(_TASKS)}; it holds {task!r:.80}.")
    return _TASKS[task].load(path)
