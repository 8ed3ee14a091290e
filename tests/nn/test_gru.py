from typing import Any

import pytest
import torch
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_sequence

from gatelet.nn import GRU, gate_activations


def test_a_projection_is_refused_as_in_torch() -> None:
    for home in (GRU, torch.nn.GRU):
        for proj_size in (0, 2):
            with pytest.raises(ValueError, match="^proj_size argument is only supported for LSTM, not RNN or GRU$"):
                home(5, 4, proj_size=proj_size)


def test_reset_after_is_said_only_where_it_is_not_the_default() -> None:
    assert repr(GRU(5, 4, 2, reset_after=False)) == "GRU(5, 4, num_layers=2, reset_after=False)"
    assert repr(GRU(5, 4, reset_after=True)) == "GRU(5, 4)"


def test_reset_before_has_the_same_weights_and_other_outputs() -> None:
    after, before = GRU(5, 4), GRU(5, 4, reset_after=False)
    before.load_state_dict(after.state_dict())
    x = torch.randn(7, 3, 5)
    assert (after(x)[0] - before(x)[0]).abs().max() > 1e-3


@pytest.mark.parametrize("batch_first", [False, True])
def test_reset_before_without_sequences_or_without_steps(batch_first: bool) -> None:
    layer = GRU(5, 4, 2, bidirectional=True, batch_first=batch_first, reset_after=False)
    x = torch.zeros(0, 7, 5) if batch_first else torch.zeros(7, 0, 5)
    y, h_n = layer(x)
    assert y.shape == (*x.shape[:2], 8)
    assert h_n.shape == (4, 0, 4)
    with pytest.raises(RuntimeError, match="^Expected sequence length to be larger than 0 in RNN$"):
        layer(torch.zeros(3, 0, 5) if batch_first else torch.zeros(0, 3, 5))


def test_reset_before_drops_out_between_layers_in_training_only() -> None:
    both = GRU(5, 4, 2, dropout=0.5, reset_after=False)
    lower, upper = GRU(5, 4, reset_after=False), GRU(4, 4, reset_after=False)
    for single, k in ((lower, 0), (upper, 1)):
        single.load_state_dict(
            {f"{n}_l0": getattr(both, f"{n}_l{k}") for n in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        )
    x = torch.randn(7, 3, 5)
    for training in (True, False):
        both.train(training)
        torch.manual_seed(0)
        y, _ = both(x)
        torch.manual_seed(0)
        expected, _ = upper(F.dropout(lower(x)[0], 0.5, training))
        torch.testing.assert_close(y, expected)


def test_reset_before_has_second_derivatives() -> None:
    layer = GRU(2, 3, reset_after=False, dtype=torch.float64)
    x = torch.randn(3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: layer(x)[0], (x,))


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # from torch.compile itself
def test_reset_before_compiles() -> None:
    layer = GRU(5, 4, reset_after=False)
    x = torch.randn(7, 3, 5)
    torch.compiler.reset()
    compiled: Any = torch.compile(layer, backend="aot_eager")
    torch.testing.assert_close(compiled(x), layer(x), rtol=0, atol=0)


@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("kind", ["steps first", "batch first", "unbatched"])
@pytest.mark.parametrize("reset_after", [True, False])
def test_gates_explain_the_output(reset_after: bool, kind: str, with_state: bool) -> None:
    layer = GRU(5, 4, 2, batch_first=kind == "batch first", bidirectional=True, dropout=0.5, reset_after=reset_after)
    layer.eval()
    x = torch.randn((7, 5) if kind == "unbatched" else (7, 3, 5))
    hx = (
        torch.randn((4, 4) if kind == "unbatched" else (4, 7 if kind == "batch first" else 3, 4))
        if with_state
        else None
    )
    y, _ = layer(x, hx)
    time = 1 if kind == "batch first" else 0
    for reverse, hidden in zip((False, True), y.chunk(2, dim=-1), strict=True):
        gates = gate_activations(layer, x, hx, reverse=reverse)
        torch.testing.assert_close(gates.hidden, hidden)
        assert gates.reset.shape == gates.update.shape == gates.candidate.shape == hidden.shape
        assert gates.update.dtype == x.dtype
        assert not gates.update.requires_grad
        first = torch.zeros_like(hidden.select(time, 0)) if hx is None else hx[2 + reverse]
        reading = [gate.flip(time) if reverse else gate for gate in (gates.update, gates.candidate, gates.hidden)]
        z, n, h = (gate.movedim(time, 0) for gate in reading)
        torch.testing.assert_close(h, (1 - z) * n + z * torch.cat([first.unsqueeze(0), h[:-1]]))


def test_gates_of_a_lower_layer() -> None:
    layer = GRU(5, 4, 2)
    x = torch.randn(7, 3, 5)
    lower = GRU(5, 4)
    lower.load_state_dict({name: weight for name, weight in layer.state_dict().items() if name.endswith("l0")})
    for depth in (0, -2):
        torch.testing.assert_close(gate_activations(layer, x, depth=depth).hidden, lower(x)[0])


def test_gates_refuse_what_they_cannot_show() -> None:
    layer = GRU(5, 4, 2)
    x = torch.randn(7, 3, 5)
    with pytest.raises(ValueError, match=r"^depth must be between -2 and 1; got 2\.$"):
        gate_activations(layer, x, depth=2)
    with pytest.raises(
        ValueError, match=r"^reverse=True needs a bidirectional GRU; got one that reads forward only\.$"
    ):
        gate_activations(layer, x, reverse=True)
    with pytest.raises(ValueError, match=r"padded input only; got a PackedSequence\.$"):
        gate_activations(layer, pack_sequence([torch.randn(7, 5)]))  # type: ignore[arg-type]
    with pytest.raises(RuntimeError, match=r"^Expected hidden size \(2, 3, 4\), got \[2, 1, 4\]$"):
        gate_activations(layer, x, torch.zeros(2, 1, 4))
