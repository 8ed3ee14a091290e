import numpy as np
import pytest
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st

from gatelet import metrics
from gatelet.nn.heads import QuantileHead, StudentTHead

LEVELS = (0.05, 0.1, 0.5, 0.8, 0.95)
raw_values = st.floats(-1e4, 1e4, width=32)


@st.composite
def levels_with_median(draw: st.DrawFn) -> tuple[float, ...]:
    others = draw(st.sets(st.integers(1, 99), max_size=6))
    return tuple(sorted({0.5} | {level / 100 for level in others}))


@given(levels_with_median(), st.data())
def test_quantiles_never_cross(levels: tuple[float, ...], data: st.DataObject) -> None:
    head = QuantileHead(3, levels)
    raw = torch.tensor(data.draw(st.lists(raw_values, min_size=len(levels), max_size=len(levels))))
    shift = torch.tensor(data.draw(raw_values))
    quantiles = head.quantiles(head.spread(raw, shift))
    assert quantiles.dtype == np.float64 and quantiles.shape == (len(levels),)
    assert (np.diff(quantiles) >= 0).all()
    assert quantiles[levels.index(0.5)] == float(raw[levels.index(0.5)] + shift)


@pytest.mark.parametrize("levels", [(0.5,), (0.5, 0.9), (0.1, 0.5)])
def test_one_sided_levels_spread_to_their_side(levels: tuple[float, ...]) -> None:
    head = QuantileHead(2, levels)
    quantiles = head.spread(torch.zeros(7, len(levels)), torch.arange(7.0))
    assert quantiles.shape == (7, len(levels))
    assert (quantiles.diff(dim=-1) > 0).all()


@pytest.mark.parametrize("kind", [QuantileHead, StudentTHead])
@pytest.mark.parametrize("repeats", [1, 3])
def test_one_feature_vector_describes_several_steps(
    kind: type[QuantileHead] | type[StudentTHead], repeats: int
) -> None:
    head = kind(4, LEVELS, repeats)
    assert head(torch.randn(5, 2, 4)).shape == (5, 2, repeats, head.num_outputs)


def test_pinball_loss_is_twice_the_metric_over_what_was_observed() -> None:
    generator = np.random.default_rng(0)
    y = generator.normal(size=(4, 6)).astype(np.float32)
    quantiles = np.sort(generator.normal(size=(4, 6, len(LEVELS))), -1).astype(np.float32)
    observed = generator.random((4, 6)) < 0.7
    loss = QuantileHead(1, LEVELS).loss(
        torch.from_numpy(quantiles), torch.from_numpy(np.where(observed, y, 0)), torch.from_numpy(observed).float()
    )
    expected = 2 * metrics.pinball(np.where(observed, y, np.nan), quantiles, LEVELS)
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def test_losses_of_nothing_observed_are_zero_with_zero_gradients() -> None:
    for head in (QuantileHead(2, LEVELS), StudentTHead(2, LEVELS)):
        raw = torch.randn(3, head.num_outputs, requires_grad=True)
        loss = head.loss(head.spread(raw, torch.zeros(3)), torch.zeros(3), torch.zeros(3))
        loss.backward()  # type: ignore[no-untyped-call]
        assert float(loss.detach()) == 0.0
        assert raw.grad is not None and not raw.grad.any()


def test_the_median_minimizes_the_pinball_loss_of_its_level() -> None:
    head = QuantileHead(1, (0.5,))
    y = torch.randn(501, generator=torch.Generator().manual_seed(1))
    at = [float(head.loss(torch.full((501, 1), float(value)), y, torch.ones(501))) for value in np.linspace(-1, 1, 41)]
    assert abs(np.linspace(-1, 1, 41)[int(np.argmin(at))] - float(y.median())) <= 0.05


def student() -> tuple[StudentTHead, torch.Tensor]:
    head = StudentTHead(3, LEVELS)
    raw = 3 * torch.randn(6, 5, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return head, head.spread(raw, torch.linspace(-2, 2, 30, dtype=torch.float64).reshape(6, 5))


def test_student_t_loss_is_scipys_likelihood() -> None:
    head, parameters = student()
    y = 2 * torch.randn(6, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    observed = torch.rand(6, 5, generator=torch.Generator().manual_seed(4)) < 0.6
    location, scale, freedom = parameters.numpy().transpose(2, 0, 1)
    likelihood = scipy.stats.t.logpdf(y.numpy(), freedom, location, scale)
    expected = -likelihood[observed.numpy()].mean()
    assert float(head.loss(parameters, y, observed.double())) == pytest.approx(expected, rel=1e-10)


def test_student_t_quantiles_and_variance_are_scipys() -> None:
    head, parameters = student()
    location, scale, freedom = parameters.numpy().transpose(2, 0, 1)[..., None]
    expected = scipy.stats.t.ppf(np.array(LEVELS), freedom, location, scale)
    np.testing.assert_allclose(head.quantiles(parameters), expected, rtol=1e-12)
    assert (np.diff(head.quantiles(parameters)) > 0).all()
    variance = scipy.stats.t.var(freedom[..., 0], location[..., 0], scale[..., 0])
    np.testing.assert_allclose(head.variance(parameters), variance, rtol=1e-9)


@given(st.lists(raw_values, min_size=3, max_size=3), raw_values)
def test_student_t_always_has_a_scale_and_a_variance(raw: list[float], shift: float) -> None:
    head = StudentTHead(1, LEVELS)
    parameters = head.spread(torch.tensor(raw), torch.tensor(shift))
    assert float(parameters[1]) > 0 and float(parameters[2]) > 2
    assert head.variance(parameters).isfinite() and np.isfinite(head.quantiles(parameters)).all()
    assert np.isfinite(float(head.loss(parameters, torch.tensor(0.5), torch.tensor(1.0))))
