from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from gatelet.errors import GateletError
from gatelet.nn.heads import StudentTHead
from gatelet.tasks.forecasting.batch import Batch
from gatelet.tasks.forecasting.network import ForecastNetwork, NetworkSettings, WindowSizes, forecast_loss

LEVELS = (0.1, 0.5, 0.9)


def sizes(context: int = 12, horizon: int = 7) -> WindowSizes:
    return WindowSizes(context, horizon, past=4, known=3, whole=5, series=6)


def batch_of(at: WindowSizes, count: int = 5, seed: int = 0) -> Batch:
    make = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=make)

    return Batch(
        context=normal(count, at.context_length),
        context_observed=(normal(count, at.context_length) > -1).float(),
        past=normal(count, at.context_length, at.past),
        known=normal(count, at.context_length + at.horizon, at.known),
        whole=normal(count, at.whole),
        series=torch.arange(count) % (at.series + 1),
        target=normal(count, at.horizon),
        target_observed=(normal(count, at.horizon) > -1).float(),
        center=normal(count).double(),
        scale=normal(count).double().exp(),
    )


def network(distribution: str = "quantiles", at: WindowSizes | None = None, **settings: Any) -> ForecastNetwork:
    torch.manual_seed(0)
    return ForecastNetwork(NetworkSettings(hidden_size=8, **settings), at or sizes(), distribution, LEVELS).eval()


def gradients(net: ForecastNetwork, batch: Batch, step: int, *names: str) -> dict[str, Tensor]:
    """Gradients of the outputs for one step of the horizon to parts of the batch."""
    leaves = {name: getattr(batch, name).clone().requires_grad_() for name in names}
    output = net(replace(batch, **leaves))[:, step].square().sum()
    found = torch.autograd.grad(output, list(leaves.values()), allow_unused=True)
    return {name: torch.zeros_like(leaves[name]) if g is None else g for name, g in zip(names, found, strict=True)}


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("segment_length", [1, 3, 4])
def test_segments_decoded_together_are_those_decoded_one_by_one(
    cell: str, num_layers: int, segment_length: int
) -> None:
    net = network(cell=cell, num_layers=num_layers, segment_length=segment_length, series_embedding=2)
    batch, horizon, context = batch_of(net.sizes), net.sizes.horizon, net.sizes.context_length
    torch.nn.init.normal_(net.highway.weight)
    whole = torch.cat([batch.whole, net.series(batch.series)], 1)
    _, state = net.encoder(net.encoder_input(batch, whole))
    known = torch.cat([batch.known[:, context:], torch.zeros(5, segment_length, net.sizes.known)], 1)
    steps: list[Tensor] = []
    for number, start in enumerate(range(0, horizon, segment_length)):
        segment = known[:, start : start + segment_length].flatten(1)
        x = net.ahead(torch.cat([segment, whole], 1)) + net.place[number]
        y, _ = net.encoder(x.unsqueeze(1), state)
        steps += net.head(y[:, 0]).unbind(1)
    raw = torch.stack(steps[:horizon], 1)
    expected = net.head.spread(raw, net.highway(batch.context))
    torch.testing.assert_close(net(batch), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("context", "horizon", "segment_length"), [(1, 1, 1), (15, 17, 5), (63, 65, 9), (4, 3, 4)])
@pytest.mark.parametrize("distribution", ["quantiles", "student_t"])
def test_any_horizon_goes_with_any_segment_length(
    context: int, horizon: int, segment_length: int, distribution: str
) -> None:
    net = network(distribution, sizes(context, horizon), segment_length=segment_length)
    batch = batch_of(net.sizes)
    assert net(batch).shape == (5, horizon, 3)
    assert forecast_loss(net, batch).isfinite()


def test_every_input_is_used_and_the_target_is_not() -> None:
    net = network(segment_length=3, series_embedding=2)
    torch.nn.init.normal_(net.highway.weight)
    batch = batch_of(net.sizes)
    inputs = ("context", "context_observed", "past", "known", "whole")
    found = gradients(net, batch, 5, *inputs, "target", "target_observed", "center", "scale")
    for name in inputs[:3]:
        assert (found[name].flatten(2).abs().sum((0, -1)) > 0 if found[name].dim() > 2 else found[name].any(0)).all()
    assert found["whole"].any(0).all()
    for name in ("target", "target_observed", "center", "scale"):
        assert not found[name].any(), name


def test_covariates_of_the_horizon_reach_their_own_segment() -> None:
    net = network(segment_length=3)
    known = gradients(net, batch_of(net.sizes), 4, "known")["known"].abs().sum((0, 2))
    assert (known[:12] > 0).all()  # the context
    assert (known[12:] > 0).tolist() == [False] * 3 + [True] * 3 + [False]


def test_the_highway_starts_at_zero_and_may_be_left_out() -> None:
    batch = batch_of(sizes())
    torch.testing.assert_close(network(highway=True)(batch), network(highway=False)(batch))
    net = network()
    torch.nn.init.normal_(net.highway.weight)
    before, after = network()(batch), net(batch)
    shift = net.highway(batch.context).unsqueeze(-1)
    torch.testing.assert_close(after, before + shift)


def test_an_unknown_series_has_the_zero_vector_and_keeps_it() -> None:
    net = network(series_embedding=3).train()
    batch = batch_of(net.sizes, count=7)
    assert not net.series.weight[0].any()
    forecast_loss(net, batch).backward()  # type: ignore[no-untyped-call]
    assert net.series.weight.grad is not None
    assert not net.series.weight.grad[0].any() and net.series.weight.grad[1:].any(1).all()


def test_weights_depend_on_the_seed_alone() -> None:
    first, second = network(cell="lstm").state_dict(), network(cell="lstm").state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_dropout_acts_in_training_only() -> None:
    net = network(dropout=0.5)
    batch = batch_of(net.sizes)
    assert torch.equal(net(batch), net(batch))
    net.train()
    assert not torch.equal(net(batch), net(batch))


def test_distributions_keep_full_precision_in_mixed_precision() -> None:
    net = network("student_t")
    batch = batch_of(net.sizes)
    with torch.autocast("cpu", torch.bfloat16):
        parameters = net(batch)
        loss = forecast_loss(net, batch)
    assert parameters.dtype == loss.dtype == torch.float32
    assert isinstance(net.head, StudentTHead)
    torch.testing.assert_close(loss, forecast_loss(net, batch), rtol=0.05, atol=0.05)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"cell": "gruu"}, "cell must be one of gru, lstm, rnn; got gruu."),
        ({"hidden_size": 0}, "hidden_size must be a whole number of at least 1; got 0."),
        ({"num_layers": 1.5}, "num_layers must be a whole number of at least 1; got 1.5."),
        ({"segment_length": True}, "segment_length must be a whole number of at least 1; got True."),
        ({"dropout": 1.0}, r"dropout must be in [0, 1); got 1.0."),
        ({"series_embedding": -1}, "series_embedding must be zero or positive; got -1."),
        ({"center": "median"}, "center must be one of mean, last; got median."),
    ],
)
def test_settings_outside_their_range_are_named(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(GateletError) as caught:
        NetworkSettings(**settings)
    assert str(caught.value) == sentence
