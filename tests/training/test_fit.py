import csv
import random
import shutil
import signal
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch.callbacks import Timer
from torch import Tensor, nn

from gatelet.errors import GateletError, ModelError
from gatelet.training import History, TrainingProgress
from gatelet.training.checkpoint import SafetensorsCheckpointIO

Make = Callable[..., Any]


def same(first: list[Tensor], second: list[Tensor]) -> bool:
    return len(first) == len(second) and all(map(torch.equal, first, second))


def losses(history: History) -> list[tuple[int, float, float]]:
    return [(epoch.epoch, epoch.train_loss, epoch.validation_loss) for epoch in history.epochs]


class Crash(Exception):
    pass


def crash_at(step: int) -> Callable[[TrainingProgress], None]:
    def report(at: TrainingProgress) -> None:
        if at.step == step:
            raise Crash

    return report


def test_it_learns_and_tells_every_epoch(job: Make) -> None:
    training = job()
    before = training.validation_loss()
    history = training(epochs=20)
    assert [epoch.epoch for epoch in history.epochs] == list(range(1, 21))
    seconds = [epoch.seconds for epoch in history.epochs]
    assert seconds == sorted(seconds) and seconds[0] > 0
    assert training.validation_loss() < before / 5
    assert not history.interrupted and not training.network.training


def test_validation_loss_is_the_mean_over_samples_not_batches(job: Make) -> None:
    training = job()  # validates in batches of 24, 24 and 16
    history = training(epochs=1)
    assert history.best.validation_loss == pytest.approx(training.validation_loss(), rel=1e-5)


def test_the_best_weights_are_kept_not_the_last(job: Make) -> None:
    def good_for_two_epochs(network: nn.Module, batch: Any) -> Tensor:
        loss: Tensor = (network(batch.x) - batch.y).square().mean()
        return loss if network.training or len(training.seen) <= 8 else loss + 10

    training, two = job(loss=good_for_two_epochs), job()
    history = training(epochs=5, patience=9, schedule="constant")
    two(epochs=2, schedule="constant")
    assert history.best.epoch == 2 and len(history.epochs) == 5
    assert same(training.weights(), two.weights())


def test_training_stops_early_without_progress(job: Make) -> None:
    def ever_worse(network: nn.Module, batch: Any) -> Tensor:
        loss: Tensor = network(batch.x).square().mean() * 0 + len(training.seen)
        return loss

    training = job(loss=ever_worse)
    history = training(epochs=50, patience=3)
    assert len(history.epochs) == 1 + 3 and history.best.epoch == 1 and not history.interrupted


def test_seeds_repeat_bit_for_bit_and_differ(job: Make) -> None:
    runs = [job(dropout=0.3) for _ in range(3)]
    histories = [training(seed=seed) for training, seed in zip(runs, (7, 7, 8), strict=True)]
    assert same(runs[0].weights(), runs[1].weights()) and losses(histories[0]) == losses(histories[1])
    assert runs[0].seen == runs[1].seen != runs[2].seen
    assert not same(runs[0].weights(), runs[2].weights())


def test_random_numbers_of_the_program_go_on_as_if_nothing_happened(job: Make) -> None:
    def draw() -> tuple[float, float, float]:
        return float(torch.rand(1)), float(np.random.rand()), random.random()

    def seeded() -> None:
        torch.manual_seed(5)
        np.random.seed(5)
        random.seed(5)

    seeded()
    expected = draw()
    seeded()
    job(dropout=0.5)()
    assert draw() == expected


@pytest.mark.parametrize("crash", [5, 8, 9, 12], ids=["mid epoch", "last batch", "first batch", "third epoch"])
def test_resumed_training_equals_one_never_interrupted(job: Make, tmp_path: Path, crash: int) -> None:
    whole = job(dropout=0.3)
    expected = whole(epochs=4)
    first, second = job(dropout=0.3), job(dropout=0.3)
    with pytest.raises(Crash):
        first(epochs=4, checkpoints=tmp_path, progress=crash_at(crash))
    history = second(epochs=4, checkpoints=tmp_path, resume=True)
    done = (crash - 1) // 4
    assert second.seen == whole.seen[4 * done :]  # the very same batches
    assert losses(history) == losses(expected)
    assert same(second.weights(), whole.weights())
    seconds = [epoch.seconds for epoch in history.epochs]
    assert seconds == sorted(seconds)


