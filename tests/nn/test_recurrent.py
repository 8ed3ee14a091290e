"""GRU, LSTM and RNN beside torch's: whatever can be seen from outside is the same."""

import copy
import io
import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

from gatelet import nn
from gatelet.nn.recurrent import RecurrentLayer

CELLS = ["GRU", "LSTM", "RNN"]

FORMS: list[dict[str, Any]] = [
    {},
    {"num_layers": 2, "bias": False},
    {"batch_first": True, "bidirectional": True},
    {"num_layers": 2, "bidirectional": True, "batch_first": True, "dtype": torch.float64},
]

pytestmark = pytest.mark.parametrize("cell", CELLS)


def pair(cell: str, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """Our layer and torch's, each built after the same seed."""
    layers = []
    for home in (nn, torch.nn):
        torch.manual_seed(0)
        layers.append(getattr(home, cell)(*args, **kwargs))
    return layers[0], layers[1]


def tensors(result: Any) -> Iterator[Tensor]:
    if isinstance(result, PackedSequence):
        yield result.data
        yield result.batch_sizes
    elif isinstance(result, tuple):
        for part in result:
            yield from tensors(part)
    else:
        yield result


def assert_same(ours: Any, theirs: Any) -> None:
    for one, other in zip(tensors(ours), tensors(theirs), strict=True):
        assert one.stride() == other.stride()
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def assert_agree(ours: Any, theirs: Any) -> None:
    """The same but for rounding; memory layout is each one's own affair."""
    for one, other in zip(tensors(ours), tensors(theirs), strict=True):
        torch.testing.assert_close(one, other)


def inputs(form: dict[str, Any], kind: str) -> tuple[Any, int | None]:
    """An input of 5 features, and its batch size."""
    dtype = form.get("dtype", torch.float32)
    if kind == "unbatched":
        return torch.randn(7, 5, dtype=dtype), None
    x = torch.randn(3, 7, 5, dtype=dtype) if form.get("batch_first") else torch.randn(7, 3, 5, dtype=dtype)
    if kind == "batched":
        return x, 3
    lengths = [7, 4, 2] if kind == "sorted" else [2, 7, 4]
    return pack_padded_sequence(x, torch.tensor(lengths), form.get("batch_first", False), kind == "sorted"), 3


def state(cell: str, form: dict[str, Any], batch: int | None, hidden_size: int = 4) -> Any:
    count = form.get("num_layers", 1) * (2 if form.get("bidirectional") else 1)
    shape = (count, hidden_size) if batch is None else (count, batch, hidden_size)
    dtype = form.get("dtype", torch.float32)
    return tuple(torch.randn(2, *shape, dtype=dtype)) if cell == "LSTM" else torch.randn(shape, dtype=dtype)


def outcome(call: Callable[[], Any]) -> tuple[type, str] | None:
    try:
        call()
    except (ValueError, TypeError, RuntimeError, IndexError) as error:
        return type(error), str(error)
    return None


def test_it_is_not_a_torch_recurrent_layer(cell: str) -> None:
    ours, _ = pair(cell, 5, 4)
    assert isinstance(ours, RecurrentLayer)
    assert not isinstance(ours, torch.nn.RNNBase)


@pytest.mark.parametrize("form", FORMS)
def test_weights_have_the_same_names_order_and_first_values(cell: str, form: dict[str, Any]) -> None:
    ours, theirs = pair(cell, 5, 4, **form)
    assert [name for name, _ in ours.named_parameters()] == [name for name, _ in theirs.named_parameters()]
    assert_same(tuple(ours.parameters()), tuple(theirs.parameters()))
    assert ours._flat_weights_names == theirs._flat_weights_names
    assert_same(tuple(ours._flat_weights), tuple(theirs._flat_weights))
    assert len(ours.all_weights) == len(theirs.all_weights)
    for one, other in zip(ours.all_weights, theirs.all_weights, strict=True):
        assert all(isinstance(weight, torch.nn.Parameter) for weight in one)
        assert_same(tuple(one), tuple(other))


@pytest.mark.parametrize("form", FORMS)
def test_state_dict_goes_both_ways(cell: str, form: dict[str, Any]) -> None:
    ours, theirs = pair(cell, 5, 4, **form)
    ours.reset_parameters()
    theirs.load_state_dict(ours.state_dict())
    x, _ = inputs(form, "batched")
    assert_agree(ours(x), theirs(x))
    theirs.reset_parameters()
    ours.load_state_dict(theirs.state_dict())
    assert_agree(ours(x), theirs(x))


@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("kind", ["batched", "unbatched", "sorted", "unsorted"])
@pytest.mark.parametrize("form", FORMS)
def test_outputs_and_gradients_are_the_same(cell: str, form: dict[str, Any], kind: str, with_state: bool) -> None:
    ours, theirs = pair(cell, 5, 4, **form)
    x, batch = inputs(form, kind)
    hx = state(cell, form, batch) if with_state else None
    results = [layer(x, hx) for layer in (ours, theirs)]
    assert_agree(*results)
    if isinstance(x, PackedSequence):
        for result in results:
            assert isinstance(result[0], PackedSequence)
            assert result[0].sorted_indices is x.sorted_indices
            assert result[0].unsorted_indices is x.unsorted_indices
    for result in results:
        sum((part * part).sum() for part in tensors(result)).backward()  # type: ignore[union-attr]
    assert_agree(tuple(p.grad for p in ours.parameters()), tuple(p.grad for p in theirs.parameters()))


def test_dropout_draws_the_same_numbers(cell: str) -> None:
    ours, theirs = pair(cell, 5, 4, 3, dropout=0.5)
    x = torch.randn(7, 3, 5)
    results = []
    for layer in (ours, theirs):
        torch.manual_seed(1)
        results.append(layer(x))
    assert_agree(*results)
    assert_agree(ours.eval()(x), theirs.eval()(x))
    assert not torch.equal(results[0][0], ours(x)[0])


def test_dropout_on_one_layer_warns_at_the_line_that_asks_for_it(cell: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        getattr(nn, cell)(5, 4, dropout=0.5)
        getattr(torch.nn, cell)(5, 4, dropout=0.5)
    ours, theirs = caught
    assert str(ours.message) == str(theirs.message)
    assert ours.category is theirs.category
    assert ours.filename == __file__


@pytest.mark.parametrize(
    "arguments",
    [
        {"dropout": -0.1},
        {"dropout": 1.1},
        {"dropout": True},
        {"dropout": "much"},
        {"bias": 1},
        {"batch_first": None},
        {"input_size": 5.0},
        {"input_size": 0},
        {"hidden_size": "4"},
        {"hidden_size": -1},
        {"num_layers": 0},
        {"proj_size": -1},
        {"proj_size": 4},
        {"dtype": torch.int64},
    ],
    ids=str,
)
def test_constructor_errors_are_the_same(cell: str, arguments: dict[str, Any]) -> None:
    arguments = {"input_size": 5, "hidden_size": 4} | arguments
    ours, theirs = (outcome(lambda home=home: getattr(home, cell)(**arguments)) for home in (nn, torch.nn))  # type: ignore[misc]
    assert theirs is not None
    assert ours == theirs


def bad_calls(cell: str) -> Iterator[tuple[str, Any, Any]]:
    def hx(*shape: int) -> Any:
        return (torch.zeros(shape), torch.zeros(shape)) if cell == "LSTM" else torch.zeros(shape)

    yield "1-D input", torch.zeros(5), None
    yield "4-D input", torch.zeros(1, 1, 1, 5), None
    yield "features", torch.zeros(7, 3, 6), None
    yield "features, unbatched", torch.zeros(7, 6), None
    yield "dtype", torch.zeros(7, 3, 5, dtype=torch.float64), None
    yield "no steps", torch.zeros(0, 3, 5), None
    yield "2-D state of batched input", torch.zeros(7, 3, 5), hx(1, 4)
    yield "3-D state of unbatched input", torch.zeros(7, 5), hx(1, 1, 4)
    yield "layers of state", torch.zeros(7, 3, 5), hx(2, 3, 4)
    yield "batch of state", torch.zeros(7, 3, 5), hx(1, 2, 4)
    yield "size of state", torch.zeros(7, 3, 5), hx(1, 3, 5)
    if cell == "LSTM":
        yield "dtype of cell state", torch.zeros(7, 3, 5), (torch.zeros(1, 3, 4), torch.zeros(1, 3, 4).double())
        yield "size of cell state", torch.zeros(7, 3, 5), (torch.zeros(1, 3, 4), torch.zeros(1, 3, 5))
        yield "dimensions of cell state", torch.zeros(7, 3, 5), (torch.zeros(1, 3, 4), torch.zeros(1, 4))


def bad_packed_calls(cell: str) -> Iterator[tuple[str, Any, Any]]:
    def hx(*shape: int) -> Any:
        return (torch.zeros(shape), torch.zeros(shape)) if cell == "LSTM" else torch.zeros(shape)

    yield "features", pack_sequence([torch.zeros(7, 6)]), None
    yield "dtype", pack_sequence([torch.zeros(7, 5, dtype=torch.float64)]), None
    yield "dimensions", PackedSequence(torch.zeros(7, 1, 5), torch.ones(7, dtype=torch.int64)), None
    yield "batch of state", pack_sequence([torch.zeros(7, 5)]), hx(1, 2, 4)
    yield "size of state", pack_sequence([torch.zeros(7, 5)]), hx(1, 1, 5)


def test_call_errors_are_the_same(cell: str) -> None:
    ours, theirs = pair(cell, 5, 4)
    for what, x, hx in bad_calls(cell):
        expected = outcome(lambda: theirs(x, hx))  # noqa: B023
        assert expected is not None, what
        assert outcome(lambda: ours(x, hx)) == expected, what  # noqa: B023


def test_packed_call_errors_are_the_same(cell: str) -> None:
    ours, _ = pair(cell, 5, 4)
    # torch's LSTM checks nothing here, and even computes on the wrong number of features; ours says what the GRU says
    _, theirs = pair("GRU" if cell == "LSTM" else cell, 5, 4)
    for what, x, hx in bad_packed_calls(cell):
        expected = outcome(lambda: theirs(x, hx[0] if isinstance(hx, tuple) else hx))  # noqa: B023
        assert expected is not None, what
        found = outcome(lambda: ours(x, hx))  # noqa: B023
        assert found is not None, what
        assert (found[0], found[1].replace("hidden[0]", "hidden")) == expected, what


@pytest.mark.parametrize("batch_first", [False, True])
def test_no_sequences_are_no_error(cell: str, batch_first: bool) -> None:
    ours, theirs = pair(cell, 5, 4, batch_first=batch_first)
    x = torch.zeros(0, 7, 5) if batch_first else torch.zeros(7, 0, 5)
    assert_agree(ours(x), theirs(x))


@pytest.mark.parametrize("arguments", [(), (2, 3)])
@pytest.mark.parametrize("changes", [{}, {"num_layers": 2, "bias": False, "batch_first": True, "dropout": 0.25}])
def test_it_prints_the_same(cell: str, arguments: tuple[int, ...], changes: dict[str, Any]) -> None:
    ours, theirs = pair(cell, 5, 4, bidirectional=bool(arguments), **changes)
    assert repr(ours) == repr(theirs)


def test_attributes_are_the_same(cell: str) -> None:
    ours, theirs = pair(cell, 5, 4, 2, dropout=1)
    for name in ("mode", "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional",
                 "proj_size", "training"):  # fmt: skip
        assert getattr(ours, name) == getattr(theirs, name)
        assert type(getattr(ours, name)) is type(getattr(theirs, name))


def test_positional_arguments_stand_where_torch_has_them(cell: str) -> None:
    options = (2, "tanh") if cell == "RNN" else (2,)
    ours, theirs = pair(cell, 5, 4, *options, False, True, 0.25, True)
    assert repr(ours) == repr(theirs)


def test_a_copy_is_equal_and_separate(cell: str) -> None:
    ours, _ = pair(cell, 5, 4)
    twins = [copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))]
    x = torch.randn(7, 3, 5)
    before = ours(x)
    for twin in twins:
        assert_same(twin(x), before)
    with torch.no_grad():
        ours.weight_hh_l0.zero_()
    for twin in twins:
        assert_same(twin(x), before)
    assert not torch.equal(ours(x)[0], before[0])


