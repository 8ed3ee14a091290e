import pytest
import torch

from gatelet.nn import RNN


def test_a_projection_is_refused_as_in_torch() -> None:
    for home in (RNN, torch.nn.RNN):
        with pytest.raises(ValueError, match="^proj_size argument is only supported for LSTM, not RNN or GRU$"):
            home(5, 4, proj_size=2)


def test_an_unknown_nonlinearity_is_refused_as_in_torch() -> None:
    for home in (RNN, torch.nn.RNN):
        with pytest.raises(ValueError, match=r"^Unknown nonlinearity 'sine'\. Select from 'tanh' or 'relu'\.$"):
            home(5, 4, nonlinearity="sine")


def test_relu_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^gatelet\.nn\.RNN has the nonlinearity 'tanh' only; got 'relu'\.$"):
        RNN(5, 4, nonlinearity="relu")
    assert RNN(5, 4, nonlinearity="tanh").nonlinearity == "tanh"
