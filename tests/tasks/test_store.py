"""Saving is whole or not at all, whatever the disk or a signal does; each case in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gatelet.errors import MissingExtraError, ModelError
from gatelet.tasks.store import described, read_config, read_weights, write_model

# Saves a first model, then forks once per case to replace it: with files limited in size, or killed at some point.
SCRIPT = """
import json, os, resource, signal, sys
from pathlib import Path
import torch
from gatelet.errors import ModelError
from gatelet.tasks import store

def save(path, mark):
    weights = {"w": torch.full((5000,), float(mark))}
    return store.write_model(path, "Test", {"mark": mark, "long": "x" * 50_000}, weights, overwrite=True)

def die(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def dying(function, *, calls=1, after=False):
    def wrapped(*args, **options):
        nonlocal calls
        calls -= 1
        if calls == 0 and not after:
            die()
        result = function(*args, **options)
        if calls == 0:
            die()
        return result
    return wrapped

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

def patch(owner, name, **options):
    setattr(owner, name, dying(getattr(owner, name), **options))

CASES = {
    "full disk at the weights": lambda: limit(1_000),
    "full disk at the description": lambda: limit(30_000),
    "before the weights": lambda: patch(store, "save_file"),
    "after the weights": lambda: patch(store, "save_file", after=True),
    "before the description": lambda: patch(Path, "write_text"),
    "after the description": lambda: patch(Path, "write_text", after=True),
    "before the first rename": lambda: patch(os, "rename"),
    "after the first rename": lambda: patch(os, "rename", after=True),
    "before the second rename": lambda: patch(os, "rename", calls=2),
    "after the second rename": lambda: patch(os, "rename", calls=2, after=True),
    "not at all": lambda: None,
}

found = {}
for case, prepare in CASES.items():
    path = save(Path(sys.argv[1]) / case / "model", 1)
    child = os.fork()
    if child == 0:
        try:
            prepare()
            save(path, 2)
        except ModelError as error:
            Path(sys.argv[1], case, "error").write_text(str(error))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    error = path.with_name("error")
    config = store.read_config(path)
    weights = store.read_weights(path, config)["w"]
    found[case] = {
        "killed": os.WIFSIGNALED(status),
        "model": config["mark"],
        "whole": bool((weights == config["mark"]).all()),
        "error": error.read_text() if error.exists() else None,
    }
    save(path, 3)
    found[case]["next"] = store.read_config(path)["mark"]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    script = [sys.executable, "-c", SCRIPT, str(tmp_path_factory.mktemp("cases"))]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_full_disk_leaves_the_former_model_and_one_sentence(outcomes: dict[str, Any]) -> None:
    for part in ("weights", "description"):
        found = outcomes[f"full disk at the {part}"]
        assert found["model"] == 1 and found["whole"] and not found["killed"]
        assert found["error"].startswith("The model was not saved: ") and "File too large" in found["error"]
        assert found["error"].endswith(".") and "\n" not in found["error"]


def test_a_killed_process_leaves_a_whole_model(outcomes: dict[str, Any]) -> None:
    killed = {case: found for case, found in outcomes.items() if case.startswith(("before", "after"))}
    assert len(killed) == 8 and all(found["killed"] and found["whole"] for found in killed.values())
    expected = {case: 2 if case == "after the second rename" else 1 for case in killed}
    assert {case: found["model"] for case, found in killed.items()} == expected


def test_the_next_save_succeeds_after_any_of_it(outcomes: dict[str, Any]) -> None:
    assert all(found["next"] == 3 for found in outcomes.values())
    assert outcomes["not at all"] == {"killed": False, "model": 2, "whole": True, "error": None, "next": 3}


def test_any_task_can_be_written_and_read(tmp_path: Path) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    weights = {"turned": whole.T, "one": torch.tensor(1.5), "none": torch.empty(0, 3), "kind": torch.tensor([1, 2])}
    path = write_model(tmp_path / "model", "Other", {"text": "ünï"}, weights, overwrite=False)
    config = read_config(path)
    assert config["task"] == "Other" and config["text"] == "ünï"
    read = read_weights(path, config)
    assert set(read) == set(weights) and all(torch.equal(read[name], weights[name]) for name in weights)


@pytest.mark.parametrize(
    "make",
    [lambda folder: folder / "file" / "model", lambda folder: folder / "file", lambda folder: Path("/proc/model")],
)
def test_a_place_that_cannot_be_written_is_one_sentence(make: Callable[[Path], Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ModelError, match=r"^The model was not saved: [^\n]*\.$"):
        write_model(make(tmp_path), "Test", {}, {}, overwrite=True)
    assert (tmp_path / "file").read_text() == "mine" and [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_description_that_is_not_json_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_model(tmp_path / "model", "Test", {"loss": float("nan")}, {}, overwrite=False)
    assert not list(tmp_path.iterdir())


def test_a_library_that_is_not_installed_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match="Subwords need"), described(tmp_path):
        raise MissingExtraError("Subwords need tokenizers.")