def test_resuming_goes_on_after_an_epoch_that_was_not_the_best(job: Make, tmp_path: Path) -> None:
    def only_first_is_good(network: nn.Module, batch: Any) -> Tensor:
        loss: Tensor = (network(batch.x) - batch.y).square().mean()
        return loss if network.training else loss * 0 + (len(current.seen) > 4)

    current = job(loss=only_first_is_good)
    current(epochs=3, checkpoints=tmp_path)
    best = current.weights()
    current = job(loss=only_first_is_good)
    shutil.move(tmp_path, elsewhere := tmp_path.with_name("elsewhere"))  # a folder may move meanwhile
    current.seen.extend([[]] * 12)
    history = current(epochs=5, checkpoints=elsewhere, resume=True)
    assert len(current.seen) == 12 + 8
    assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3, 4, 5]
    assert history.best.epoch == 1 and same(current.weights(), best)


def test_resuming_what_is_finished_gives_the_same(job: Make, tmp_path: Path) -> None:
    first, second = job(), job()
    expected = first(checkpoints=tmp_path)
    history = second(checkpoints=tmp_path, resume=True)
    assert losses(history) == losses(expected) and same(first.weights(), second.weights()) and not second.seen


def test_patience_is_remembered(job: Make, tmp_path: Path) -> None:
    def ever_worse(network: nn.Module, batch: Any) -> Tensor:
        loss: Tensor = network(batch.x).square().mean() * 0 + len(current.seen)
        return loss

    current = job(loss=ever_worse)
    with pytest.raises(Crash):
        current(epochs=50, patience=3, checkpoints=tmp_path, progress=crash_at(10))
    seen = current.seen
    current = job(loss=ever_worse)
    current.seen.extend(seen)
    history = current(epochs=50, patience=3, checkpoints=tmp_path, resume=True)
    assert len(history.epochs) == 4


def test_nothing_to_resume_from_is_said(job: Make, tmp_path: Path) -> None:
    with pytest.raises(
        GateletError, match=r"There must be a checkpoint to resume from; .*last\.ckpt does not exist\.$"
    ):
        job()(checkpoints=tmp_path, resume=True)


def spoil(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    checkpoint = SafetensorsCheckpointIO().load_checkpoint(path)
    change(checkpoint)
    SafetensorsCheckpointIO().save_checkpoint(checkpoint, path)


@pytest.mark.parametrize(
    "change",
    [
        lambda saved: saved.clear(),
        lambda saved: saved.pop("state_dict"),
        lambda saved: saved.pop("optimizer_states"),
        lambda saved: saved.update(loops=3),
        lambda saved: saved.update(optimizer_states=[{}]),
        lambda saved: saved.update(lr_schedulers=[[1]]),
        lambda saved: saved.update(callbacks={"HistoryCallback": {"epochs": [{"epoch": 1}]}}),
        lambda saved: saved.update({"pytorch-lightning_version": [1]}),
        lambda saved: saved.update(state_dict={"network.0.weight": torch.ones(10**4)}),
    ],
)
def test_a_hostile_checkpoint_gives_one_sentence(job: Make, tmp_path: Path, change: Callable[[Any], Any]) -> None:
    with pytest.raises(Crash):
        job()(checkpoints=tmp_path, progress=crash_at(9))
    spoil(tmp_path / "last.ckpt", change)
    training = job()
    before = training.weights()
    with pytest.raises(ModelError) as caught:
        training(checkpoints=tmp_path, resume=True)
    sentence = str(caught.value)
    assert "\n" not in sentence and sentence.startswith(f"{tmp_path / 'last.ckpt'} must ") and sentence.endswith(".")
    assert len(sentence) < 500
    assert not training.seen and (same(training.weights(), before) or "state_dict" not in sentence)


def test_a_checkpoint_of_another_network_or_longer_training_is_refused(job: Make, tmp_path: Path) -> None:
    job()(checkpoints=tmp_path)
    with pytest.raises(ModelError, match=r"last\.ckpt must be of this network and these settings to resume from it; "):
        job(hidden=5)(checkpoints=tmp_path, resume=True)
    with pytest.raises(ModelError, match="last.ckpt must be of this network and these settings .*max_epochs=2"):
        job()(epochs=2, checkpoints=tmp_path, resume=True)


def test_an_error_while_training_is_not_blamed_on_the_checkpoint(job: Make, tmp_path: Path) -> None:
    with pytest.raises(Crash):
        job()(checkpoints=tmp_path, progress=crash_at(9))

    def broken(network: nn.Module, batch: Any) -> Tensor:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="^mine$"):
        job(loss=broken)(checkpoints=tmp_path, resume=True)


