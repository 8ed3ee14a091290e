import json
import math

import pytest

from gatelet.training import Epoch, History

NAN = math.nan


def test_the_best_epoch_has_the_lowest_validation_loss() -> None:
    epochs = tuple(Epoch(number, 1.0, 0.5, loss) for number, loss in enumerate([NAN, 3.0, 2.0, 2.0, NAN, math.inf], 1))
    assert History(epochs).best.epoch == 3


def test_json_and_back() -> None:
    history = History((Epoch(1, 0.5, 2.0, 1.5), Epoch(2, 1.0, NAN, math.inf)), interrupted=True)
    text = json.dumps(history.to_json(), allow_nan=False)
    back = History.from_json(json.loads(text))
    assert back.interrupted and back.epochs[0] == history.epochs[0]
    assert math.isnan(back.epochs[1].train_loss) and math.isnan(back.epochs[1].validation_loss)


@pytest.mark.parametrize("wrong", [{}, {"epochs": [{}], "interrupted": False}, {"epochs": 3, "interrupted": False}])
def test_what_is_no_history_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        History.from_json(wrong)
