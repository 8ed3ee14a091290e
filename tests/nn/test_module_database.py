"""torch's own database of modules as a peer's suite: its inputs and its error inputs, run against our layers.

What is checked follows PyTorch, `test/test_modules.py`.
"""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from gatelet import nn

pytest.importorskip("expecttest")  # which torch's test modules import

from torch.testing._internal.common_modules import ModuleErrorEnum, module_db  # noqa: E402
from torch.testing._internal.common_utils import noncontiguous_like as _noncontiguous_like  # noqa: E402

noncontiguous_like: Any = _noncontiguous_like
OURS = {name: getattr(nn, name) for name in ("GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNCell")}
ENTRIES = [
    info for info in module_db if info.module_cls.__name__ in OURS and info.module_cls.__module__.endswith("rnn")
]

pytestmark = [
    pytest.mark.parametrize("info", ENTRIES, ids=lambda info: info.module_cls.__name__),
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN"),
]


def samples(info: Any, dtype: torch.dtype, *, requires_grad: bool = False, training: bool = True) -> Iterator[Any]:
    options = {"with_packed_sequence": True} if info.module_cls is torch.nn.GRU else {}
    for sample in info.module_inputs_func(
        info, device="cpu", dtype=dtype, requires_grad=requires_grad, training=training, **options
    ):
        if sample.constructor_input.kwargs.get("nonlinearity") != "relu":  # which our RNN does not have
            yield sample


def built(module_type: Any, sample: Any, dtype: torch.dtype, training: bool = True) -> Any:
    torch.manual_seed(0)
    given = sample.constructor_input
    return module_type(*given.args, **given.kwargs, dtype=dtype).train(training)


def ours_and_theirs(info: Any, sample: Any, dtype: torch.dtype, training: bool = True) -> tuple[Any, Any]:
    ours = built(OURS[info.module_cls.__name__], sample, dtype, training)
    return ours, built(info.module_cls, sample, dtype, training)


def tensors(nested: Any) -> list[Tensor]:
    if isinstance(nested, PackedSequence):
        return [nested.data]
    if isinstance(nested, Tensor):
        return [nested]
    return [tensor for part in nested for tensor in tensors(part)]


def call(module: Any, sample: Any) -> list[Tensor]:
    return tensors(module(*sample.forward_input.args, **sample.forward_input.kwargs))


def assert_close(found: list[Tensor], expected: list[Tensor]) -> None:
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_forward_and_gradients(info: Any, dtype: torch.dtype, training: bool) -> None:
    for sample in samples(info, dtype, requires_grad=True, training=training):
        ours, theirs = ours_and_theirs(info, sample, dtype, training)
        given = tensors([*sample.forward_input.args, *sample.forward_input.kwargs.values()])
        found = []
        for module in (ours, theirs):
            outputs = call(module, sample)
            torch.manual_seed(1)
            upstream = [torch.randn_like(y) for y in outputs]
            found.append([*outputs, *torch.autograd.grad(outputs, [*given, *module.parameters()], upstream)])
        assert_close(*found)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_its_own_references(info: Any, dtype: torch.dtype) -> None:
    for sample in samples(info, dtype):
        if not any(isinstance(argument, PackedSequence) for argument in sample.forward_input.args):
            ours, _ = ours_and_theirs(info, sample, dtype)
            given = sample.forward_input
            assert_close(call(ours, sample), tensors(sample.reference_fn(ours, *given.args, **given.kwargs)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_tensors_that_are_not_contiguous(info: Any, dtype: torch.dtype) -> None:
    def spread(nested: Any) -> Any:
        if isinstance(nested, PackedSequence):
            return nested._replace(data=spread(nested.data))
        if isinstance(nested, tuple):
            return tuple(spread(part) for part in nested)
        return noncontiguous_like(nested.detach()).requires_grad_()

    for sample in samples(info, dtype, requires_grad=True):
        ours, _ = ours_and_theirs(info, sample, dtype)
        found = []
        for args in (sample.forward_input.args, spread(sample.forward_input.args)):
            outputs = tensors(ours(*args))
            upstream = [torch.ones_like(y) for y in outputs]
            upstream = upstream if args is sample.forward_input.args else [noncontiguous_like(dy) for dy in upstream]
            wanted = [*tensors(args), *ours.parameters()]
            found.append([*outputs, *torch.autograd.grad(outputs, wanted, upstream)])
        assert_close(*found)


def test_copies_give_the_same(info: Any) -> None:
    for sample in samples(info, torch.float32):
        ours, theirs = ours_and_theirs(info, sample, torch.float32)
        expected = call(ours, sample)
        file = io.BytesIO()
        torch.save(ours, file)
        file.seek(0)
        for twin in (
            copy.deepcopy(ours),
            copy.copy(ours),
            pickle.loads(pickle.dumps(ours)),
            torch.load(file, weights_only=False),
        ):
            for one, other in zip(call(twin, sample), expected, strict=True):
                assert torch.equal(one, other)
        assert repr(ours) == repr(theirs)
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert not ours.load_state_dict(theirs.state_dict()).missing_keys


def test_device_and_dtype_reach_every_weight(info: Any) -> None:
    for sample in samples(info, torch.float32):
        given = sample.constructor_input
        made = OURS[info.module_cls.__name__](*given.args, **given.kwargs, device="meta", dtype=torch.bfloat16)
        assert {(w.device.type, w.dtype) for w in made.parameters()} == {("meta", torch.bfloat16)}
        ours, _ = ours_and_theirs(info, sample, torch.float32)
        before = [weight.detach().clone() for weight in ours.parameters()]
        moved = ours.double().float().to("cpu")
        assert moved is ours
        assert_close(list(ours.parameters()), before)
        assert {w.device.type for w in ours.to_empty(device="meta").parameters()} == {"meta"}


def test_gradients_and_second_gradients_by_differences(info: Any) -> None:
    for sample in samples(info, torch.float64, requires_grad=True):
        ours, _ = ours_and_theirs(info, sample, torch.float64)
        names = [name for name, _ in ours.named_parameters()]
        given = sample.forward_input.args
        inputs = tensors(given)

        def function(*values: Tensor) -> tuple[Tensor, ...]:
            weights = dict(zip(names, values[len(inputs) :], strict=True))  # noqa: B023
            rest = iter(values[: len(inputs)])  # noqa: B023
            args = [
                part._replace(data=next(rest))
                if isinstance(part, PackedSequence)
                else (next(rest), next(rest))
                if isinstance(part, tuple)
                else next(rest)
                for part in given  # noqa: B023
            ]
            return tuple(tensors(torch.func.functional_call(ours, weights, tuple(args))))  # noqa: B023

        everything = (*inputs, *ours.parameters())
        assert torch.autograd.gradcheck(function, everything, fast_mode=True)
        assert torch.autograd.gradgradcheck(function, everything, fast_mode=True)


def test_error_inputs(info: Any) -> None:
    found = info.module_error_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=False, training=True)
    for wrong in found:
        given = wrong.module_error_input.constructor_input
        if info.module_cls is torch.nn.RNNCell and "relu" in given.args:
            continue
        ours = OURS[info.module_cls.__name__]
        if wrong.error_on is ModuleErrorEnum.CONSTRUCTION_ERROR:
            with pytest.raises(wrong.error_type, match=wrong.error_regex):
                ours(*given.args, **given.kwargs)
        else:
            with pytest.raises(wrong.error_type, match=wrong.error_regex):
                call(ours(*given.args, **given.kwargs), wrong.module_error_input)
