"""Whatever is wrong with a folder is one ModelError, and never harm."""

import copy
import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import gatelet
from gatelet.errors import GateletError, ModelError
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

Fitted = tuple[Forecaster, pl.DataFrame]
MOST_TIME = 2.0  # seconds that refusing a folder may take, far more than it does


def config_of(model: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((model / "config.json").read_text())
    return config


def write_config(model: Path, config: Any) -> None:
    (model / "config.json").write_text(json.dumps(config))


def write_weights(model: Path, weights: dict[str, torch.Tensor] | bytes) -> None:
    """Replace the weights, and the digest in the description as a forger would."""
    file = model / "model.safetensors"
    file.write_bytes(weights) if isinstance(weights, bytes) else save_file(weights, file)
    config = config_of(model)
    config["weights"]["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    write_config(model, config)


def refusal(model: Path) -> str:
    """The one sentence that loading gives, quickly."""
    started = time.process_time()
    with pytest.raises(ModelError) as caught:
        gatelet.load(model)
    assert time.process_time() - started < MOST_TIME
    sentence = str(caught.value)
    assert "\n" not in sentence and len(sentence) < 1000, sentence
    assert sentence[-1] == "." or sentence.endswith("pip install --upgrade gatelet"), sentence
    with pytest.raises(ModelError):
        Forecaster.load(model)
    return sentence


NO_DESCRIPTION = "must be a folder that gatelet saved; it has no config.json."
NO_JSON = "is damaged: it is not JSON ("


def replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def replace_by_link(path: Path, target: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda model: shutil.rmtree(model), NO_DESCRIPTION),
        (lambda model: (model / "config.json").unlink(), NO_DESCRIPTION),
        (lambda model: replace_by_folder(model / "config.json"), NO_DESCRIPTION),
        (lambda model: replace_by_link(model / "config.json", Path("/dev/zero")), NO_DESCRIPTION),
        (lambda model: replace_by_link(model, model), NO_DESCRIPTION),
        (lambda model: replace_by_link(model, Path("nowhere")), NO_DESCRIPTION),
        (lambda model: (model / "model.safetensors").unlink(), "is damaged: it has no model.safetensors."),
        (lambda model: replace_by_folder(model / "model.safetensors"), "is damaged: it has no model.safetensors."),
        (lambda model: os.truncate(model / "model.safetensors", 500), "it is not the file that config.json was saved"),
        (lambda model: os.truncate(model / "config.json", 0), NO_JSON),
        (lambda model: os.truncate(model / "config.json", 700), NO_JSON),
        (
            lambda model: os.truncate(model / "config.json", 2**40),
            "must have at most 67108864 bytes; it has 1099511627776.",
        ),
        (lambda model: (model / "config.json").write_bytes(b"\x80\xff\x00pickle"), NO_JSON),
        (lambda model: (model / "config.json").write_bytes(b"[" * 10**6), NO_JSON),
        (lambda model: (model / "config.json").write_bytes(b'{"a":' * 10**6), NO_JSON),
        (lambda model: (model / "config.json").write_bytes(b'{"version": ' + b"9" * 10**5 + b"}"), NO_JSON),
        (lambda model: (model / "config.json").write_text("[]"), "does not describe a gatelet model."),
        (lambda model: (model / "config.json").write_text('{"model_type": 1}'), "does not describe a gatelet model."),
    ],
)
def test_odd_folders_are_refused_in_one_sentence(model: Path, spoil: Callable[[Path], Any], expected: str) -> None:
    spoil(model)
    sentence = refusal(model)
    assert sentence == f"{model} {expected}" or (expected is not NO_DESCRIPTION and expected in sentence)


def test_a_path_that_cannot_be_is_refused(model: Path) -> None:
    assert refusal(model / ("n" * 300)).endswith("cannot be read; File name too long.")
    for path in (Path("/"), model / "config.json"):
        assert refusal(path) == f"{path} {NO_DESCRIPTION}"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"version": 2},
            "was saved by a newer gatelet (format 2, this one reads up to 1); update it with: pip install",
        ),
        ({"version": 10**30}, "was saved by a newer gatelet"),
        ({"version": 0}, "is damaged: its version is 0."),
        ({"version": True}, "is damaged: its version is True."),
        ({"version": "1"}, "is damaged: its version is '1'."),
        ({"format": "onnx"}, "does not describe a gatelet model."),
        ({"task": "Transcriber"}, "'Transcriber'."),
        ({"task": ["Forecaster"]}, "it holds ['Forecaster']."),
        ({"task": {}}, "it holds {}."),
    ],
)
def test_other_versions_and_tasks_are_refused(model: Path, change: dict[str, Any], expected: str) -> None:
    write_config(model, config_of(model) | change)
    assert expected in refusal(model)


