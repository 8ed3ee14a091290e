"""What a training sees of the integers: their weights to the last bit; and what is pruned stays so."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from gatelet import plan as p
from gatelet.deploy.quantization import convert, observe
from gatelet.nn import GRU
from gatelet.nn.planning import recurrent
from gatelet.tasks.rounding import rounded


def test_weights_are_those_of_the_integers() -> None:
    torch.manual_seed(0)
    layer: Any = GRU(5, 7, batch_first=True)
    with torch.no_grad():
        layer.weight_hh_l0[:, 2:4] = 0.0
    plan = p.Plan("T", (p.Value("x", (5,)),), tuple(recurrent(layer, "x", "h")), (p.Value("h", (7,)),))
    x = torch.randn(1, 50, 5)
    made = convert(plan, observe(plan, [[{"x": row} for row in x[0].numpy()]]))
    (integer,) = (each for each in made.plan.operations if isinstance(each, p.IntegerGRU))
    scale = 2.0**-15 / 2.0**-12 * 2.0 ** (8 + integer.shift)
    expected = integer.weight_hh * (integer.multiplier_hh[:, None] / scale)
    before = layer.weight_hh_l0.detach().clone()
    floats = layer(x)[0].detach()
    optimizer = torch.optim.AdamW(layer.parameters(), lr=1e-2)
    with rounded(layer, made):
        np.testing.assert_allclose(layer.weight_hh_l0.detach().numpy(), expected, rtol=1e-6)
        found = layer(x)[0]
        assert 0 < (found - floats).abs().max() < 0.02
        found.square().sum().backward()
        optimizer.step()
    after = layer.weight_hh_l0.detach()
    assert (after[:, 2:4] == 0).all() and (after != before).any()
    assert layer.state_dict().keys() == GRU(5, 7).state_dict().keys()


def test_both_factors_are_those_of_the_integers() -> None:
    torch.manual_seed(0)
    layer: Any = GRU(5, 16, batch_first=True, rank_hh=4)
    plan = p.Plan("T", (p.Value("x", (5,)),), tuple(recurrent(layer, "x", "h")), (p.Value("h", (16,)),))
    x = torch.randn(1, 50, 5)
    made = convert(plan, observe(plan, [[{"x": row} for row in x[0].numpy()]]))
    (integer,) = (each for each in made.plan.operations if isinstance(each, p.IntegerGRU))
    assert integer.right is not None and integer.multiplier_right is not None
    # what the rows of the right one are divided by
    sums = np.exp2(np.ceil(np.log2(np.abs(layer.weight_hh_right_l0.detach().numpy()).sum(1))))
    left = integer.weight_hh * (integer.multiplier_hh[:, None] / (2.0**-3 * 2.0 ** (8 + integer.shift))) / sums
    right = integer.right * (integer.multiplier_right[:, None] / 2.0 ** (8 + integer.shift_right)) * sums[:, None]
    before = layer(x)[0].detach()
    with rounded(layer, made):
        np.testing.assert_allclose(layer.weight_hh_left_l0.detach().numpy(), left, rtol=1e-6)
        np.testing.assert_allclose(layer.weight_hh_right_l0.detach().numpy(), right, rtol=1e-6)
        found = layer(x)[0]
        assert 0 < (found - before).abs().max() < 0.02
        found.square().sum().backward()
        assert layer.parametrizations.weight_hh_left_l0.original.grad.abs().max() > 0
    torch.testing.assert_close(layer(x)[0], before)
