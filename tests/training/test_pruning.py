"""Blocks of recurrent weights go while a network is trained, or they get a low rank: which ones, when, what is kept."""

import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gatelet.errors import GateletError
from gatelet.nn import GRU, LSTM, RNN
from gatelet.training import Batches, History, TrainingProgress, TrainingSettings, fit
from gatelet.training.pruning import blocks, largest, spread

INPUTS, UNITS = 5, 14  # the last block of a row is not full


class Reader(nn.Module):
    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell(INPUTS, UNITS)
        self.head = nn.Linear(UNITS, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.head(self.cell(x)[0][-1])
        return y


def new_network(cell: Any = GRU) -> Reader:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Reader(cell)


def loss(network: nn.Module, batch: Tensor) -> Tensor:
    found: Tensor = (network(batch.transpose(0, 1)) - batch[:, 0, :1]).square().mean()
    return found


def train(
    network: nn.Module, *, folder: Path | None = None, resume: bool = False, report: Any = False, **more: Any
) -> History:
    x = torch.randn(64, 4, INPUTS, generator=torch.Generator().manual_seed(0))
    settings = TrainingSettings(**({"epochs": 5, "batch_size": 8, "learning_rate": 0.01, "density": 0.25} | more))
    training = Batches(64, lambda index: x[index], 8, seed=0)
    validation = Batches(64, lambda index: x[index], 64, seed=None)
    return fit(network, loss, training, validation, settings, checkpoints=folder, resume=resume, progress=report)


def share_left(weight: Tensor, gates: int = 3) -> float:
    return float((blocks(weight, gates) > 0).float().mean())


def test_a_block_is_what_all_gates_of_a_unit_have_for_four_columns() -> None:
    weight = torch.zeros(3 * UNITS, UNITS)
    weight[UNITS + 2, 5] = 3.0
    weight[2 * UNITS + 2, 6] = 4.0
    weight[1, 13] = 1.0
    sizes = blocks(weight, 3)
    assert sizes.shape == (UNITS, 4) and sizes[2, 1] == 25.0 and sizes[1, 3] == 1.0 and sizes.sum() == 26.0
    mask = largest(sizes, 1e-9)
    assert mask.nonzero().tolist() == [[2, 1]]
    expected = torch.zeros(3 * UNITS, UNITS, dtype=torch.bool)
    for gate in range(3):
        expected[gate * UNITS + 2, 4:8] = True
    assert torch.equal(spread(mask, 3, UNITS), expected)


@pytest.mark.parametrize(("cell", "gates"), [(GRU, 3), (LSTM, 4)])
def test_the_density_falls_to_what_is_asked_for_and_the_sparsest_epochs_count(cell: Any, gates: int) -> None:
    network = new_network(cell)
    with torch.no_grad():
        before = float(loss(network, torch.randn(64, 4, INPUTS, generator=torch.Generator().manual_seed(0))))
    history = train(network)
    told = [epoch.density for epoch in history.epochs]
    assert told == sorted(told, reverse=True) and 0.25 < told[0] < 1 and told[3] == told[4] == 0.25
    assert share_left(network.cell.weight_hh_l0, gates) == 0.25 == history.best.density
    assert share_left(network.cell.weight_ih_l0, gates) == 1
    assert history.before == pytest.approx(before, rel=1e-5)
    assert History.from_json(history.to_json()) == history


def test_weights_that_meet_the_inputs_may_go_too() -> None:
    network = new_network()
    train(network, prune_inputs=True, epochs=1)
    assert share_left(network.cell.weight_hh_l0) == 0.25 == share_left(network.cell.weight_ih_l0)


def test_patience_begins_when_the_pruning_is_over() -> None:
    history = train(new_network(), patience=1, learning_rate=1e-30, epochs=8)
    assert len(history.epochs) > 5 and history.best.density == 0.25


def test_what_was_pruned_stays_so_when_it_is_trained_on() -> None:
    network = new_network()
    train(network)
    gone = network.cell.weight_hh_l0 == 0
    history = train(network, epochs=2)
    assert [epoch.density for epoch in history.epochs] == [0.25, 0.25]
    assert torch.equal(network.cell.weight_hh_l0 == 0, gone)


def test_a_resumed_training_prunes_as_one_that_was_never_stopped(tmp_path: Path) -> None:
    whole, halves = new_network(), new_network()
    train(whole, folder=tmp_path / "whole")

    def stop(at: TrainingProgress) -> None:
        if at.step == 20:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        train(halves, folder=tmp_path / "halves", report=stop)
    history = train(halves, folder=tmp_path / "halves", resume=True)
    assert len(history.epochs) == 5 and torch.equal(whole.cell.weight_hh_l0, halves.cell.weight_hh_l0)


def test_ctrl_c_keeps_what_has_been_pruned_so_far() -> None:
    former = signal.signal(signal.SIGINT, signal.default_int_handler)

    def stop(at: TrainingProgress) -> None:
        if at.step == 12:
            signal.raise_signal(signal.SIGINT)  # to this thread, at once

    network = new_network()
    try:
        history = train(network, report=stop)
    finally:
        signal.signal(signal.SIGINT, former)
    assert history.interrupted and len(history.epochs) == 2
    first, second = (epoch.density for epoch in history.epochs)
    assert share_left(network.cell.weight_hh_l0) == pytest.approx(second) and second < first < 1


def test_what_has_no_blocks_is_refused() -> None:
    with pytest.raises(GateletError, match="GRU or LSTM alone; it has \\['RNN_TANH'\\]"):
        train(new_network(RNN))
    for density in (0.0, 1.5):
        with pytest.raises(GateletError, match="density must be above 0, up to 1"):
            TrainingSettings(density=density)


@pytest.mark.parametrize("cell", [GRU, LSTM])
def test_a_low_rank_begins_at_the_nearest_weights(cell: Any) -> None:
    network = new_network(cell)
    x = torch.randn(64, 4, 5, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = float(loss(network, x))
    whole = network.cell.weight_hh_l0.detach().clone()
    history = train(network, density=1.0, rank=3, learning_rate=1e-30, epochs=1)
    assert history.before == pytest.approx(before, rel=1e-5) and history.best.density == 1
    columns, sizes, rows = torch.linalg.svd(whole.double(), full_matrices=False)
    nearest = ((columns[:, :3] * sizes[:3]) @ rows[:3]).float()
    torch.testing.assert_close(network.cell.whole_weights()["weight_hh_l0"], nearest, rtol=0, atol=1e-6)
    history = train(network, density=1.0, rank=3)
    assert network.cell.rank_hh == 3 and history.best.validation_loss < before


def test_a_resumed_training_of_low_rank_is_as_one_that_was_never_stopped(tmp_path: Path) -> None:
    whole, halves = new_network(), new_network()
    train(whole, density=1.0, rank=2, folder=tmp_path / "whole")

    def stop(at: TrainingProgress) -> None:
        if at.step == 20:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        train(halves, density=1.0, rank=2, folder=tmp_path / "halves", report=stop)
    halves = new_network()
    history = train(halves, density=1.0, rank=2, folder=tmp_path / "halves", resume=True)
    assert len(history.epochs) == 5
    for one, other in zip(whole.parameters(), halves.parameters(), strict=True):
        assert torch.equal(one, other)


def test_ranks_that_cannot_be_are_refused() -> None:
    with pytest.raises(GateletError, match="GRU or LSTM alone; it has \\['RNN_TANH'\\]"):
        train(new_network(RNN), density=1.0, rank=2)
    with pytest.raises(GateletError, match=f"rank of a GRU of {UNITS} units must be at most 10, above .*; got 11"):
        train(new_network(), density=1.0, rank=11)
    pruned, lowered = new_network(), new_network()
    train(pruned, epochs=1)
    with pytest.raises(GateletError, match="must have all their blocks; some of these are pruned"):
        train(pruned, density=1.0, rank=2)
    train(lowered, density=1.0, rank=2, epochs=1)
    with pytest.raises(GateletError, match="must be at most 2, the rank that it has; got 3"):
        train(lowered, density=1.0, rank=3)
    with pytest.raises(GateletError, match="must be of full rank; these have rank 2"):
        train(lowered)
    for settings in ({"rank": 0}, {"rank": 2, "density": 0.5}):
        with pytest.raises(GateletError, match="rank must be a whole number|density must be 1"):
            TrainingSettings(**settings)
    with pytest.raises(GateletError, match="a rank, or a density with or without the inputs; got both"):
        TrainingSettings().pruning(0.1, 2, inputs=False)
