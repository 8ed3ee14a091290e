"""A folder that appears whole or not at all, and never over somebody's files."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from gatelet.errors import GateletError


def check_folder(path: Path, *, overwrite: bool = False, ours: Collection[str] = ()) -> None:
    """Raise GateletError unless `path` may become a new folder.

    Args:
        path: where the folder is to appear.
        overwrite: a folder that holds nothing but files of the names in `ours` may be replaced.
        ours: names that an earlier run may have left.
    """
    if not path.exists():
        return
    if not path.is_dir():
        raise GateletError(f"{path} must be a folder or not exist yet; it is a file.")
    names = sorted(entry.name for entry in path.iterdir())
    if not names:
        return
    if not overwrite:
        count = "1 file" if len(names) == 1 else f"{len(names)} files"
        raise GateletError(
            f"{path} must be a new or empty folder; it holds {count}, and overwriting was not asked for."
        )
    foreign = [name for name in names if name not in ours]
    if foreign:
        raise GateletError(
            f"{path} must hold only what gatelet wrote there before it is overwritten; it also holds {foreign[0]}."
        )


@contextmanager
def new_folder(path: Path, *, overwrite: bool = False, ours: Collection[str] = ()) -> Iterator[Path]:
    """Give a temporary folder that becomes `path` when the block ends well, and vanishes when it does not.

    Raises:
        GateletError: see `check_folder`; or the place cannot be written to.
    """
    try:
        recover_folder(path)
        check_folder(path, overwrite=overwrite, ours=ours)
        target = _place(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise GateletError(
            f"{path.absolute().parent} must be a folder that can be written to; {error.strerror}."
        ) from error
    try:
        building.chmod(0o777 & ~_umask())
        yield building
        check_folder(path, overwrite=overwrite, ours=ours)
        _replace(target, building)
    except OSError as error:
        raise GateletError(f"{path} could not be written; {error.strerror or error}.") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def recover_folder(path: Path) -> None:
    """Put a folder back whose replacement was cut short, by a killed process say, between its two renames."""
    target = _place(path)
    former = _former(target)
    if former.exists() and not target.exists():
        os.rename(former, target)


def _replace(target: Path, building: Path) -> None:
    """Rename `building` to `target`; what stood there goes only once the new folder stands."""
    if not target.exists():
        os.rename(building, target)
        return
    former = _former(target)
    shutil.rmtree(former, ignore_errors=True)
    os.rename(target, former)
    try:
        os.rename(building, target)
    except OSError:
        os.rename(former, target)
        raise
    shutil.rmtree(former, ignore_errors=True)


def _place(path: Path) -> Path:
    """Where the folder itself is, if `path` is a link to it: the link stays."""
    return Path(os.path.realpath(path))


def _former(target: Path) -> Path:
    """Where a folder waits while its replacement takes its place."""
    return target.parent / f".{target.name}.former"


def _umask() -> int:
    """The process's file mode mask, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
