"""Results of a benchmark of texts: kept run by run, and as a table beside the command that made them."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

RESULTS = Path(__file__).parent / "results"


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation."""
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else f"{values[0]:.3f}"


def known_runs(name: str, settings: str) -> list[dict[str, Any]]:
    """The runs of results/NAME.json that were made with these settings: a benchmark that was stopped goes on."""
    path = RESULTS / f"{name}.json"
    runs = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return [run for run in runs if run.get("settings") == settings]


def keep_runs(name: str, runs: Any) -> None:
    """Write results/NAME.json."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")


def write(name: str, title: str, command: str, rows: Sequence[dict[str, Any]], notes: str, raw: Any) -> None:
    """Write results/NAME.md and results/NAME.json, and print the table."""
    header = list(dict.fromkeys(key for row in rows for key in row))
    table = [header, ["---"] * len(header), *([str(row.get(key, "")) for key in header] for row in rows)]
    machine = f"{torch.get_num_threads()} thread on {platform.machine()}, torch {torch.__version__}"
    lines = [f"# {title}", "", f"`{command}`, {machine}.", "", *(f"| {' | '.join(row)} |" for row in table), "", notes]
    text = "\n".join([*lines, ""])
    keep_runs(name, raw)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)
