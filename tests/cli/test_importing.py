"""gatelet import, as a user calls it."""

import json
from pathlib import Path

import torch

from .conftest import Gatelet


def test_import_of_torch(gatelet: Gatelet, tmp_path: Path) -> None:
    torch.save(torch.nn.GRU(3, 4, 2).state_dict(), tmp_path / "gru.pt")
    said = gatelet("import", tmp_path / "gru.pt", "--out", tmp_path / "plan", "--json")
    assert (said.code, said.err) == (0, "")
    assert [row["operation"] for row in json.loads(said.out)["operations"]] == ["GRU", "GRU"]
    assert gatelet("export", tmp_path / "plan", "--to", "npz", "--out", tmp_path / "out").code == 0
    (tmp_path / "bad.pt").write_bytes(b"nothing")
    bad = gatelet("import", tmp_path / "bad.pt", "--out", tmp_path / "other")
    assert bad.code == 2 and "must hold weights that torch saved" in bad.err
    assert not (tmp_path / "other").exists()
