"""What can go wrong, in words for the user.

Every error that a user can cause is a `GateletError` whose text is one sentence: the thing, the expected, the given.
"""

from __future__ import annotations

import importlib
from types import ModuleType

_PURPOSE = {
    "polars": "Tables need",
    "torch": "Training needs",
    "lightning": "Training needs",
    "matplotlib": "Reports need",
    "jinja2": "Reports need",
    "tensorboard": "TensorBoard logs need",
    "tokenizers": "Subwords need",
    "onnx": "ONNX needs",
    "h5py": "Keras files need",
    "torchcrf": "Conditional random fields need",
    "sacrebleu": "BLEU and chrF need",
    "yaml": "Bots need PyYAML, package",
}


class GateletError(Exception):
    """An error with one clear sentence for the user; the command line prints it and exits with status 2."""


class DataError(GateletError, ValueError):
    """The user's data cannot be used as asked; the text names file, row and column where they are known."""


class ModelError(GateletError, ValueError):
    """A saved model folder cannot be read or written."""


class ExportError(GateletError, ValueError):
    """A model cannot be exported exactly, or an export does not compute what its plan does."""


class MissingExtraError(GateletError, ImportError):
    """An optional dependency is not installed; the text gives the command that installs it."""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional dependency.

    Args:
        module: dotted name of the module, for example `"matplotlib.pyplot"`.
        extra: the extra of gatelet that brings it, for example `"report"`.

    Raises:
        MissingExtraError: the package is not installed.
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        purpose = _PURPOSE.get(package, "This needs")
        raise MissingExtraError(f'{purpose} {package}; install it with: pip install "gatelet[{extra}]"') from error
