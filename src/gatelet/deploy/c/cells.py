"""Cells as calls of the runtime."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from gatelet import plan as p
from gatelet.deploy.c.program import Program
from gatelet.deploy.c_arrays import array_text, float_cell_text, struct_text
from gatelet.deploy.work import SPARSE
from gatelet.reference import LayerWeights
from gatelet.runtime import FloatKind, PackedFloats, grouped, pack_floats, sparse_blocks

KINDS: dict[type[p.Recurrent], FloatKind] = {
    p.FastGRNN: "fastgrnn",
    p.GRU: "gru",
    p.LSTM: "lstm",
    p.LiGRU: "ligru",
    p.MGU: "mgu",
    p.MinGRU: "min_gru",
    p.MinLSTM: "min_lstm",
    p.RNN: "rnn",
}
GATED = ("gru_before", "mgu")
LEAVES_OUT = ("gru", "lstm")


def write_cell(c: Program, cell: p.Recurrent) -> None:
    """Add a cell to the step."""
    kind: FloatKind = KINDS[type(cell)]
    if isinstance(cell, p.GRU) and not cell.reset_after:
        kind = "gru_before"
    layer, right = cell.layer(), cell.thin
    if layer.layer_norm_ih is not None:
        call = _define_normalised(c, cell, kind, layer)
    elif right is not None:
        call = _define_low_rank(c, cell, pack_floats(kind, cell.left()), right, f"gatelet_f_{kind}_low_rank_step")
    else:
        call = _define(c, cell, kind, pack_floats(kind, layer))
    if cell.over == "steps":
        write_steps(c, cell, call, "float")
    else:
        write_rows(c, cell, call, "float")


def _define(c: Program, cell: p.Recurrent, kind: FloatKind, packed: PackedFloats) -> str:
    """The constants; gives the call of a step with places for x and the states."""
    groups = (-(-packed.inputs // 4), -(-packed.units // 4))
    c.need_scratch(4 * (groups[0] + (3 if kind in GATED else 1) * groups[1]))
    wanted, numbers = f"{cell.target}_cell", (packed.inputs, packed.units, packed.zeta, packed.nu)
    if kind in LEAVES_OUT:
        kept, blocks = sparse_blocks(packed.weights, groups[0])
        if kept.size <= SPARSE * packed.weights.size:
            text = partial(float_cell_text, cell=packed, sparse=True)
            name = c.define(wanted, text, kept, blocks, packed.biases, numbers=numbers)
            return f"gatelet_f_{kind}_sparse_step(&{name}, {name}_blocks, {{x}}, {{states}}, scratch);"
    name = c.define(wanted, partial(float_cell_text, cell=packed), packed.weights, packed.biases, numbers=numbers)
    return f"gatelet_f_{kind}_step(&{name}, {{x}}, {{states}}, scratch);"


def _define_low_rank(c: Program, cell: p.Recurrent, packed: PackedFloats, right: NDArray[np.float32], step: str) -> str:
    """The same for a cell whose W_hh has two factors."""
    rank, units = right.shape
    c.need_scratch(4 * sum(-(-size // 4) for size in (packed.inputs, units, rank)))
    arranged = grouped(right)

    def text(name: str) -> str:
        return float_cell_text(name, packed) + array_text(f"{name}_right", arranged)

    numbers = (packed.inputs, packed.units, rank)
    name = c.define(f"{cell.target}_cell", text, packed.weights, packed.biases, arranged, numbers=numbers)
    return f"{step}(&{name}, {name}_right, {rank}, {{x}}, {{states}}, scratch);"


def _define_normalised(c: Program, cell: p.Recurrent, kind: FloatKind, layer: LayerWeights) -> str:
    """The same for a cell with LayerNorm."""
    assert layer.layer_norm_ih is not None and layer.layer_norm_hh is not None
    inputs, units = layer.weight_ih.shape[1], cell.hidden_size
    arrays = {
        "weights_ih": grouped(layer.weight_ih).astype(np.float32),
        "weights_hh": grouped(layer.weight_hh).astype(np.float32),
        "gains": np.concatenate([layer.layer_norm_ih, layer.layer_norm_hh]).astype(np.float32),
        "biases": np.concatenate([layer.bias_ih, layer.bias_hh]).astype(np.float32),
    }
    c.need_scratch(4 * (-(-inputs // 4) - (-units // 4)) + 2 * cell.gates * units)

    def text(name: str) -> str:
        return struct_text("gatelet_f_norm_cell", name, (inputs, units), arrays)

    name = c.define(f"{cell.target}_cell", text, *arrays.values(), numbers=(inputs, units))
    return f"gatelet_f_norm_{kind}_step(&{name}, {{x}}, {{states}}, scratch);"


def write_steps(c: Program, cell: p.Recurrent | p.IntegerRecurrent, call: str, type: str) -> None:
    """A cell whose state goes on from step to step; what it writes is its state."""
    size = cell.hidden_size
    zero = "0" if type.startswith("int") else "0.0f"
    states = [c.remember(f"{cell.target}_{part}", type, size, zero) for part in ("h", "c")[: cell.states]]
    if cell.restart or cell.start:
        step = c.remember(f"{cell.target}_step", "int32_t", 1, "0")
        starts = [c.read(name) for name in cell.start]
        for state, start in zip(states, starts, strict=False):
            c.lines.append(f"if ({step}[0] == 0) for (k = 0; k < {size}; k++) {state}[k] = {start}[k];")
        if cell.restart:
            zeros = " ".join(f"{state}[k] = {zero};" for state in states)
            c.lines.append(
                f"if ({step}[0] == {cell.restart}) for ({step}[0] = 0, k = 0; k < {size}; k++) {{ {zeros} }}"
            )
        c.lines.append(f"{step}[0]++;" if cell.restart else f"{step}[0] = 1;")
    c.lines.append(call.format(x=c.read(cell.source), states=", ".join(states)))
    for name, state in zip(cell.outputs, states, strict=False):
        c.remembered(name, state)


def write_rows(c: Program, cell: p.Recurrent | p.IntegerRecurrent, call: str, type: str) -> None:
    """A cell that runs over the rows of a value, from the beginning, in the places where its results are wanted."""
    size = cell.hidden_size
    rows, width = c.rows(cell.source)
    source, starts = c.read(cell.source), [c.read(name) for name in cell.start]
    places = [(c.write(name), 0 if name in c.single else size) for name in cell.outputs]
    if len(places) < cell.states:
        places.append((c.room(f"{cell.target}_c", type, size), 0))
    c.lines.append(f"for (j = 0; j < {rows}; j++) {{")
    c.lines.append(f"    r = {f'(uint16_t)({rows} - 1 - j)' if cell.reverse else 'j'};")
    zero = "0" if type.startswith("int") else "0.0f"
    for at, (place, stride) in enumerate(places):
        begun = f"{starts[at]}[k]" if starts else zero
        before = _before(cell, rows, begun, zero, f"{place}[{_former(cell, stride)}]")
        c.lines.append(f"    for (k = 0; k < {size}; k++) {place}[{_at(stride)}k] = {before};")
    at_row = [f"{place} + r * {stride}" if stride else place for place, stride in places]
    c.lines += [f"    {call.format(x=f'{source} + r * {width}', states=', '.join(at_row))}", "}"]


def _at(stride: int) -> str:
    return f"r * {stride} + " if stride else ""


def _former(cell: p.Recurrent | p.IntegerRecurrent, stride: int) -> str:
    return f"(r {'+' if cell.reverse else '-'} 1) * {stride} + k" if stride else "k"


def _before(cell: p.Recurrent | p.IntegerRecurrent, rows: int | str, begun: str, zero: str, former: str) -> str:
    """What the state is before row r."""
    if cell.over == "each":
        return begun
    if cell.restart:
        former = f"{'(r + 1)' if cell.reverse else 'r'} % {cell.restart} == 0 ? {zero} : {former}"
    return f"r == {f'{rows} - 1' if cell.reverse else 0} ? {begun} : {former}"
