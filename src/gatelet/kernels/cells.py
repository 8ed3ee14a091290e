"""The table of cells that have native kernels. A new cell is a row here, one in `native/`, and its file there."""

from dataclasses import dataclass

__all__ = ["CELLS", "Cell"]


@dataclass(frozen=True)
class Cell:
    """What the operators must know of a cell; the equations are elsewhere."""

    name: str
    gates: int  # G: the weights are (G*H, I) and (G*H, H), the biases (G*H,)
    saved: int  # columns of H that forward leaves for backward, beside the output
    has_cell_state: bool = False  # a second state, c, beside h
    takes_extras: bool = False  # LayerNorm, zoneout and recurrent dropout
    half: bool = False  # has kernels over bfloat16 arrays, for all but LayerNorm
    gated: bool = False  # a second product in each step, of a gated state, which LayerNorm keeps behind the products
    unit_values: int = 0  # if not 0, b_ih and b_hh are values of the units, (unit_values*H,) each, and must be given

    def in_bfloat16(self, normalised: bool) -> bool:
        """Whether there is a kernel over bfloat16 arrays, with LayerNorm or without."""
        return self.half and not normalised

    def saved_columns(self, hidden: int, normalised: bool) -> int:
        """Columns that forward leaves for backward: of `saved`, or with LayerNorm both products and their moments."""
        return 2 * self.gates * (hidden + 2) + self.gated * hidden if normalised else self.saved * hidden


CELLS = {
    cell.name: cell
    for cell in (
        Cell("gru", gates=3, saved=4, takes_extras=True, half=True),
        Cell("lstm", gates=4, saved=4, has_cell_state=True, takes_extras=True, half=True),
        Cell("gru_reset_before", gates=3, saved=4, takes_extras=True, gated=True),
        Cell("mgu", gates=2, saved=3, gated=True),
        Cell("ligru", gates=2, saved=2),
        Cell("fastgrnn", gates=1, saved=2, unit_values=2),
        Cell("rnn_tanh", gates=1, saved=0),
    )
}
