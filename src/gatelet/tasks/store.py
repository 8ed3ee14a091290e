"""Saved models: a folder with `config.json`, `model.safetensors` and the plan, with nothing that executes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gatelet import __version__
from gatelet.errors import GateletError, MissingExtraError, ModelError
from gatelet.folders import check_folder, new_folder, recover_folder
from gatelet.nn.low_rank import lower
from gatelet.nn.recurrent import RecurrentLayer
from gatelet.plan import EncoderDecoder, Plan, load_plan
from gatelet.plan.storing import OURS as PLAN_FILES
from gatelet.plan.storing import write_plan

FORMAT = "gatelet-model"
VERSION = 1
CONFIG = "config.json"
WEIGHTS = "model.safetensors"
OURS = (CONFIG, WEIGHTS, *PLAN_FILES)
# models within a model, see `write_model`
PARTS = ("understanding", "realizer")
# a description of a model is far smaller; what is larger is not read
LARGEST_CONFIG = 64 * 2**20

_Network = TypeVar("_Network", bound=nn.Module)
_Arguments = ParamSpec("_Arguments")


@dataclass(frozen=True)
class Contents:
    """What of a fitted task is saved.

    Attributes:
        settings: plain values, how the task was described.
        learned: plain values, what fitting found beside the weights of the network.
        weights: tensors beside those of the network.
        plan: of the model, to be read without torch; None for none.
        parts: names of models that this one is made of, which are folders within its own, and what saves each.
    """

    settings: dict[str, Any]
    learned: dict[str, Any]
    weights: dict[str, Tensor] = field(default_factory=dict)
    plan: Plan | EncoderDecoder | None = None
    parts: Mapping[str, Callable[[Path], object]] = field(default_factory=dict)


@dataclass(frozen=True)
class SavedModel:
    """What was read of a model folder, not yet looked into.

    Attributes:
        path: of the folder.
        config: what `config.json` says.
        weights: tensors by name.
    """

    path: Path
    config: dict[str, Any]
    weights: dict[str, Tensor]

    def network(
        self, kind: Callable[_Arguments, _Network], *args: _Arguments.args, **options: _Arguments.kwargs
    ) -> _Network:
        """The network of these arguments with the saved weights, compared with it before anything is allocated.

        Raises:
            ModelError: the weights are another network's, or not finite.
        """
        with torch.device("meta"):
            check_weights(self.path, _of_rank(kind(*args, **options), self.weights), self.weights)
        network = _of_rank(kind(*args, **options), self.weights)
        network.load_state_dict(self.weights)
        return network.eval()

    def planned(
        self,
        kind: Callable[Concatenate[Plan, _Arguments], _Network],
        *args: _Arguments.args,
        **options: _Arguments.kwargs,
    ) -> _Network | None:
        """The network that runs the saved plan, where the model has no weights of torch beside it; else None.

        Raises:
            ModelError: there is no such plan.
        """
        if self.config.get("planned", False) is not True:
            return None
        plan = load_plan(self.path)
        if not isinstance(plan, Plan):
            raise ModelError(f"{self.path} is damaged: it must have one plan; it has two.")
        return kind(plan, *args, **options).eval()

    def planned_pair(
        self,
        kind: Callable[Concatenate[EncoderDecoder, _Arguments], _Network],
        *args: _Arguments.args,
        **options: _Arguments.kwargs,
    ) -> _Network | None:
        """As `planned`, of an encoder and a decoder.

        Raises:
            ModelError: there are no such plans.
        """
        if self.config.get("planned", False) is not True:
            return None
        plan = load_plan(self.path)
        if not isinstance(plan, EncoderDecoder):
            raise ModelError(f"{self.path} is damaged: it must have two plans; it has one.")
        return kind(plan, *args, **options).eval()


def write_model(
    path: Path,
    task: str,
    description: dict[str, Any],
    weights: dict[str, Tensor],
    overwrite: bool,
    plan: Plan | EncoderDecoder | None = None,
    parts: Mapping[str, Callable[[Path], object]] | None = None,
) -> Path:
    """Write a model folder, whole or not at all; a model that stood there survives until the new one stands.

    Args:
        path: of the folder.
        task: name of the class that can read it.
        description: plain values for `config.json`.
        weights: tensors by name.
        overwrite: replace a model that is there.
        plan: of the model, to be read without torch; None for none.
        parts: names of models that this one is made of, which are folders within its own, and what saves each.

    Raises:
        ModelError: the folder is there and not empty, or cannot be written.
    """
    try:
        with new_folder(path, overwrite=overwrite, ours=(*OURS, *PARTS)) as building:
            _need_model_of_ours(path)
            for name, save in (parts or {}).items():
                save(building / name)
            save_file({name: tensor.contiguous() for name, tensor in weights.items()}, building / WEIGHTS)
            if plan is not None:
                write_plan(building, plan, {WEIGHTS: {name: each.cpu().numpy() for name, each in weights.items()}})
            head = {"format": FORMAT, "version": VERSION, "gatelet": __version__, "task": task}
            tail = {"weights": {"file": WEIGHTS, "sha256": _sha256(building / WEIGHTS)}}
            text = json.dumps(head | description | tail, indent=2, ensure_ascii=False, allow_nan=False)
            (building / CONFIG).write_text(text + "\n", encoding="utf-8")
    except (GateletError, safetensors.SafetensorError) as error:
        raise ModelError(f"The model was not saved: {_one_line(error)}.") from error
    return path


def check_place(path: Path, overwrite: bool) -> None:
    """Refuse, before any training, a place where `write_model` would not write.

    Raises:
        GateletError: the folder is there and not empty, or holds something other than a model to be replaced.
    """
    check_folder(path, overwrite=overwrite, ours=(*OURS, *PARTS))
    _need_model_of_ours(path)


def read_model(path: Path, task: str) -> SavedModel:
    """A saved model of a task.

    Raises:
        ModelError: the folder is absent, damaged, from a newer gatelet, or holds another task.
    """
    config = read_config(path)
    if config.get("task") != task:
        raise ModelError(f"{path} must hold a {task}; it holds {config.get('task')!r:.80}.")
    return SavedModel(path, config, read_weights(path, config))


def read_config(path: Path) -> dict[str, Any]:
    """The description of a saved model.

    Raises:
        ModelError: no such folder, no model, damaged, or from a newer gatelet.
    """
    file, content = path / CONFIG, _content(path)
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{file} is damaged: it is not JSON ({error!s:.200}).") from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise ModelError(f"{file} does not describe a gatelet model.")
    version = config.get("version")
    if type(version) is not int or version < 1:
        raise ModelError(f"{file} is damaged: its version is {version!r:.80}.")
    if version > VERSION:
        raise ModelError(
            f"{path} was saved by a newer gatelet (format {version}, this one reads up to {VERSION}); "
            "update it with: pip install --upgrade gatelet"
        )
    return config


def read_weights(path: Path, config: dict[str, Any]) -> dict[str, Tensor]:
    """The tensors of a saved model.

    Raises:
        ModelError: the file is absent, damaged, or not the one that `config.json` was saved with.
    """
    file = path / WEIGHTS
    if not file.is_file():
        raise ModelError(f"{path} is damaged: it has no {WEIGHTS}.")
    with described(path):
        expected = config["weights"]["sha256"]
    try:
        if _sha256(file) != expected:
            raise ModelError(f"{file} is damaged: it is not the file that {CONFIG} was saved with (SHA-256 differs).")
        return load_file(file)
    except (safetensors.SafetensorError, OSError, LookupError, RuntimeError, TypeError) as error:
        raise ModelError(f"{file} is damaged: {_one_line(error)}.") from error


def check_weights(path: Path, network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Raise ModelError unless the tensors are those of the network; call it on the meta device, before allocating."""
    expected = {name: _kind(tensor) for name, tensor in network.state_dict().items()}
    given = {name: _kind(tensor) for name, tensor in weights.items()}
    for name in sorted(expected.keys() | given.keys()):
        if expected.get(name) != given.get(name):
            raise ModelError(
                f"{path} is damaged: weight {name!r:.80} must be {expected.get(name, 'absent')}; "
                f"it is {given.get(name, 'absent')}."
            )
        if not weights[name].isfinite().all():
            raise ModelError(f"{path} is damaged: weight {name!r:.80} must be finite; it is not.")


