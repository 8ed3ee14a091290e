"""The compiled C is the NumPy model, to the last bit, for every shape and for extreme values."""

import re
import shutil
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gatelet import runtime
from gatelet.deploy import emulate, stack_program
from gatelet.deploy.quantization import IntegerStack
from gatelet.deploy.toolchains import CORES
from gatelet.reference import integer
from gatelet.reference.integer import IntegerCell, IntegerDense, vectors
from gatelet.reference.integer.arithmetic import TANH_TABLE
from gatelet.reference.integer.weights import LARGEST_SHIFT, LEAST_SHIFT

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(1, 40)
MATRICES = {"gru": (3, 4), "lstm": (4, 4), "fastgrnn": (1, 2)}


def integers(rng: np.random.Generator, dtype: Any, shape: tuple[int, ...], *, extreme: bool = False) -> NDArray[Any]:
    """Uniform over the dtype, or only its largest and smallest values and zero."""
    info = np.iinfo(dtype)
    if extreme:
        return rng.choice(np.array([info.min, info.max, 0], dtype), shape)
    return rng.integers(info.min, info.max, shape, dtype, endpoint=True)


def random_cell(
    rng: np.random.Generator, kind: str, inputs: int, units: int, *, extreme: bool = False, shift: int | None = None
) -> IntegerCell:
    """A cell whose sums use up to all of their 32 bits, whatever its inputs are."""
    gates, biases = MATRICES[kind]
    shift = int(rng.integers(LEAST_SHIFT, LARGEST_SHIFT + 1)) if shift is None else shift
    weight_ih = integers(rng, np.int8, (gates * units, inputs), extreme=extreme)
    weight_hh = integers(rng, np.int8, (gates * units, units), extreme=extreme)
    room = (2**31 - 1 - 2 ** (shift - 1)) // 3
    return IntegerCell(
        weight_ih,
        weight_hh,
        _multipliers(rng, weight_ih, room),
        _multipliers(rng, weight_hh, room),
        rng.integers(-room, room, biases * units, np.int32),
        shift,
        exponent=int(rng.integers(1 if kind == "fastgrnn" else 0, 6)),
        zeta=int(rng.integers(0, 2**15)),
        nu=int(rng.integers(0, 2**15)),
    )


def random_dense(rng: np.random.Generator, inputs: int, outputs: int, *, extreme: bool = False) -> IntegerDense:
    """A dense layer whose sums use up to all of their 32 bits."""
    shift = int(rng.integers(1, LARGEST_SHIFT + 1))
    weight = integers(rng, np.int8, (outputs, inputs), extreme=extreme)
    room = (2**31 - 1 - 2 ** (shift - 1)) // 2
    bias = rng.integers(-room, room, outputs, np.int32)
    return IntegerDense(weight, _multipliers(rng, weight, room), bias, shift)


