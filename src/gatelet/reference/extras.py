"""What may be done to the state of a cell besides its equation: resets, recurrent dropout and zoneout.

Sources:
    Gal, Ghahramani: A Theoretically Grounded Application of Dropout in Recurrent Neural Networks, NeurIPS 2016
    (arXiv:1512.05287): one mask per sequence.
    Krueger et al.: Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations, ICLR 2017 (arXiv:1606.01305).
"""

from dataclasses import dataclass, replace

import numpy as np

from gatelet.reference.layer import Array

__all__ = ["NOTHING", "Extras"]


@dataclass(frozen=True)
class Extras:
    """The extras of one layer in one direction; None stands for none of it.

    In one step: reset, dropout mask, products, gates, zoneout.
    """

    resets: Array | None = None  # (T, B), nonzero zeroes the state before that step
    dropout_mask: Array | None = None  # (B, H), multiplies h before it meets W_hh
    keep_h: Array | None = None  # (T, B, H), share of the old h that is kept: 0 or 1 in training, the rate otherwise
    keep_c: Array | None = None  # (T, B, H), the same for c

    def started(self, state: Array, t: int) -> Array:
        """Give the state before step t, zero where it is reset; also what goes back through it."""
        return state if self.resets is None else np.where(self.resets[t, :, None] != 0, 0.0, state)

    def masked(self, h: Array) -> Array:
        """Give what W_hh meets; also what goes back through it."""
        return h if self.dropout_mask is None else h * self.dropout_mask

    def zone(self, t: int) -> tuple[Array | float, Array | float]:
        """Give the shares of the old h and c that are kept at step t."""
        return 0.0 if self.keep_h is None else self.keep_h[t], 0.0 if self.keep_c is None else self.keep_c[t]

    def cut(self, rows: slice, steps: int) -> "Extras":
        """Give those of some sequences and the first steps."""
        return Extras(
            None if self.resets is None else self.resets[:steps, rows],
            None if self.dropout_mask is None else self.dropout_mask[rows],
            None if self.keep_h is None else self.keep_h[:steps, rows],
            None if self.keep_c is None else self.keep_c[:steps, rows],
        )

    def turned(self) -> "Extras":
        """Give those of the sequence read from its end."""
        return replace(
            self,
            resets=None if self.resets is None else self.resets[::-1],
            keep_h=None if self.keep_h is None else self.keep_h[::-1],
            keep_c=None if self.keep_c is None else self.keep_c[::-1],
        )


NOTHING = Extras()
