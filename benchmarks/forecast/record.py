"""Results of a benchmark as a table beside the command that made them."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch

RESULTS = Path(__file__).parent / "results"


def spread(values: list[float], digits: int = 4) -> str:
    """Mean and standard deviation over seeds."""
    deviation = np.std(values, ddof=1) if len(values) > 1 else 0.0
    return f"{np.mean(values):.{digits}f} ± {deviation:.{digits}f}"


def record(name: str, title: str, command: str, rows: list[dict[str, Any]], notes: str, raw: Any) -> None:
    """Write results/NAME.md and results/NAME.json, and print the table."""
    header = list(rows[0])
    lines = [f"# {title}", "", f"`{command}`, {_machine()}.", "", f"| {' | '.join(header)} |"]
    lines += [f"|{'---|' * len(header)}"]
    lines += [f"| {' | '.join(str(row.get(key, '')) for key in header)} |" for row in rows]
    text = "\n".join([*lines, "", notes, ""])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")
    (RESULTS / f"{name}.json").write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
    print(text)


def _machine() -> str:
    return f"{torch.get_num_threads()} threads on {platform.machine()}, torch {torch.__version__}"
