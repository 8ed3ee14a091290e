import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gatelet.training import TrainingProgress

Make = Callable[..., Any]


def press(*steps: int) -> Callable[[TrainingProgress], None]:
    """Ctrl-C after these batches."""

    def report(at: TrainingProgress) -> None:
        if at.step in steps:
            os.kill(os.getpid(), signal.SIGINT)

    return report


@pytest.mark.parametrize("step", [1, 6, 8, 16])
def test_the_first_ctrl_c_ends_training_with_the_best_weights(job: Make, step: int) -> None:
    before = signal.getsignal(signal.SIGINT)
    training = job()
    history = training(progress=press(step))
    assert history.interrupted
    assert len(training.seen) == step
    assert training.validation_loss() == pytest.approx(history.best.validation_loss, rel=1e-5)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_during_the_validation_ends_training_there(job: Make) -> None:
    def interrupted(network: nn.Module, batch: Any) -> Tensor:
        if not network.training and len(training.seen) == 8 and not pressed:
            pressed.append(True)
            os.kill(os.getpid(), signal.SIGINT)
        loss: Tensor = (network(batch.x) - batch.y).square().mean()
        return loss

    pressed: list[bool] = []
    training = job(loss=interrupted)
    history = training()
    assert history.interrupted and len(history.epochs) == 2 and len(training.seen) == 8


def test_the_second_ctrl_c_is_a_keyboard_interrupt(job: Make) -> None:
    def slow_validation(network: nn.Module, batch: Any) -> Tensor:
        if not network.training and len(training.seen) == 6:
            os.kill(os.getpid(), signal.SIGINT)
        loss: Tensor = (network(batch.x) - batch.y).square().mean()
        return loss

    before = signal.getsignal(signal.SIGINT)
    training = job(loss=slow_validation)
    with pytest.raises(KeyboardInterrupt):
        training(progress=press(6))
    assert signal.getsignal(signal.SIGINT) is before


def test_an_exit_of_the_program_itself_is_let_through(job: Make) -> None:
    def leave(at: TrainingProgress) -> None:
        sys.exit(3)

    with pytest.raises(SystemExit) as caught:
        job()(progress=leave)
    assert caught.value.code == 3


def test_an_interrupted_training_can_be_resumed(job: Make, tmp_path: Path) -> None:
    first, second = job(), job()
    assert first(checkpoints=tmp_path, progress=press(6)).interrupted
    history = second(checkpoints=tmp_path, resume=True)
    assert not history.interrupted
    assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3, 4]
    whole = job()
    whole()
    assert second.seen == whole.seen[8:]  # the epoch that was cut short counts


# Two fits of nearly endless length, as a user's script would call them. The first says when its third epoch begins and
# goes on; the second is pressed twice there: more signals would land in Python's own way out.
SCRIPT = """
import signal
import sys
import numpy as np
import polars as pl
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

table = pl.DataFrame({"ds": range(200), "y": np.sin(np.arange(200))})

def in_the_third_epoch(then):
    return lambda at: then() if at.epoch == 3 and at.step == 2 * at.steps // 10**6 + 1 else None

def say():
    print("third epoch", flush=True)

def press_twice():
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)

def fit(then):
    forecaster = Forecaster(3, context_length=8, network=NetworkSettings(hidden_size=4))
    training = TrainingSettings(epochs=10**6, patience=10**6)
    return forecaster.fit(table, training=training, progress=in_the_third_epoch(then))

forecaster = fit(say)
assert forecaster.history.interrupted
forecaster.save(sys.argv[1])
assert np.isfinite(forecaster.predict(table).median).all()
try:
    fit(press_twice).save(sys.argv[2])
except KeyboardInterrupt:
    # left to Python, the status depends on other libraries: one whose exit handler calls exec() makes it 1
    sys.exit("interrupted")
"""


def test_ctrl_c_in_a_script_keeps_the_best_model_and_twice_ends_it(tmp_path: Path) -> None:
    script = [sys.executable, "-W", "error", "-c", SCRIPT, str(tmp_path / "first"), str(tmp_path / "second")]
    process = subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "third epoch"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (1, "interrupted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["first"]
    files = ["config.json", "model.safetensors", "plan.json", "plan.safetensors"]
    assert sorted(path.name for path in (tmp_path / "first").iterdir()) == files


def test_training_leaves_no_trace_in_torch(job: Make) -> None:
    threads, grad, dtype = torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype()
    job()()
    assert (torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype()) == (threads, grad, dtype)
