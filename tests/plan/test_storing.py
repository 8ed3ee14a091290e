"""Plans as files: what comes back is what was saved, and damage gives one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_plans import CELLS, stacked, text, window, writer

from gatelet import plan as p
from gatelet.errors import ModelError
from gatelet.plan.storing import PLAN, WEIGHTS, write_plan


def plans() -> dict[str, p.Plan]:
    rng = np.random.default_rng(0)
    return {name: stacked(rng, name) for name in CELLS} | {
        "text": text(rng, "attention"),
        "window": window(rng, "student_t"),
        "writer": writer(rng),
    }


@pytest.mark.parametrize("name", plans())
def test_round_trip(name: str, tmp_path: Path) -> None:
    plan = plans()[name]
    back = p.load_plan(p.save_plan(plan, tmp_path / "plan"))
    assert isinstance(back, p.Plan)
    assert back.digest == plan.digest
    assert (back.task, back.inputs, back.outputs) == (plan.task, plan.inputs, plan.outputs)
    assert back.table() == plan.table()


def test_a_pair_of_plans(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shapes = {"memory": ("source", 5), "keys": ("source", 3), "start": (4,)}
    values = tuple(p.Value(name, shape) for name, shape in shapes.items())
    model = p.EncoderDecoder(p.Plan("T", values, (), values), writer(rng))
    back = p.load_plan(p.save_plan(model, tmp_path / "plan"))
    assert isinstance(back, p.EncoderDecoder)
    assert back.decoder.digest == model.decoder.digest
    with pytest.raises(ModelError, match="must write 'start'"):
        p.EncoderDecoder(p.Plan("T", values[:2], (), values[:2]), writer(rng))


def test_weights_beside_it_are_not_written_again(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    plan = stacked(np.random.default_rng(0), "gru")
    layer = plan.operations[1]
    assert isinstance(layer, p.GRU)
    arrays: dict[str, Any] = {"encoder.weight": layer.weight_ih, "other": np.zeros(3)}
    save_file(arrays, tmp_path / "model.safetensors")
    write_plan(tmp_path, plan, {"model.safetensors": arrays})
    text = (tmp_path / PLAN).read_text()
    assert '"encoder.weight"' in text
    back = p.load_plan(tmp_path)
    assert isinstance(back, p.Plan) and back.digest == plan.digest
    save_file({"encoder.weight": layer.weight_ih + 1}, tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="not the file that plan.json was saved with"):
        p.load_plan(tmp_path)


def refused(folder: Path, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        p.load_plan(folder)
    assert len(str(caught.value).splitlines()) == 1


def changed(folder: Path, change: Any) -> Path:
    document = json.loads((folder / PLAN).read_text())
    change(document)
    (folder / PLAN).write_text(json.dumps(document))
    return folder


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    return p.save_plan(stacked(np.random.default_rng(0), "gru"), tmp_path / "plan")


def test_damage_is_refused(saved: Path, tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "has no plan.json")
    good = (saved / PLAN).read_text()
    operations = "plans", "model", "operations"

    def at(document: Any, *path: Any) -> Any:
        for part in path:
            document = document[part]
        return document

    cases: list[tuple[Any, str]] = [
        (lambda d: d.update(version=2), "newer gatelet"),
        (lambda d: d.update(version="1"), "its version is"),
        (lambda d: d.update(format="x"), "does not describe a plan"),
        (lambda d: d.pop("plans"), "entry 'plans' is missing"),
        (lambda d: at(d, *operations, 1).update(operation="Transformer"), "one that this gatelet knows"),
        (lambda d: at(d, *operations, 1).update(width=3), "only its own settings"),
        (lambda d: at(d, *operations, 1).update(reset_after=1), "must be a bool"),
        (lambda d: at(d, *operations, 1).update(start="h"), "must be a list"),
        (lambda d: at(d, *operations, 1).update(source="y"), "must be written before it"),
        (lambda d: at(d, *operations, 1).pop("target"), "must have all its settings"),
        (lambda d: at(d, *operations, 1, "weight_ih").update(name="none"), "must be float32"),
        (lambda d: at(d, *operations, 1).update(weight_ih=at(d, *operations, 1, "weight_hh")), "must have"),
        (lambda d: at(d, "plans", "model", "inputs", 0).update(shape=[-1]), "whole number from 1"),
        (lambda d: at(d, "plans", "model", "inputs", 0).update(shape=[[3]]), "whole number from 1"),
        (lambda d: at(d, "plans", "model").update(inputs=7), "must be a list"),
        (lambda d: d.update(files={"../x.safetensors": ""}), "beside the plan"),
    ]
    for change, message in cases:
        (saved / PLAN).write_text(good)
        refused(changed(saved, change), message)
    (saved / PLAN).write_text("[" * 100_000)
    refused(saved, "not JSON")
    (saved / PLAN).write_text(good)
    content = (saved / WEIGHTS).read_bytes()
    (saved / WEIGHTS).write_bytes(content[:-1])
    refused(saved, "not the file")
    (saved / WEIGHTS).unlink()
    refused(saved, "has no plan.safetensors")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_change_of_the_text_is_read_or_refused(saved: Path, data: st.DataObject) -> None:
    good = (saved / PLAN).read_bytes()
    place = data.draw(st.integers(0, len(good) - 1))
    damaged = good[:place] + data.draw(st.binary(max_size=3)) + good[place + data.draw(st.integers(0, 40)) :]
    (saved / PLAN).write_bytes(damaged)
    try:
        p.load_plan(saved)
    except ModelError as error:
        assert len(str(error).splitlines()) == 1
    finally:
        (saved / PLAN).write_bytes(good)
