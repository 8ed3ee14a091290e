"""A GRU that carries a plan of what is still to be said, and the cost of not keeping to it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from gatelet.nn.gru import GRU

# what the reading gate adds to its argument at first: it keeps the plan until it has learned what says a part of it
_OPEN = 2.0


class SCGRU(nn.Module):
    """The semantically controlled GRU over a padded batch.

        k_t = s(W_k x_t + b_k)
        d_t = k_t * d_{t-1}
        h_t = GRU([x_t; d_t], h_{t-1})

    In Wen et al. the reading gate k sees the state too. Here it sees the word just written alone: the plan of all steps
    is then known before the first, and the GRU runs over the whole sentence in one call. On the validation part of the
    restaurant set the two scored alike. The equations are those of `gatelet.reference.sc_gru`.

    Args:
        input_size: I, features of a word.
        plan_size: A, parts of the plan.
        hidden_size: H, features of the state.

    Shapes: x (B, T, I), plan (B, A), h0 (1, B, H) or None -> y (B, T, H), plans (B, T, A), h_n (1, B, H).

    Source: Wen et al., Semantically Conditioned LSTM-based Natural Language Generation for Spoken Dialogue Systems,
    EMNLP 2015 (arXiv:1508.01745).
    """

    def __init__(self, input_size: int, plan_size: int, hidden_size: int) -> None:
        super().__init__()
        self.read = nn.Linear(input_size, plan_size)
        nn.init.constant_(self.read.bias, _OPEN)
        self.recurrent = GRU(input_size + plan_size, hidden_size, batch_first=True)

    def forward(self, x: Tensor, plan: Tensor, h0: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Run over whole sentences, or go on with one."""
        kept = functional.logsigmoid(self.read(x)).cumsum(1).exp()
        plans = kept * plan[:, None]
        y, h_n = self.recurrent(torch.cat([x, plans], 2), h0)
        return y, plans, h_n


def plan_cost(plan: Tensor, plans: Tensor, mask: Tensor, *, eta: float = 1e-4, xi: float = 100.0) -> Tensor:
    """What it costs to leave parts of a plan unsaid, or to say several at once; the mean over the sentences.

        cost = sum over parts |d_T|  +  sum over t and parts eta * xi^|d_t - d_{t-1}|

    Args:
        plan: (B, A) d_0.
        plans: (B, T, A) d_1 ... d_T.
        mask: (B, T) true at real steps; T differs between sentences.
        eta: of a step that changes nothing.
        xi: how much more a step costs that says a whole part.

    Source: as `SCGRU`.
    """
    before = torch.cat([plan[:, None], plans[:, :-1]], 1)
    steps = (eta * xi ** (plans - before).abs()).sum(2)
    last = plans.gather(1, (mask.sum(1) - 1)[:, None, None].expand(-1, 1, plans.shape[2])).squeeze(1)
    return (last.abs().sum(1) + (steps * mask).sum(1)).mean()
