"""The C runtime for devices, under Python: what it computes here, it computes there, to the last bit.

    layer = runtime.RecurrentLayer("gru", cell)       # cell: gatelet.reference.integer.IntegerCell
    y, state = layer.run(x, layer.initial_state())    # x: (T, I) int16

docs/runtime.md tells how the same C runs on a device, and docs/quantization.md what it computes.
"""

from gatelet.runtime.float_packing import FloatKind, PackedFloats, pack_floats
from gatelet.runtime.floats import FloatLayer, FloatState
from gatelet.runtime.integer import (
    DenseLayer,
    Kind,
    RecurrentLayer,
    State,
    affine,
    argmax,
    embed,
    relu,
    sigmoid,
    tanh,
)
from gatelet.runtime.log_mel import LogMelLayer, PackedLogMel, pack_log_mel
from gatelet.runtime.packing import PackedCell, PackedDense, grouped, pack_cell, pack_dense, sparse_blocks
from gatelet.runtime.sources import board_file, source_files, source_folder

__all__ = [
    "DenseLayer",
    "FloatKind",
    "FloatLayer",
    "FloatState",
    "Kind",
    "LogMelLayer",
    "PackedCell",
    "PackedDense",
    "PackedFloats",
    "PackedLogMel",
    "RecurrentLayer",
    "State",
    "affine",
    "argmax",
    "board_file",
    "embed",
    "grouped",
    "pack_cell",
    "pack_dense",
    "pack_floats",
    "pack_log_mel",
    "relu",
    "sigmoid",
    "source_files",
    "source_folder",
    "sparse_blocks",
    "tanh",
]