def _multipliers(rng: np.random.Generator, weight: NDArray[np.int8], room: int) -> NDArray[np.int16]:
    """Per row, up to the largest that leaves the product within `room`."""
    sums = (np.abs(weight.astype(np.int64)).sum(axis=1) * 2**15 + 128 >> 8) + 1
    largest = np.minimum(room // sums, 2**15 - 1)
    multipliers: NDArray[np.int16] = (
        largest * rng.choice([1.0, 0.5, 0.01, 0.0], len(weight), p=[0.4, 0.4, 0.1, 0.1])
    ).astype(np.int16)
    return multipliers


def reference(kind: str, cell: IntegerCell, x: Any, state: Any) -> tuple[Any, list[Any]]:
    """Run the NumPy model over one sequence, (T, I)."""
    wide = [part.astype(np.int64)[None] for part in state]
    if kind == "lstm":
        y, last = integer.lstm.forward(x.astype(np.int64)[:, None], (wide[0], wide[1]), cell)
        return y[:, 0], [part[0] for part in last]
    forward = {"gru": integer.gru.forward, "fastgrnn": integer.fastgrnn.forward}[kind]
    y, h_n = forward(x.astype(np.int64)[:, None], wide[0], cell)
    return y[:, 0], [h_n[0]]


@pytest.mark.parametrize("kind", list(MATRICES))
@settings(max_examples=30)
@given(seed=SEEDS, inputs=SIZES, units=SIZES, extreme=st.booleans(), steps=st.integers(1, 12))
def test_a_cell_gives_the_bits_of_its_model(
    kind: Any, seed: int, inputs: int, units: int, extreme: bool, steps: int
) -> None:
    rng = np.random.default_rng(seed)
    cell = random_cell(rng, kind, inputs, units, extreme=extreme)
    layer = runtime.RecurrentLayer(kind, cell)
    x = integers(rng, np.int16, (steps, inputs), extreme=extreme)
    state = tuple(integers(rng, np.int16, (units,), extreme=extreme) for _ in layer.initial_state())
    y, last = layer.run(x, state)
    expected, expected_last = reference(kind, cell, x, state)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(last, expected_last)


@pytest.mark.parametrize("kind", list(MATRICES))
def test_a_long_sequence_gives_the_bits_of_its_model(kind: Any) -> None:
    rng = np.random.default_rng(7)
    cell = random_cell(rng, kind, 17, 15, shift=13)
    layer = runtime.RecurrentLayer(kind, cell)
    x = integers(rng, np.int16, (2000, 17))
    y, last = layer.run(x, layer.initial_state())
    expected, expected_last = reference(kind, cell, x, layer.initial_state())
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(last, expected_last)
    assert len(np.unique(y)) > 100  # it moves


@pytest.mark.parametrize("kind", list(MATRICES))
def test_chunks_are_the_whole_and_leave_the_given_state_alone(kind: Any) -> None:
    rng = np.random.default_rng(1)
    layer = runtime.RecurrentLayer(kind, random_cell(rng, kind, 3, 5, shift=13))
    x = integers(rng, np.int16, (21, 3))
    whole, _ = layer.run(x, layer.initial_state())
    state, chunks = layer.initial_state(), []
    for chunk in np.split(x, [1, 8, 9]):
        given_state = tuple(part.copy() for part in state)
        y, after = layer.run(chunk, state)
        np.testing.assert_array_equal(state, given_state)
        chunks.append(y)
        state = after
    np.testing.assert_array_equal(np.concatenate(chunks), whole)


@settings(max_examples=30)
@given(seed=SEEDS, inputs=SIZES, outputs=SIZES, extreme=st.booleans())
def test_a_dense_layer_gives_the_bits_of_its_model(seed: int, inputs: int, outputs: int, extreme: bool) -> None:
    rng = np.random.default_rng(seed)
    layer = random_dense(rng, inputs, outputs, extreme=extreme)
    x = integers(rng, np.int16, (3, inputs), extreme=extreme)
    y = runtime.DenseLayer(layer).run(x)
    np.testing.assert_array_equal(y, integer.dense.forward(x.astype(np.int64), layer))


@settings(max_examples=30)
@given(seed=SEEDS, size=SIZES, by=st.integers(1, 16), extreme=st.booleans())
def test_vectors_give_the_bits_of_their_models(seed: int, size: int, by: int, extreme: bool) -> None:
    rng = np.random.default_rng(seed)
    x, center = (integers(rng, np.int16, (size,), extreme=extreme) for _ in range(2))
    multiplier = np.abs(np.maximum(integers(rng, np.int16, (size,), extreme=extreme), -(2**15) + 1))
    y = runtime.affine(x, center, multiplier, by)
    np.testing.assert_array_equal(y, vectors.affine(x.astype(np.int64), center, multiplier, by))
    table = integers(rng, np.int8, (size, 5), extreme=extreme)
    for row in range(size):
        expected = vectors.embed(np.array(row), table, multiplier, by)
        np.testing.assert_array_equal(runtime.embed(row, table, multiplier, by), expected)
    np.testing.assert_array_equal(runtime.embed(size, table, multiplier, by), runtime.embed(0, table, multiplier, by))
    np.testing.assert_array_equal(runtime.relu(x), np.maximum(x, 0))
    assert runtime.argmax(x) == int(np.argmax(x))


def test_gates_over_all_of_their_16_bits() -> None:
    for x in np.arange(-(2**15), 2**15).astype(np.int16).reshape(2, -1):
        np.testing.assert_array_equal(runtime.sigmoid(x), vectors.sigmoid16(x.astype(np.int64)))
        np.testing.assert_array_equal(runtime.tanh(x), vectors.tanh16(x.astype(np.int64)))
        v = x / 2**12
        assert np.abs(runtime.tanh(x) / 2**15 - np.tanh(v)).max() < 9.4e-5 + 2**-15
        assert np.abs(runtime.sigmoid(x) / 2**15 - 1 / (1 + np.exp(-v))).max() < 4.7e-5 + 2**-15


def test_the_gates_of_the_model_are_monotonic_and_odd() -> None:
    v = np.arange(-60000, 60001)
    tanh, sigmoid = integer.tanh_of_half(v), integer.sigmoid(v)
    assert (np.diff(tanh) >= 0).all() and (np.diff(sigmoid) >= 0).all()
    np.testing.assert_array_equal(tanh, -tanh[::-1])
    assert [sigmoid.min(), sigmoid.max(), sigmoid[60000]] == [0, 2**15, 2**14]


def test_the_table_of_the_c_is_that_of_the_model() -> None:
    text = (runtime.source_folder() / "q_shared.c").read_text()
    values = re.search(r"gatelet_tanh_table[^{]*{([^}]*)}", text.replace("(-32767 - 1)", "-32768"))
    assert values is not None
    np.testing.assert_array_equal([-int(value) for value in values.group(1).split(",")], TANH_TABLE)


def test_what_could_leave_32_bits_is_refused() -> None:
    ones, many = np.ones(3, np.int16), np.full((3, 600), 127, np.int8)
    w_hh, bias = np.ones((3, 1), np.int8), np.zeros(4, np.int32)
    with pytest.raises(ValueError, match=r"magnitudes of a row of weights must sum to less than 65536; got 76200"):
        IntegerCell(many, w_hh, ones, ones, bias, 13)
    with pytest.raises(ValueError, match=r"must stay below 2\^31 for any input; got up to"):
        IntegerCell(many[:, :400], w_hh, ones * 1000, ones, bias, 13)
    with pytest.raises(ValueError, match=r"shift must lie within 3 \.\.\. 24; got 2"):
        IntegerCell(w_hh, w_hh, ones, ones, bias, 2)
    with pytest.raises(ValueError, match=r"Multipliers must not be negative; got -1"):
        IntegerCell(w_hh, w_hh, -ones, ones, bias, 13)
    with pytest.raises(OverflowError, match="within 32 bits"):
        integer.arithmetic.inside32(np.array([2**31]))


def test_what_does_not_fit_is_named() -> None:
    rng = np.random.default_rng(0)
    layer = runtime.RecurrentLayer("gru", random_cell(rng, "gru", 3, 5))
    state = layer.initial_state()
    with pytest.raises(ValueError, match=r"x must have shape \(2, 3\) and dtype int16; got \(2, 4\) and int16"):
        layer.run(np.zeros((2, 4), np.int16), state)
    with pytest.raises(ValueError, match=r"x must have shape \(2, 3\) and dtype int16; got \(2, 3\) and float64"):
        layer.run(np.zeros((2, 3)), state)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"state must have shape \(5,\)"):
        layer.run(np.zeros((2, 3), np.int16), (np.zeros(4, np.int16),))
    with pytest.raises(ValueError, match="kind lstm must have 4 matrices and 4 biases; got 3 and 4"):
        runtime.RecurrentLayer("lstm", random_cell(rng, "gru", 3, 5))


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler.")
def test_no_undefined_behaviour_at_the_extremes(tmp_path: Path) -> None:
    """Sums use all of their 32 bits here: the sanitizers end the program at the first that does not hold."""
    rng = np.random.default_rng(11)
    stacks = {}
    for kind in get_args(runtime.Kind):
        cells = [random_cell(rng, kind, inputs, 6, extreme=True) for inputs in (5, 6)]
        stacks[kind] = IntegerStack(kind, tuple(cells), 1.0)
    source = tmp_path / "main.c"
    source.write_text(stack_program.program_text(stacks, 200))
    sanitizers = ("-fsanitize=undefined,address", "-fno-sanitize-recover=all", "-g")
    program = emulate.build(CORES["host"], [source], tmp_path, optimize="-O1", extra=sanitizers)
    found = stack_program.outcomes(emulate.run(CORES["host"], program))
    assert {name: outcome[0] for name, outcome in found.items()} == {
        name: stack_program.expected(stack, 200) for name, stack in stacks.items()
    }
