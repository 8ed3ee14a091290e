"""Recurrent layers that were trained elsewhere, as plans."""

from __future__ import annotations

from pathlib import Path

from gatelet.deploy.importing.torch_names import from_torch
from gatelet.errors import ModelError
from gatelet.plan import Plan
from gatelet.plan.storing import damaged

__all__ = ["from_torch", "import_file"]

SUFFIXES = (".safetensors", ".keras", ".onnx")


def import_file(path: str | Path, layer: str | None = None) -> Plan:
    """The plan of the recurrent layers in a file.

    Args:
        path: weights of torch as `.safetensors`, a model of Keras as `.keras`, or an `.onnx` graph.
        layer: of weights of torch, which one; see `from_torch`.

    Raises:
        ModelError: the file is damaged, of another kind, or says what a plan cannot.
    """
    file = Path(path)
    if not file.is_file():
        raise ModelError(f"{file} must be a file; there is none.")
    if layer is not None and file.suffix != ".safetensors":
        raise ModelError(f"A layer is named only in weights of torch; {file} is another kind of file.")
    match file.suffix:
        case ".safetensors":
            return from_torch(_safetensors(file), layer)
        case ".keras":
            from gatelet.deploy.importing.keras_files import read_keras

            return read_keras(file)
        case ".onnx":
            from gatelet.deploy.importing.onnx_files import read_onnx

            return read_onnx(file)
    raise ModelError(f"{file} must end in {', '.join(SUFFIXES)}; it does not.")


def _safetensors(file: Path) -> dict[str, object]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        with damaged(file):
            return dict(load_file(file))
    except (SafetensorError, OSError) as error:
        reason = " ".join(str(error).split()).removesuffix(".")[:200]
        raise ModelError(f"{file} must hold weights as safetensors; it cannot be read: {reason}.") from error