def test_state_dict_is_saved_without_code(cell: str) -> None:
    ours, theirs = pair(cell, 5, 4)
    file = io.BytesIO()
    torch.save(ours.state_dict(), file)
    file.seek(0)
    theirs.load_state_dict(torch.load(file, weights_only=True))


def test_moving_dtype_and_device_moves_the_weights(cell: str) -> None:
    ours, theirs = pair(cell, 5, 4)
    x = torch.randn(7, 3, 5, dtype=torch.float64)
    assert_same(ours.double()(x), theirs.double()(x))
    on_meta = getattr(nn, cell)(5, 4, device="meta", dtype=torch.bfloat16)
    assert {(w.device.type, w.dtype) for w in on_meta._flat_weights} == {("meta", torch.bfloat16)}
    assert ours.flatten_parameters() is None


def test_a_new_weight_is_the_one_that_computes(cell: str) -> None:
    ours, theirs = pair(cell, 5, 4)
    x = torch.randn(7, 3, 5)
    for layer in (ours, theirs):
        layer.weight_hh_l0 = torch.nn.Parameter(torch.ones_like(layer.weight_hh_l0))
    assert_agree(ours(x), theirs(x))


def test_functional_call_uses_the_weights_it_is_given(cell: str) -> None:
    ours, theirs = pair(cell, 5, 4)
    weights = {name: torch.randn_like(weight, requires_grad=True) for name, weight in ours.named_parameters()}
    x = torch.randn(7, 3, 5)
    result = torch.func.functional_call(ours, weights, (x,))
    theirs.load_state_dict(weights)
    assert_agree(result, theirs(x))
    result[0].sum().backward()
    assert all(weight.grad is not None for weight in weights.values())


