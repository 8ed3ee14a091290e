"""torch's layers as plans, beside torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file

from gatelet import plan as p
from gatelet.deploy.importing import from_torch, import_file
from gatelet.errors import ModelError
from gatelet.plan import interpret


def outputs(plan: p.Plan, x: NDArray[Any]) -> NDArray[Any]:
    if plan.streamed:
        return interpret.whole(plan, [{"x": row} for row in x])["y"]
    return interpret.step(plan, {"x": x}, interpret.start(plan))[0]["y"]


@pytest.mark.parametrize("kind", [torch.nn.GRU, torch.nn.LSTM, torch.nn.RNN])
@pytest.mark.parametrize(("layers", "both", "bias"), [(1, False, True), (2, True, True), (3, False, False)])
def test_the_same_numbers(kind: Any, layers: int, both: bool, bias: bool) -> None:
    torch.manual_seed(0)
    layer = kind(3, 5, layers, bidirectional=both, bias=bias)
    x = torch.randn(7, 3)
    with torch.no_grad():
        expected = layer(x)[0].numpy()
    np.testing.assert_allclose(outputs(from_torch(layer.state_dict()), x.numpy()), expected, rtol=0, atol=1e-6)


def test_a_layer_within_a_model(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layers = {"first": torch.nn.GRU(2, 3), "second": torch.nn.LSTM(2, 4), "head": torch.nn.Linear(4, 1)}
    save_file(torch.nn.ModuleDict(layers).state_dict(), tmp_path / "model.safetensors")
    plan = import_file(tmp_path / "model.safetensors", "second")
    assert [type(each) for each in plan.operations] == [p.LSTM]
    with pytest.raises(ModelError, match="One layer must be named, of 'first', 'second'"):
        import_file(tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="got 'third'"):
        import_file(tmp_path / "model.safetensors", "third")


def test_what_cannot_be_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="weight_hr_l0"):
        from_torch(torch.nn.LSTM(3, 5, proj_size=2).state_dict())
    with pytest.raises(ModelError, match="no name is"):
        from_torch(torch.nn.Linear(3, 5).state_dict())
    broken = dict(torch.nn.GRU(3, 5).state_dict())
    broken["weight_ih_l0"] = torch.full((15, 3), torch.nan)
    with pytest.raises(ModelError, match="finite"):
        from_torch(broken)
    broken["weight_ih_l0"] = torch.zeros(14, 3)
    with pytest.raises(ModelError, match="gates of equal size"):
        from_torch(broken)
    (tmp_path / "x.safetensors").write_bytes(b"\xff" * 40)
    with pytest.raises(ModelError, match=r"x\.safetensors"):
        import_file(tmp_path / "x.safetensors")
    with pytest.raises(ModelError, match="there is none"):
        import_file(tmp_path / "missing.onnx")
    (tmp_path / "x.txt").write_text("")
    with pytest.raises(ModelError, match="must end in"):
        import_file(tmp_path / "x.txt")