def test_an_older_gatelet_of_the_same_format_is_read(model: Path) -> None:
    write_config(model, config_of(model) | {"gatelet": "0.0.1"})
    gatelet.load(model)


def set_at(config: Any, path: tuple[str | int, ...], value: Any) -> Any:
    changed = copy.deepcopy(config)
    part = changed
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return changed


HUGE = 2**62


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("network", "hidden_size"), HUGE),
        (("network", "hidden_size"), 2**20),
        (("network", "hidden_size"), 7),
        (("network", "hidden_size"), 6.0),
        (("network", "num_layers"), 2**20),
        (("network", "num_layers"), 64),
        (("network", "segment_length"), HUGE),
        (("network", "segment_length"), 3),
        (("network", "series_embedding"), HUGE),
        (("network", "cell"), "lstm"),
        (("network", "cell"), ["gru"]),
        (("network", "dropout"), "none"),
        (("network", "dropout"), math.nan),
        (("network", "highway"), False),
        (("network", "surprise"), 1),
        (("sizes", "series"), HUGE),
        (("sizes", "series"), 3),
        (("sizes", "past"), 2**20),
        (("sizes", "known"), -1),
        (("sizes", "whole"), True),
        (("sizes", "surprise"), 1),
        (("horizon",), 10**9),
        (("horizon",), 5),
        (("horizon",), 0),
        (("horizon",), "4"),
        (("context_length",), 10**9),
        (("context_length",), 8),
        (("quantiles",), [0.1, 0.5]),
        (("quantiles",), [0.1] * 10**6),
        (("quantiles",), [[0.1]]),
        (("quantiles",), 3),
        (("quantiles",), [10**400]),
        (("distribution",), "student_t"),
        (("distribution",), {"quantiles": 1}),
        (("schema",), None),
        (("schema", "columns", "past"), ["wind"]),
        (("schema", "frequency", "seasonality"), HUGE),
        (("schema", "frequency", "unit"), "fortnight"),
        (("schema", "target_std"), 0.0),
        (("schema", "calendar"), ["hour of day"]),
        (("series",), ["s0"]),
        (("series",), ["s0", ["s1"]]),
        (("series",), "s0"),
        (("test_size",), -1),
        (("test_size",), 1e300),
        (("metrics",), [["mae", 1]]),
        (("training", "epochs"), math.inf),
        (("training", "seed"), "x"),
        (("training", "logs"), ["csv"]),
        (("training", "max_time"), math.inf),
        (("history", "epochs"), [{"epoch": 1}]),
        (("history", "epochs"), [{"epoch": "x", "seconds": 0, "train_loss": 0, "validation_loss": 0}]),
        (("history",), 3),
        (("weights",), "model.safetensors"),
        (("weights", "sha256"), None),
    ],
)
def test_a_forged_description_is_refused_quickly(model: Path, path: tuple[str, ...], value: Any) -> None:
    write_config(model, set_at(config_of(model), path, value))
    assert str(model) in refusal(model)


def test_every_entry_is_needed(model: Path, saved: Path) -> None:
    config = config_of(saved)
    for name in config:
        if name in ("gatelet",):
            continue
        write_config(model, {key: value for key, value in config.items() if key != name})
        refusal(model)


def test_weights_of_another_model_are_refused(
    model: Path, seasonal: Callable[..., pl.DataFrame], quick: TrainingSettings, tmp_path: Path
) -> None:
    other = Forecaster(4, context_length=16, network=NetworkSettings(hidden_size=5)).fit(seasonal(), training=quick)
    other.save(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "model.safetensors", model)
    assert "it is not the file that config.json was saved with" in refusal(model)
    write_weights(model, (tmp_path / "other" / "model.safetensors").read_bytes())
    sentence = refusal(model)
    assert "weight 'ahead.bias' must be float32 (6,); it is float32 (5,)." in sentence


