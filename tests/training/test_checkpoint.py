import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from gatelet.errors import GateletError, ModelError
from gatelet.training.checkpoint import SafetensorsCheckpointIO, weights_of

IO = SafetensorsCheckpointIO()

plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.integers(0, 3).map(torch.arange)
)
keys = st.one_of(st.text(max_size=5), st.integers(), st.tuples(st.integers(), st.text(max_size=2)))
trees = st.recursive(
    plain,
    lambda part: st.one_of(st.lists(part, max_size=3), st.tuples(part, part), st.dictionaries(keys, part, max_size=3)),
    max_leaves=12,
)


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(equal, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))


@given(st.dictionaries(st.text(max_size=5), trees, max_size=4))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, checkpoint: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("io") / "a.ckpt"
    IO.save_checkpoint(checkpoint, path)
    assert equal(IO.load_checkpoint(path), checkpoint)
    assert [entry.name for entry in path.parent.iterdir()] == ["a.ckpt"]


def test_tensors_that_share_memory_or_have_gaps_are_written(tmp_path: Path) -> None:
    base = torch.arange(12.0).reshape(3, 4)
    parts = {"all": base, "row": base[1], "column": base[:, 2], "turned": base.T, "scalar": torch.tensor(3)}
    IO.save_checkpoint({"state_dict": parts}, tmp_path / "a.ckpt")
    read = IO.load_checkpoint(tmp_path / "a.ckpt")["state_dict"]
    assert all(torch.equal(read[name], parts[name]) for name in parts)


def test_paths_become_text_and_other_objects_are_refused(tmp_path: Path) -> None:
    IO.save_checkpoint({"folder": Path("a/b")}, tmp_path / "a.ckpt")
    assert IO.load_checkpoint(tmp_path / "a.ckpt") == {"folder": "a/b"}
    with pytest.raises(TypeError, match="A checkpoint must hold tensors and plain values; got Random."):
        IO.save_checkpoint({"generator": random.Random()}, tmp_path / "a.ckpt")
    with pytest.raises(TypeError, match="got ndarray"):
        IO.save_checkpoint({"array": np.zeros(3)}, tmp_path / "a.ckpt")
    assert IO.load_checkpoint(tmp_path / "a.ckpt") == {"folder": "a/b"}  # the former one survives


def test_weights_are_those_of_the_network(tmp_path: Path) -> None:
    states = {"network.a": torch.ones(2), "network.inner.network.b": torch.zeros(1), "other": torch.ones(1)}
    IO.save_checkpoint({"state_dict": states}, tmp_path / "a.ckpt")
    assert set(weights_of(tmp_path / "a.ckpt")) == {"a", "inner.network.b"}


def damaged(tmp_path: Path) -> dict[str, Path]:
    """Files that are no checkpoints, by what is wrong with them."""
    IO.save_checkpoint({"state_dict": {"network.a": torch.ones(50)}}, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    contents = {"empty": b"", "half": whole[: len(whole) // 2], "pickle": b"\x80\x04N.", "short": whole[:-3]}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    trees = {
        "no json": "{",
        "not an object": "[1]",
        "a number": "3",
        "unknown tensor": json.dumps({"dict": [["state_dict", {"tensor": "t9"}]]}),
        "two kinds": json.dumps({"dict": [], "list": []}),
        "no kind": "{}",
        "a key that cannot be one": json.dumps({"dict": [[{"list": []}, 1]]}),
        "a pair of three": json.dumps({"dict": [[1, 2, 3]]}),
        "a tensor named by a number": json.dumps({"tensor": [3]}),
        "deep": '{"list": [' * 3000 + "]}" * 3000,
        "deeper": "[" * 200_000,
        "unknown kind of nothing": json.dumps({"set": 3}),
    }
    for name, tree in trees.items():
        save_file({"t0": torch.ones(1)}, tmp_path / name, {"tree": tree})
    save_file({"t0": torch.ones(1)}, tmp_path / "no tree", {"other": "1"})
    save_file({"t0": torch.ones(1)}, tmp_path / "no metadata")
    (tmp_path / "folder").mkdir()
    return {name: tmp_path / name for name in (*contents, *trees, "no tree", "no metadata", "folder", "absent")}


def test_what_is_no_checkpoint_gives_one_sentence(tmp_path: Path) -> None:
    for name, path in damaged(tmp_path).items():
        with pytest.raises(ModelError) as caught:
            IO.load_checkpoint(path)
        sentence = str(caught.value)
        assert sentence.startswith(f"{path} must be a checkpoint written by gatelet; "), name
        assert sentence.endswith(".") and "\n" not in sentence, name


def test_a_checkpoint_without_weights_gives_one_sentence(tmp_path: Path) -> None:
    for name, content in (("none", {}), ("text", {"state_dict": "x"}), ("words", {"state_dict": {"network.a": "x"}})):
        IO.save_checkpoint(content, tmp_path / name)
        with pytest.raises(ModelError, match="must be a checkpoint written by gatelet; it holds no weights"):
            weights_of(tmp_path / name)


def test_a_place_that_cannot_be_written_gives_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "a.ckpt").mkdir()
    for path in (tmp_path / "file" / "a.ckpt", tmp_path / "a.ckpt"):
        with pytest.raises(GateletError, match=r"^The checkpoint .*a\.ckpt could not be written; .*\.$"):
            IO.save_checkpoint({}, path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.ckpt", "file"]


def test_removing_what_is_gone_is_no_error(tmp_path: Path) -> None:
    IO.save_checkpoint({}, tmp_path / "a.ckpt")
    IO.remove_checkpoint(tmp_path / "a.ckpt")
    IO.remove_checkpoint(tmp_path / "a.ckpt")
    assert not list(tmp_path.iterdir())
