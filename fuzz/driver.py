"""Runs one target of this folder: under atheris, which makes up inputs, or over files.

python fuzz/driver.py plan_folder fuzz/corpus/plan_folder -max_total_time=60    guided by coverage, until one breaks it
python fuzz/driver.py plan_folder --replay FILE ...                             these inputs alone

Atheris sees only what Python's own importer loads, so gatelet comes from src/; its native part comes from the folder
GATELET_FUZZ_NATIVE, built under sanitizers by run.py, or from where it is installed.
"""

from __future__ import annotations

import importlib
import os
import sys
import sysconfig
import warnings
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
TARGETS = ("plan_folder", "stream_state", "foreign_file", "model_folder")


def target(name: str) -> ModuleType:
    """The module of a target: `one(data)` raises where something other than an error of gatelet comes out."""
    if str(HERE) not in sys.path:
        sys.path.insert(0, str(HERE))
    return importlib.import_module(name)


def corpus(name: str) -> list[Path]:
    """The committed inputs of a target."""
    return sorted(path for path in (HERE / "corpus" / name).iterdir() if path.is_file())


def main() -> None:
    """Run what the command line says."""
    name, rest = sys.argv[1], sys.argv[2:]
    warnings.simplefilter("ignore")  # NumPy's on damaged numbers
    if rest[:1] == ["--replay"]:
        _from_sources()
        one = target(name).one
        for file in rest[1:]:
            one(Path(file).read_bytes())
        return
    import atheris

    with atheris.instrument_imports(include=["gatelet"]):
        _from_sources()
        module = target(name)
    mutate = getattr(module, "mutate", None)
    options = {} if mutate is None else {"custom_mutator": lambda *given: mutate(atheris.Mutate, *given)}
    atheris.Setup([sys.argv[0], *rest], module.one, **options)
    atheris.Fuzz()


class _Native:
    """Finds the compiled modules, which do not lie beside the sources."""

    MODULES = ("gatelet.kernels._native", "gatelet.runtime._runtime")

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Where a module of ours is; None for others."""
        if name not in self.MODULES:
            return None
        _, package, module = name.split(".")
        roots = (os.environ.get("GATELET_FUZZ_NATIVE", ""), sysconfig.get_path("purelib"))
        found = (file for root in roots if root for file in Path(root, "gatelet", package).glob(f"{module}*.so"))
        file = next(found, None)
        return None if file is None else spec_from_file_location(name, file)


def _from_sources() -> None:
    sys.meta_path[:] = [finder for finder in sys.meta_path if "ScikitBuild" not in type(finder).__name__]
    sys.path.insert(0, str(HERE.parent / "src"))
    sys.meta_path.append(_Native())  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
