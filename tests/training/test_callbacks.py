import os
import signal
import subprocess
import sys
import time
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


# Two fits of nearly endless length, as a user's script would call them; each says when its third epoch begins.
SCRIPT = """
import sys
import numpy as np
import polars as pl
from gatelet.tasks.forecasting import Forecaster, NetworkSettings
from gatelet.training import TrainingSettings

table = pl.DataFrame({"ds": range(200), "y": np.sin(np.arange(200))})

def say(at):
    if at.epoch == 3 and at.step == 2 * at.steps // 10**6 + 1:
        print("third epoch", flush=True)

def fit():
    forecaster = Forecaster(3, context_length=8, network=NetworkSettings(hidden_size=4))
    return forecaster.fit(table, training=TrainingSettings(epochs=10**6, patience=10**6), progress=say)

forecaster = fit()
assert forecaster.history.interrupted
forecaster.save(sys.argv[1])
assert np.isfinite(forecaster.predict(table).median).all()
print("saved", flush=True)
fit().save(sys.argv[2])
"""


def test_ctrl_c_in_a_script_keeps_the_best_model_and_twice_ends_it(tmp_path: Path) -> None:
    script = [sys.executable, "-W", "error", "-c", SCRIPT, str(tmp_path / "first"), str(tmp_path / "second")]
    process = subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for expected in ("third epoch", "saved", "third epoch"):
        assert process.stdout.readline().strip() == expected
        if expected == "third epoch":
            process.send_signal(signal.SIGINT)
    while process.poll() is None:  # again, until the script ends
        process.send_signal(signal.SIGINT)
        time.sleep(0.001)
    _, err = process.communicate(timeout=60)
    # 1 where one more signal came while Python was already on its way out
    assert process.returncode in (-signal.SIGINT, 1) and "KeyboardInterrupt" in err
    assert [path.name for path in tmp_path.iterdir()] == ["first"]
    assert sorted(path.name for path in (tmp_path / "first").iterdir()) == ["config.json", "model.safetensors"]


def test_training_leaves_no_trace_in_torch(job: Make) -> None:
    threads, grad, dtype = torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype()
    job()()
    assert (torch.get_num_threads(), torch.is_grad_enabled(), torch.get_default_dtype()) == (threads, grad, dtype)
