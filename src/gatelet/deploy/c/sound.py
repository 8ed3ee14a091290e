"""Log-mel frames as C: the tables of the transform as constants, and one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gatelet import plan as p
from gatelet.deploy.c.program import Program, literal
from gatelet.deploy.c_arrays import struct_text
from gatelet.errors import ExportError
from gatelet.runtime import pack_log_mel


def _log_mel(c: Program, operation: p.LogMel) -> None:
    try:
        packed = pack_log_mel(operation.filters, c.size(operation.source), operation.length, operation.floor)
    except ValueError as error:
        raise ExportError(f"{operation.target!r:.80} cannot be exported to C. {error}") from error
    numbers = (packed.hop, packed.length, packed.half, packed.odd, packed.bands, literal(packed.floor))

    def text(name: str) -> str:
        return struct_text("gatelet_f_log_mel", name, numbers, packed.arrays)

    name = c.define(f"{operation.target}_sound", text, *packed.arrays.values(), numbers=numbers)
    c.need_scratch(packed.scratch)
    source, samples = c.read(operation.source), "scratch"
    if c.types[operation.source] == "double":  # something else reads it too, and closely
        narrow = c.room(f"{operation.target}_samples", "float", packed.hop)
        c.loop(packed.hop, f"{narrow}[k] = (float){source}[k];")
        source = narrow
    if packed.length > packed.hop:
        samples = c.remember(f"{operation.target}_former", "float", packed.length - packed.hop, "0.0f")
    c.lines.append(f"gatelet_f_log_mel_step(&{name}, {source}, {samples}, {c.write(operation.target)}, scratch);")


SOUND: dict[type, Callable[[Program, Any], None]] = {p.LogMel: _log_mel}