def test_a_loss_that_is_never_finite_is_an_error(job: Make) -> None:
    def hopeless(network: nn.Module, batch: Any) -> Tensor:
        loss: Tensor = network(batch.x).sum() * float("nan")
        return loss

    with pytest.raises(GateletError, match=r"finite validation loss; .* try a learning_rate below 0\.05\.$"):
        job(loss=hopeless)()


def test_a_loss_that_ceases_to_be_finite_ends_training_with_the_best_weights(job: Make) -> None:
    def explodes(network: nn.Module, batch: Any) -> Tensor:
        loss: Tensor = (network(batch.x) - batch.y).square().mean()
        return loss * (float("nan") if len(training.seen) > 8 else 1.0)

    training = job(loss=explodes)
    history = training(epochs=9)
    assert len(history.epochs) == 3 and history.best.epoch == 2
    assert all(weight.isfinite().all() for weight in training.weights())


def test_time_is_limited(job: Make) -> None:
    training = job()
    started = time.monotonic()
    history = training(epochs=10**6, max_time=0.3)
    assert 0.2 < time.monotonic() - started < 10
    assert len(history.epochs) < 10**5 and not history.interrupted
    assert training.validation_loss() == pytest.approx(history.best.validation_loss, rel=1e-5)


def test_the_schedule_ends_with_the_time_if_that_ends_first(job: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    training = job()
    moved: list[float] = []
    before = training.weights()

    def note(at: TrainingProgress) -> None:
        after = training.weights()
        moved.append(sum(float((a - b).abs().sum()) for a, b in zip(after, before, strict=True)))
        before[:] = after

    # the limit lets 40 batches pass, of 4000
    monkeypatch.setattr(Timer, "time_elapsed", lambda self, stage="train": 0.025 * len(training.seen))
    training(epochs=1000, max_time=1.0, progress=note)
    assert len(moved) == 40
    peak = max(moved)
    assert moved.index(peak) < 10 and moved[-1] < peak / 50


def test_hardly_any_time_still_gives_weights(job: Make) -> None:
    training = job()
    history = training(epochs=10**6, max_time=1e-6)
    assert len(history.epochs) == 1 and len(training.seen) == 1


def test_progress_is_told_after_every_batch(job: Make) -> None:
    told: list[TrainingProgress] = []
    history = job()(epochs=3, progress=told.append)
    assert [at.step for at in told] == list(range(1, 13)) and {at.steps for at in told} == {12}
    assert [at.epoch for at in told] == [1] * 4 + [2] * 4 + [3] * 4
    known = [history.epochs[at.epoch - 2].validation_loss if at.epoch > 1 else None for at in told]
    assert [at.validation_loss for at in told] == known


def test_a_bar_is_drawn_on_request(job: Make, capsys: pytest.CaptureFixture[str]) -> None:
    job()(epochs=2, progress=True)
    assert "epoch 2" in capsys.readouterr().err
    job()(epochs=1)
    shown = capsys.readouterr()
    assert not shown.out and not shown.err


def test_csv_logs(job: Make, tmp_path: Path) -> None:
    history = job()(checkpoints=tmp_path, logs="csv")
    with (tmp_path / "logs" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    validation = [float(row["validation_loss"]) for row in rows if row["validation_loss"]]
    assert validation == pytest.approx([epoch.validation_loss for epoch in history.epochs])
    train = [float(row["train_loss"]) for row in rows if row["train_loss"]]
    assert train == pytest.approx([epoch.train_loss for epoch in history.epochs])


def test_tensorboard_logs(job: Make, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of protobuf and others within TensorBoard
        job()(epochs=2, checkpoints=tmp_path, logs="tensorboard")
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(tmp_path / "logs")).Reload()
    assert len(events.Scalars("validation_loss")) == 2


def test_mixed_precision_runs_and_leaves_float32_weights(job: Make) -> None:
    training = job()
    before = training.validation_loss()
    training(epochs=20, precision="bf16")
    assert {weight.dtype for weight in training.weights()} == {torch.float32}
    assert training.validation_loss() < before / 2


@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_gradients_are_clipped(job: Make, precision: str) -> None:
    norms: list[float] = []

    def steep(network: nn.Module, batch: Any) -> Tensor:
        loss: Tensor = 1e3 * (network(batch.x) - batch.y).square().mean()
        return loss

    def note(at: TrainingProgress) -> None:
        gradients = [weight.grad for weight in training.network.parameters() if weight.grad is not None]
        norms.append(float(torch.stack([gradient.norm() for gradient in gradients]).norm()))

    training = job(loss=steep)
    training(epochs=1, gradient_clip=0.5, precision=precision, progress=note)
    assert norms == pytest.approx([0.5] * 4, rel=1e-2)


def test_vectors_do_not_decay(job: Make) -> None:
    def flat(network: nn.Module, batch: Any) -> Tensor:
        loss: Tensor = network(batch.x).sum() * 0.0 - len(training.seen)
        return loss

    training = job(loss=flat)
    before = training.weights()
    training(weight_decay=0.5, learning_rate=0.1, schedule="constant")
    for old, new in zip(before, training.weights(), strict=True):
        factor = (1 - 0.05) ** 16 if old.dim() > 1 else 1.0
        torch.testing.assert_close(new, factor * old)


def test_the_schedule_warms_up_and_falls_to_zero(job: Make) -> None:
    def linear(network: nn.Module, batch: Any) -> Tensor:
        loss: Tensor = sum(weight.sum() for weight in network.parameters())  # type: ignore[assignment]
        return loss

    moves = []
    training = job(loss=linear)
    training.network.eval()

    def note(at: TrainingProgress) -> None:
        moves.append(float(training.network[0].weight.detach().mean()))

    start = float(training.network[0].weight.detach().mean())
    training(epochs=10, weight_decay=0.0, learning_rate=0.1, progress=note)
    steps = -np.diff([start, *moves])  # Adam moves by the rate where the gradient is constant
    rates = [0.1 * (n + 1) / 4 for n in range(4)]
    rates += [0.05 * (1 + np.cos(np.pi * n / 36)) for n in range(36)]
    np.testing.assert_allclose(steps, rates, rtol=1e-2, atol=1e-5)


def test_files_of_a_training(job: Make, tmp_path: Path) -> None:
    job()(checkpoints=tmp_path / "deep" / "runs")
    assert sorted(path.name for path in (tmp_path / "deep" / "runs").iterdir()) == ["best.ckpt", "last.ckpt"]
    best = SafetensorsCheckpointIO().load_checkpoint(tmp_path / "deep" / "runs" / "best.ckpt")
    assert "optimizer_states" not in best
    (tmp_path / "file").write_text("x")
    with pytest.raises(GateletError, match=r"file must be a folder that can be written to; File exists\.$"):
        job()(checkpoints=tmp_path / "file")


def test_without_a_folder_nothing_is_left_behind(job: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    job()()
    assert not list(tmp_path.iterdir())


def test_it_runs_in_a_thread(job: Make) -> None:
    training, found = job(), []
    thread = threading.Thread(target=lambda: found.append(training()))
    thread.start()
    thread.join()
    assert len(found[0].epochs) == 4


def test_handlers_of_signals_are_left_as_found(job: Make) -> None:
    watched = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
    before = [signal.getsignal(number) for number in watched]
    job()()
    assert [signal.getsignal(number) for number in watched] == before
    with pytest.raises(Crash):
        job()(progress=crash_at(3))
    assert [signal.getsignal(number) for number in watched] == before
