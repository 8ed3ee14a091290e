from functools import partial

import pytest

from gatelet.errors import GateletError
from gatelet.study.budgets import check_budget, match_hidden_size
from gatelet.study.costs import GATES, cell_flops


def parameters(cell: str, hidden_size: int, input_size: int = 13) -> int:
    return GATES[cell] * hidden_size * (input_size + hidden_size + 2)


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
@pytest.mark.parametrize("hidden_size", [1, 15, 17, 63, 64, 65, 128])
def test_the_nearest_size_is_found(cell: str, hidden_size: int) -> None:
    target = parameters("gru", hidden_size)
    match = match_hidden_size(lambda size: parameters(cell, size), target)
    gaps = {size: abs(parameters(cell, size) - target) for size in range(1, 4 * hidden_size + 9)}
    assert gaps[match.hidden_size] == min(gaps.values())
    assert match.cost == parameters(cell, match.hidden_size)


def test_the_reference_matches_itself_exactly() -> None:
    match = match_hidden_size(lambda size: parameters("gru", size), parameters("gru", 64))
    assert (match.hidden_size, match.mismatch) == (64, 0.0)


def test_an_lstm_of_as_many_operations_is_smaller_and_an_rnn_larger() -> None:
    target = cell_flops("gru", 13, 64)
    lstm = match_hidden_size(partial(cell_flops, "lstm", 13), target)
    rnn = match_hidden_size(partial(cell_flops, "rnn", 13), target)
    assert lstm.hidden_size < 64 < rnn.hidden_size
    assert abs(lstm.mismatch) < 0.02
    assert abs(rnn.mismatch) < 0.02


def test_a_budget_below_the_smallest_size_gives_the_smallest() -> None:
    match = match_hidden_size(lambda size: 100 * size, 3)
    assert match.hidden_size == 1
    assert match.mismatch == pytest.approx(100 / 3 - 1)


def test_errors_say_what_came() -> None:
    with pytest.raises(GateletError, match="budget must be one of params, hidden, flops; got 'time'"):
        check_budget("time")
    with pytest.raises(ValueError, match="within reach of hidden size 16"):
        match_hidden_size(lambda size: size, 17, largest=16)
