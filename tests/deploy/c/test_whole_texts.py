"""Models that read a whole text in one step, as C of a known longest text."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import small_plans

import gatelet
from gatelet import plan as p
from gatelet.deploy.c import checking, files, header_text, make_golden, program_of, source_text
from gatelet.deploy.c.arduino import sketch_text
from gatelet.deploy.quantization import quantize
from gatelet.deploy.toolchains import CORES, missing_tools
from gatelet.errors import ExportError
from gatelet.runtime import source_folder

Share = Callable[..., float]


@pytest.mark.parametrize("pooling", ["last", "max", "mean", "root", "attention"])
def test_poolings_over_rows(pooling: str, share: Share) -> None:
    c = program_of(small_plans.whole(np.random.default_rng(0), pooling), most_steps=9)
    assert share(c) <= 1.0
    assert not any(line.strip().startswith("float floats") for line in source_text(c).splitlines())
    assert c.work_bytes == 4 * c.scratch and c.state_bytes > 9 * 4 * 22


@pytest.mark.parametrize("name", ["lstm", "gru_before_norm", "min_lstm", "mgu"])
def test_cells_over_rows(name: str, share: Share) -> None:
    assert share(program_of(small_plans.whole(np.random.default_rng(1), "mean", name))) <= 1.0


def integers() -> p.Plan:
    rng = np.random.default_rng(2)
    frames = [[small_plans.whole_frame(rng, 6)] for _ in range(8)]
    return quantize(small_plans.whole(rng, "mean"), frames, partly=True)


def test_integers_over_rows(share: Share) -> None:
    plan = integers()
    assert sum(kind == "int16" for kind in plan.kinds.values()) > 5
    assert share(program_of(plan)) <= 1.0


def numbers(operations: tuple[p.Operation, ...], written: p.Value) -> p.Plan:
    return p.Plan("Test", (p.Value("x", ("time", 3)),), operations, (written,))


def test_layers_over_rows_of_numbers(share: Share) -> None:
    rng, weights = np.random.default_rng(3), small_plans.weights
    operations = (
        p.Observed("x", "seen"),
        p.Filled("x", "filled"),
        p.Standardize("filled", "scaled", weights(rng, 3), np.full(3, 2.0, np.float32)),
        p.Concatenate(("scaled", "seen"), "all"),
        p.LayerNorm("all", "normal", weights(rng, 6), weights(rng, 6)),
        p.Dense("normal", "a", weights(rng, 4, 6), weights(rng, 4), "relu"),
        p.Row("a", "first", last=False),
        p.Row("a", "last"),
        p.Add(("a", "last"), "b", weights(rng, 4)),
        small_plans.cell(rng, "lstm", "b", "e", (4, 4), over="rows", cell="c", reverse=True, restart=3),
        small_plans.cell(rng, "gru", "c", "d", (4, 4), over="each", start=("first",)),
        p.Concatenate(("e", "d", "last"), "joined"),
        p.Activation("joined", "y", "sigmoid"),
    )
    assert share(program_of(numbers(operations, p.Value("y", ("time", 12)))), 9) <= 1.0


def test_rows_that_there_is_room_for() -> None:
    plan = small_plans.whole(np.random.default_rng(0))
    assert program_of(plan).most_steps == 128
    assert program_of(plan, most_steps=10_000).most_steps == 65535 // 22
    assert "#define MODEL_MOST_STEPS 20\n" in header_text(program_of(plan, most_steps=20))


MAIN = """#include "model.h"
int main(void) {
    static model_state state;
    static float probabilities[3], slots[5 * 5];
    const int32_t tokens[6] = {1, 2, 3, -1, 5, 99}, spelling[6] = {-1, 2, 300, 4, 5, 6};
    model_init(&state);
    if (model_step(&state, tokens, 0, spelling, 1, probabilities, slots) != 1) return 1;
    if (model_step(&state, tokens, 6, spelling, 1, probabilities, slots) != 1) return 2;
    if (probabilities[0] != 0.0f) return 3;
    if (model_step(&state, tokens, 5, spelling, 1, probabilities, slots) != 0) return 4;
    return probabilities[0] + probabilities[1] + probabilities[2] > 0.999f ? 0 : 5;
}
"""


def test_longer_texts_are_refused_and_nothing_is_done(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("C needs a compiler, cc.")
    files.write_program(program_of(small_plans.whole(np.random.default_rng(0)), most_steps=5), tmp_path)
    (tmp_path / "main.c").write_text(MAIN)
    sources = map(str, [tmp_path / "main.c", tmp_path / "model.c", *(tmp_path / "gatelet").glob("*.c")])
    sanitizers = ("-std=c99", "-g", "-fsanitize=undefined,address", "-fno-sanitize-recover=all")
    program = str(tmp_path / "main")
    subprocess.run(["cc", *sanitizers, "-I", str(source_folder()), *sources, "-o", program], cwd=tmp_path, check=True)
    assert subprocess.run([program], check=False).returncode == 0


@pytest.mark.parametrize("kind", ["floats", "integers"])
def test_numbers_beyond_a_table_stand_for_nothing(kind: str, share: Share, monkeypatch: pytest.MonkeyPatch) -> None:
    def beyond(plan: p.Plan, count: int, seed: int, lengths: dict[str, int]) -> list[dict[str, np.ndarray]]:
        rng, size = np.random.default_rng(seed), (lengths["time"], lengths["parts"])
        return [{"tokens": rng.integers(-3, 15, size[0]), "spelling": rng.integers(-3, 15, size)}]

    monkeypatch.setattr("gatelet.deploy.c.golden.frames", beyond)
    plan = integers() if kind == "integers" else small_plans.whole(np.random.default_rng(0))
    assert share(program_of(plan)) <= 1.0


@pytest.mark.parametrize("name", ["cortex-m0", "cortex-m4", "avr"])
def test_cores(name: str, tmp_path: Path) -> None:
    if missing := missing_tools(CORES[name]):
        pytest.skip(f"{CORES[name].title} needs {' and '.join(missing)}.")
    c = program_of(small_plans.whole(np.random.default_rng(0)), most_steps=12)
    files.write_program(c, tmp_path)
    files.write_selftest(c, tmp_path / "selftest", make_golden(c, 6))
    found = checking.check_core(c, CORES[name], tmp_path, tmp_path)
    assert found.share is not None and found.share <= 1.0


def test_the_export_takes_the_longest_text(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("C needs a compiler, cc.")
    plan = small_plans.whole(np.random.default_rng(0))
    done = gatelet.export(plan, "c", tmp_path / "out", max_steps=7)
    assert "#define MODEL_MOST_STEPS 7" in (done.folder / "model.h").read_text()
    assert "7 rows" in (done.folder / "README.md").read_text()
    for wrong in (0, 2.0, True, 70_000):
        with pytest.raises(ExportError, match="max_steps must be a whole number from 1 to 65535"):
            gatelet.export(plan, "c", tmp_path / "other", max_steps=wrong)


def test_the_sketch_reads_a_text() -> None:
    text = sketch_text(program_of(small_plans.whole(np.random.default_rng(0)), most_steps=5))
    assert "int32_t tokens[5];" in text and "float slots[25];" in text
    assert "model_step(&state, tokens, 5, spelling, 0, probabilities, slots);" in text


def test_what_has_no_room_for_rows_is_refused() -> None:
    rng = np.random.default_rng(0)
    operations = (p.Center("x", "center", "mean"),)
    plan = p.Plan("Test", (p.Value("x", ("time", 1)),), operations, (p.Value("center", ()),))
    with pytest.raises(ExportError, match="'x' has"):
        program_of(plan)
    with pytest.raises(ExportError, match="Attention cannot be exported"):
        program_of(small_plans.writer(rng))
