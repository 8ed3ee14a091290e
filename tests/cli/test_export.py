"""gatelet export and gatelet verify, as a user calls them."""

import json
from pathlib import Path

import numpy as np
import small_plans

from gatelet import plan as p

from .conftest import Gatelet


def test_export_and_verify(gatelet: Gatelet, tmp_path: Path) -> None:
    p.save_plan(small_plans.stacked(np.random.default_rng(0), "lstm", inputs=2, hidden=3), tmp_path / "model")
    said = gatelet("export", tmp_path / "model", "--to", "npz", "--out", tmp_path / "out", "--json")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out)["files"] == ["model.npz", "plan.json", "plan.safetensors", "export.json"]
    assert gatelet("verify", tmp_path / "out").code == 0
    again = gatelet("export", tmp_path / "model", "--to", "npz", "--out", tmp_path / "out")
    assert again.code == 2 and "overwriting was not asked for" in again.err


def test_a_device_that_is_none_is_refused_before_the_data_are_read(gatelet: Gatelet, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("nothing")
    for task, more in (("forecast", ["--horizon", "4"]), ("classify", [])):
        out = tmp_path / "out"
        said = gatelet("fit", task, tmp_path / "data.csv", *more, "--fit-device", "abacus", "--out", out)
        assert said.code == 2 and "A device must begin with one of cortex-m0" in said.err
