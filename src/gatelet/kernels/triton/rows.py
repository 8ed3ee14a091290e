"""Where the rows of each step lie, for any layout."""

import torch
from torch import Tensor

__all__ = ["row_table"]


def row_table(steps: int, batch: int, offsets: Tensor | None, batch_first: bool, device: torch.device) -> Tensor:
    """Give (T, B) int32: the row of sequence b at step t, or -1 where it has ended."""
    step = torch.arange(steps, device=device, dtype=torch.int32).unsqueeze(1)
    sequence = torch.arange(batch, device=device, dtype=torch.int32)
    if offsets is not None:
        offsets = offsets.to(device, torch.int32).unsqueeze(1)
        rows = offsets[:-1] + sequence
        return torch.where(rows < offsets[1:], rows, -1)
    return (sequence * steps + step if batch_first else step * batch + sequence).contiguous()