def forged_weights(whole: dict[str, torch.Tensor]) -> dict[str, dict[str, torch.Tensor] | bytes]:
    name, offsets = "ahead.weight", "conformal_offsets"
    long_header = (2**62).to_bytes(8, "little")
    header = json.dumps({name: {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}).encode()
    odd_type = json.dumps({name: {"dtype": "F8_E8M0", "shape": [4], "data_offsets": [0, 4]}}).encode()
    return {
        "one absent": {key: value for key, value in whole.items() if key != name},
        "one too many": whole | {"surprise": torch.ones(1)},
        "turned": whole | {name: whole[name].T.contiguous()},
        "half precision": whole | {name: whole[name].half()},
        "complex": whole | {name: whole[name].to(torch.complex64)},
        "not a number": whole | {name: whole[name] * math.nan},
        "infinite": whole | {"encoder.bias_hh_l0": whole["encoder.bias_hh_l0"] + math.inf},
        "offsets of another shape": whole | {offsets: torch.zeros(3, dtype=torch.float64)},
        "offsets of another kind": whole | {offsets: whole[offsets].bfloat16()},
        "offsets that are no numbers": whole | {offsets: whole[offsets] * math.nan},
        "nothing": {},
        "empty": b"",
        "a header without end": long_header + b"{}",
        "a header that is no JSON": (8).to_bytes(8, "little") + b"{{{{{{{{",
        "a shape beyond memory": len(header).to_bytes(8, "little") + header + b"\0" * 4,
        "a type torch cannot hold": len(odd_type).to_bytes(8, "little") + odd_type + b"\0" * 4,
        "pickle": b"\x80\x04\x95" + b"." * 50,
    }


def test_forged_weights_are_refused(model: Path, saved: Path) -> None:
    for name, weights in forged_weights(load_file(saved / "model.safetensors")).items():
        write_weights(model, weights)
        assert str(model) in refusal(model), name


# Descriptions with something changed somewhere, as a slip of an editor or a forger would.

json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.integers(-3, 30),
        st.floats(),
        st.text(max_size=5),
        st.sampled_from(["gru", "lstm", "student_t", "rows", "h", "y", "s0", 1e308, 2**20, 10**400]),
    ),
    lambda part: st.one_of(st.lists(part, max_size=3), st.dictionaries(st.text(max_size=5), part, max_size=3)),
    max_leaves=5,
)


def places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths to everything in a tree."""
    keys: Any = part if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
    return [path, *(place for key in keys for place in places(part[key], (*path, key)))]


@st.composite
def mutations(draw: st.DrawFn, config: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(config)
    for _ in range(draw(st.integers(1, 3))):
        paths = [path for path in places(changed) if path and path[0] not in ("format", "version", "task", "weights")]
        path = draw(st.sampled_from(paths))
        parent = changed
        for key in path[:-1]:
            parent = parent[key]
        kind = draw(st.sampled_from(["replace", "replace", "nudge", "delete", "swap", "rename"]))
        if kind == "replace":
            parent[path[-1]] = draw(json_values)
        elif kind == "nudge" and isinstance(parent[path[-1]], int | float) and parent[path[-1]] < 2**99:
            parent[path[-1]] = parent[path[-1]] * draw(st.sampled_from([-1, 0, 2, 1e6])) + draw(st.integers(-1, 1))
        elif kind == "delete":
            del parent[path[-1]]
        elif kind == "swap":
            other = draw(st.sampled_from(list(parent) if isinstance(parent, dict) else list(range(len(parent)))))
            parent[path[-1]], parent[other] = parent[other], parent[path[-1]]
        elif isinstance(parent, dict):
            parent[draw(st.text(max_size=5))] = parent.pop(path[-1])
    return changed


@settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_description_does_anything_but_load_or_be_refused(
    fuzzed: Path, saved: Path, fitted: Fitted, data: st.DataObject
) -> None:
    write_config(fuzzed, data.draw(mutations(config_of(saved))))
    try:
        forecaster = gatelet.load(fuzzed)
    except ModelError as error:
        assert "\n" not in str(error) and len(str(error)) < 800
        return
    try:
        forecaster.predict(fitted[1])
    except GateletError:
        return


@pytest.fixture(scope="module")
def fuzzed(saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(saved, tmp_path_factory.mktemp("fuzzed") / "model"))


@settings(max_examples=100)
@given(st.data())
def test_no_slip_of_bytes_does_anything_but_load_or_be_refused(fuzzed: Path, saved: Path, data: st.DataObject) -> None:
    for name in ("config.json", "model.safetensors"):
        shutil.copy(saved / name, fuzzed)
    name = data.draw(st.sampled_from(["config.json", "model.safetensors"]))
    content = bytearray((saved / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, min(len(content), 2000) - 1))
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    if name == "config.json":
        (fuzzed / name).write_bytes(content)
    else:
        write_weights(fuzzed, bytes(content))
    try:
        gatelet.load(fuzzed)
    except ModelError as error:
        assert "\n" not in str(error)
