import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence

from gatelet.nn import LSTM

# torch says so when it projects on a CPU
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("packed", [False, True])
def test_a_projection_is_as_in_torch(packed: bool, bias: bool) -> None:
    layers = []
    for home in (LSTM, torch.nn.LSTM):
        torch.manual_seed(0)
        layers.append(home(5, 4, 2, bias=bias, bidirectional=True, proj_size=3))
    ours, theirs = layers
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    padded = torch.randn(7, 2, 5)
    x = pack_padded_sequence(padded, torch.tensor([3, 7]), enforce_sorted=False) if packed else padded
    hx = (torch.randn(4, 2, 3), torch.randn(4, 2, 4))
    for given in (None, hx):
        y, (h, c) = ours(x, given)
        expected_y, (expected_h, expected_c) = theirs(x, given)
        for one, other in ((y, expected_y), (h, expected_h), (c, expected_c)):
            data, expected = (one.data, other.data) if packed else (one, other)
            torch.testing.assert_close(data, expected, rtol=0, atol=0)


def test_proj_size_is_the_eighth_argument() -> None:
    arguments = (5, 4, 1, True, False, 0.0, False, 3)
    assert repr(LSTM(*arguments)) == repr(torch.nn.LSTM(*arguments)) == "LSTM(5, 4, proj_size=3)"