def test_weight_norm_and_tied_weights(cell: str) -> None:
    ours, theirs = pair(cell, 4, 4, 2)
    x = torch.randn(7, 3, 4)
    for layer in (ours, theirs):
        layer.weight_ih_l1 = layer.weight_ih_l0
        torch.nn.utils.parametrizations.weight_norm(layer, "weight_hh_l0")
        with torch.no_grad():
            layer.parametrizations.weight_hh_l0.original0.mul_(2)
    assert len(list(ours.parameters())) == len(list(theirs.parameters()))
    assert_agree(ours(x), theirs(x))


def test_autocast_takes_an_input_of_another_dtype(cell: str) -> None:
    ours, theirs = pair(cell, 5, 4)
    x = torch.randn(7, 3, 5, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        results = [outcome(lambda layer=layer: layer(x)) for layer in (ours, theirs)]  # type: ignore[misc]
    assert results[0] == results[1]


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")  # from torch.compile itself
@pytest.mark.parametrize("kind", ["batched", "unsorted"])
def test_a_compiled_model_computes_the_same(cell: str, kind: str) -> None:
    ours, _ = pair(cell, 5, 4)
    x, _ = inputs({}, kind)
    torch.compiler.reset()
    compiled: Any = torch.compile(ours, backend="aot_eager")
    result = compiled(x)
    assert_same(result, ours(x))
    torch.autograd.backward(next(tensors(result)).sum())
    assert all(parameter.grad is not None for parameter in ours.parameters())
