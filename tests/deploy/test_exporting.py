"""Export folders: whole or not at all, never over somebody's files, and checked again by verify."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import small_plans

import gatelet
from gatelet import plan as p
from gatelet.deploy.npz import read_npz
from gatelet.errors import ExportError, GateletError, ModelError


@pytest.fixture
def plan() -> p.Plan:
    return small_plans.stacked(np.random.default_rng(0), "gru", inputs=3, hidden=4)


def test_arrays_for_numpy(plan: p.Plan, tmp_path: Path) -> None:
    done = gatelet.export(plan, "npz", tmp_path / "out")
    assert done.files == ("model.npz", "plan.json", "plan.safetensors", "export.json")
    with np.load(tmp_path / "out" / "model.npz", allow_pickle=False) as arrays:
        assert arrays["h0.weight_ih"].shape == (12, 3)
    found = read_npz(tmp_path / "out" / "model.npz")
    assert isinstance(found, p.Plan) and found.digest == plan.digest
    assert gatelet.verify(tmp_path / "out").verified == done.verified


@pytest.mark.parametrize("damage", ["cut", "text", "missing"])
def test_damaged_arrays(plan: p.Plan, tmp_path: Path, damage: str) -> None:
    gatelet.export(plan, "npz", tmp_path / "out")
    file = tmp_path / "out" / "model.npz"
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:500] if damage == "cut" else b"nothing")
    with pytest.raises(ModelError, match="must be a file that gatelet wrote"):
        read_npz(file)
    with pytest.raises(ExportError, match=r"must (have|be as it was)"):
        gatelet.verify(tmp_path / "out")


def test_onnx_from_a_saved_plan(plan: p.Plan, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    p.save_plan(plan, tmp_path / "saved")
    done = gatelet.export(tmp_path / "saved", "onnx", tmp_path / "out", opset=18)
    assert {"model.onnx", "step.onnx", "README.md"} <= set(done.files)
    model = onnx.load(tmp_path / "out" / "step.onnx")
    assert model.opset_import[0].version == 18
    assert [value.name for value in model.graph.input] == ["x", "state.h0.h", "state.h1.h"]
    assert set(gatelet.verify(tmp_path / "out").verified) >= {"the reference evaluator"}


def test_a_model_that_computes_something_else_is_found(plan: p.Plan, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    gatelet.export(plan, "onnx", tmp_path / "out")
    file = tmp_path / "out" / "step.onnx"
    model = onnx.load(file)
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "linear_before_reset":
                attribute.i = 0
    onnx.save(model, file)
    manifest = tmp_path / "out" / "export.json"
    document = json.loads(manifest.read_text())
    from gatelet.deploy.exporting import _sha256

    document["files"]["step.onnx"] = _sha256(file)
    manifest.write_text(json.dumps(document))
    with pytest.raises(ExportError, match="times what is allowed"):
        gatelet.verify(tmp_path / "out")


def test_folders_are_not_overwritten_unasked(plan: p.Plan, tmp_path: Path) -> None:
    gatelet.export(plan, "npz", tmp_path / "out")
    with pytest.raises(GateletError, match="overwriting was not asked for"):
        gatelet.export(plan, "npz", tmp_path / "out")
    gatelet.export(plan, "npz", tmp_path / "out", overwrite=True)
    (tmp_path / "out" / "mine.txt").write_text("notes")
    with pytest.raises(GateletError, match=r"mine\.txt"):
        gatelet.export(plan, "npz", tmp_path / "out", overwrite=True)


def test_what_cannot_be_exported_leaves_no_folder(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    integers = p.Plan("T", (p.Value("x", (2,)),), (p.Quantize("x", "y", 0.5),), (p.Value("y", (2,), "int"),))
    with pytest.raises(ExportError, match="Integers cannot be exported to ONNX"):
        gatelet.export(integers, "onnx", tmp_path / "out")
    with pytest.raises(ExportError, match="exported to c, arduino, onnx, npz"):
        gatelet.export(small_plans.window(np.random.default_rng(0)), "paper", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"format": "gatelet-export", "version": 1, "files": 3}'])
def test_damaged_manifests(plan: p.Plan, tmp_path: Path, text: str) -> None:
    gatelet.export(plan, "npz", tmp_path / "out")
    (tmp_path / "out" / "export.json").write_text(text)
    with pytest.raises(ExportError, match="export"):
        gatelet.verify(tmp_path / "out")
