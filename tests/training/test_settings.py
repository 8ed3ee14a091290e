from typing import Any

import pytest

from gatelet.errors import GateletError
from gatelet.training import TrainingSettings


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"epochs": 0}, "epochs must be a whole number of at least 1; got 0."),
        ({"epochs": 1.5}, "epochs must be a whole number of at least 1; got 1.5."),
        ({"batch_size": -3}, "batch_size must be a whole number of at least 1; got -3."),
        ({"patience": True}, "patience must be a whole number of at least 1; got True."),
        ({"steps_per_epoch": 0}, "steps_per_epoch must be a whole number of at least 1; got 0."),
        ({"learning_rate": 0.0}, "learning_rate must be positive; got 0.0."),
        ({"learning_rate": float("nan")}, "learning_rate must be positive; got nan."),
        ({"gradient_clip": float("inf")}, "gradient_clip must be positive; got inf."),
        ({"weight_decay": -1e-9}, "weight_decay must be zero or positive; got -1e-09."),
        ({"seed": -1}, "seed must be a whole number from 0 to 4294967295; got -1."),
        ({"seed": 2**32}, "seed must be a whole number from 0 to 4294967295; got 4294967296."),
        ({"max_time": 0}, "max_time must be positive, up to 1e+09; got 0."),
        ({"max_time": float("inf")}, "max_time must be positive, up to 1e+09; got inf."),
        ({"schedule": "linear"}, "schedule must be one of cosine, constant; got linear."),
        ({"precision": "16"}, "precision must be one of auto, 32, bf16; got 16."),
        ({"logs": "wandb"}, "logs must be one of csv, tensorboard; got wandb."),
    ],
)
def test_values_outside_their_range_are_named(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(GateletError) as caught:
        TrainingSettings(**given)
    assert str(caught.value) == sentence


def test_the_largest_values_are_allowed() -> None:
    TrainingSettings(seed=2**32 - 1, max_time=1e9, steps_per_epoch=None, logs=None)
