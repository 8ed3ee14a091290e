"""The shapes that are measured: sizes of one layer in one direction over one batch."""

from __future__ import annotations

from dataclasses import dataclass

from gatelet.errors import GateletError


@dataclass(frozen=True)
class Shape:
    """One layer over one batch: `B` sequences of `T` steps, `I` inputs, `H` hidden units."""

    batch: int
    steps: int
    inputs: int
    hidden: int

    def __str__(self) -> str:
        return f"{self.batch}, {self.steps}, {self.inputs}, {self.hidden}"

    def flops(self, gates: int, *, train: bool) -> int:
        """Floating-point operations of the products: `2 G T B H (I + H)` forward, and twice that backward."""
        forward = 2 * gates * self.steps * self.batch * self.hidden * (self.inputs + self.hidden)
        return 3 * forward if train else forward


def parse(text: str) -> Shape:
    """``"64,100,64,128"`` as B, T, I, H.

    Raises:
        GateletError: not four whole numbers above zero.
    """
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        sizes = []
    if len(sizes) != 4 or min(sizes) < 1:
        raise GateletError(f"A shape must be four whole numbers B,T,I,H such as 64,100,64,128; got '{text}'.")
    return Shape(*sizes)


# Name -> shapes. "usual" spans what is trained and served on two to sixteen cores; the others are what the libraries
# of those names measure themselves with, and single sequences as in a stream.
GRIDS = {
    "usual": (
        Shape(64, 100, 64, 128),
        Shape(32, 50, 128, 256),
        Shape(64, 128, 256, 512),
        Shape(1, 1000, 40, 128),
        Shape(128, 28, 28, 128),
        Shape(16, 400, 40, 256),
        Shape(8, 128, 512, 1024),
    ),
    "onednn": (
        Shape(32, 50, 1760, 1760),
        Shape(64, 50, 500, 500),
        Shape(128, 629, 128, 128),
        Shape(16, 25, 512, 512),
        Shape(128, 25, 512, 512),
    ),
    "deepbench": tuple(Shape(32, 100, hidden, hidden) for hidden in (1536, 2048, 2560, 2816)),
    "haste": tuple(Shape(batch, 50, hidden, hidden) for batch in (1, 16, 128) for hidden in (64, 512)),
    "stream": tuple(Shape(1, steps, hidden, hidden) for hidden in (48, 128, 512, 1024) for steps in (1, 10, 100)),
}


def grid(name: str) -> tuple[Shape, ...]:
    """The shapes of one grid.

    Raises:
        GateletError: there is no such grid.
    """
    if name not in GRIDS:
        raise GateletError(f"--shapes must be one of {', '.join(GRIDS)}; got '{name}'.")
    return GRIDS[name]
