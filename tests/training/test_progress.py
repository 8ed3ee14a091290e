import pytest

from gatelet.training import TrainingProgress, training_bar


def test_the_bar_tells_where_training_is_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    with training_bar("gru") as move:
        move(TrainingProgress(3, 8, 1, None))
        move(TrainingProgress(8, 8, 2, 0.12345))
    shown = capsys.readouterr()
    assert not shown.out
    assert "gru, epoch 2" in shown.err and "8/8" in shown.err and "validation loss 0.1235" in shown.err
