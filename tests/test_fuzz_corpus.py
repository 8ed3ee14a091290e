"""The committed inputs of the fuzzers, those that once broke something among them: each is read or refused.

The C++ and C ones are run by `make sanitize`; docs/fuzzing.md says more.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

FUZZ = Path(__file__).parents[1] / "fuzz"
NEEDS = {"model_folder": ("torch", "polars"), "foreign_file": ("onnx", "h5py")}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's on damaged numbers
@pytest.mark.parametrize("name", ["plan_folder", "stream_state", "foreign_file", "model_folder"])
def test_every_input_is_read_or_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in NEEDS.get(name, ()):
        pytest.importorskip(module)
    monkeypatch.syspath_prepend(str(FUZZ))
    files = importlib.import_module("driver").corpus(name)
    one = importlib.import_module(name).one
    assert len(files) > 10 or name == "model_folder"
    with np.errstate(all="ignore"):
        for file in files:
            one(file.read_bytes())
    for module in (name, "driver", "folders"):
        sys.modules.pop(module, None)
