"""Where the C of the runtime lies: beside the compiled module, as installed with it."""

from pathlib import Path

from gatelet.runtime import _runtime

__all__ = ["board_file", "source_files", "source_folder"]


def source_folder() -> Path:
    """The folder with `gatelet.h`, the C files, and `boards/`."""
    return Path(str(_runtime.__file__)).parent / "c"


def source_files() -> list[Path]:
    """The C files and headers, without `boards/`."""
    return sorted([*source_folder().glob("*.c"), *source_folder().glob("*.h")])


def board_file(name: str) -> Path:
    """One file of `boards/`, say `cortex_m.ld`."""
    return source_folder() / "boards" / name
