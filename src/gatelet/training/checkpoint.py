"""Checkpoints without pickle: tensors in a safetensors file, everything else as JSON in its header."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import safetensors
from lightning.pytorch.plugins.io import CheckpointIO
from safetensors.torch import save_file
from torch import Tensor

from gatelet.errors import GateletError, ModelError

Plain = None | bool | int | float | str


class SafetensorsCheckpointIO(CheckpointIO):
    """Reads and writes Lightning's checkpoints as one safetensors file that cannot execute anything."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        """Write a checkpoint: to a temporary name first, so that a killed process leaves the former one whole.

        Raises:
            GateletError: the file cannot be written.
        """
        tensors: dict[str, Tensor] = {}
        tree = json.dumps(_encode(checkpoint, tensors))
        target = Path(path)
        partial = target.with_name(f"{target.name}.partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            save_file(tensors, partial, {"tree": tree})
            os.replace(partial, target)
        except (OSError, safetensors.SafetensorError) as error:
            with suppress(OSError):
                partial.unlink()
            raise GateletError(f"The checkpoint {target} could not be written; {error}.") from error

    def load_checkpoint(
        self, path: Any, map_location: Any | None = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Read what `save_checkpoint` wrote, on the CPU.

        Raises:
            ModelError: the file is not such a checkpoint.
        """
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
                tree = json.loads(file.metadata()["tree"])
            checkpoint: dict[str, Any] = _decode(tree, tensors)
        except (safetensors.SafetensorError, OSError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise ModelError(
                f"{path} must be a checkpoint written by gatelet; it cannot be read ({error!s:.200})."
            ) from error
        if not isinstance(checkpoint, dict):
            raise ModelError(f"{path} must be a checkpoint written by gatelet; it holds no entries.")
        return checkpoint

    def remove_checkpoint(self, path: Any) -> None:
        """Delete a checkpoint that may be gone already."""
        Path(path).unlink(missing_ok=True)


def _encode(value: Any, tensors: dict[str, Tensor]) -> Any:
    """A tree of dicts, lists, tuples, tensors and plain values as JSON; the tensors are put aside."""
    if isinstance(value, Tensor):
        name = f"t{len(tensors)}"
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {"tensor": name}
    if isinstance(value, dict):
        return {"dict": [[_encode(key, tensors), _encode(item, tensors)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_encode(item, tensors) for item in value]}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Plain):
        return value
    raise TypeError(f"A checkpoint must hold tensors and plain values; got {type(value).__name__}.")


def _decode(value: Any, tensors: dict[str, Tensor]) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {_decode(key, tensors): _decode(item, tensors) for key, item in content}
    items = [_decode(item, tensors) for item in content]
    return tuple(items) if kind == "tuple" else items


def weights_of(path: Path) -> dict[str, Tensor]:
    """The weights of the network that a checkpoint holds.

    Raises:
        ModelError: the file is no checkpoint, or holds no weights.
    """
    states = SafetensorsCheckpointIO().load_checkpoint(path).get("state_dict")
    prefix = "network."
    weights = {
        name.removeprefix(prefix): value
        for name, value in (states.items() if isinstance(states, dict) else ())
        if isinstance(value, Tensor) and str(name).startswith(prefix)
    }
    if not weights:
        raise ModelError(f"{path} must be a checkpoint written by gatelet; it holds no weights.")
    return weights