@contextmanager
def described(path: Path) -> Iterator[None]:
    """Turn what goes wrong when a description does not hold together into a ModelError."""
    try:
        yield
    except MissingExtraError:
        raise
    except ModelError as error:
        if str(path) in str(error):
            raise
        raise ModelError(f"{path / CONFIG} is damaged: {_one_line(error)}.") from error
    except KeyError as error:
        raise ModelError(f"{path / CONFIG} is damaged: entry {error!s:.80} is missing.") from error
    except (GateletError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RuntimeError) as error:
        raise ModelError(f"{path / CONFIG} is damaged: {_one_line(error)}.") from error


def _content(path: Path) -> bytes:
    """What `config.json` holds."""
    file = path / CONFIG
    try:
        recover_folder(path)
        if not file.is_file():
            raise ModelError(f"{path} must be a folder that gatelet saved; it has no {CONFIG}.")
        if file.stat().st_size > LARGEST_CONFIG:
            raise ModelError(f"{file} must have at most {LARGEST_CONFIG} bytes; it has {file.stat().st_size}.")
        return file.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read; {error.strerror}.") from error


def _need_model_of_ours(path: Path) -> None:
    """Raise ModelError if what is to be replaced is no model of ours; other libraries use the same two names."""
    if path.is_dir() and any(path.iterdir()):
        read_config(path)
        for file in (path / name for name in OURS):
            if file.is_dir():
                raise ModelError(f"{file} must be a file; it is a folder.")
        for part in (path / name for name in PARTS):
            if part.exists():
                check_folder(part, overwrite=True, ours=OURS)
                read_config(part)


def _of_rank(network: _Network, weights: Mapping[str, Tensor]) -> _Network:
    """The network with two factors for recurrent weights where these ones have them; their values do not matter."""
    for name, layer in network.named_modules():
        left = weights.get(f"{name}.weight_hh_left_l0")
        if isinstance(layer, RecurrentLayer) and layer.rank_hh is None and left is not None and left.ndim == 2:
            device = next(layer.parameters()).device
            lower(layer.to("meta"), left.shape[1])
            layer.to_empty(device=device)
    return network


def _kind(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).removesuffix(".")[:300]


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
