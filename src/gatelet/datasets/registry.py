"""Public data sets on this machine: found where GATELET_DATA says, in the package or in the cache, else fetched.

A file is trusted only if its SHA-256 is the registered one. Nothing is fetched unless `get` is called.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from gatelet.errors import DataError

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Resource:
    """One file of a set, or a folder of many.

    Attributes:
        size: bytes on disk.
        sha256: of a file, its content; of a file named .gz, the content it unpacks to, so that it does not matter who
            packed it; of a folder, the lines `path sha256` of its files in order of their paths.
        url: the public address of the file, packed or not, if it is not where the set's `base` says.
    """

    size: int
    sha256: str
    url: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A public data set.

    Attributes:
        summary: what it is, in one line.
        licence: its licence; "none stated" where its makers state none.
        source: where it comes from.
        citation: whom to cite.
        parser: dotted name of the function that reads it.
        files: its files by path; a path that ends in "/" is a folder.
        base: public address that goes before the path of a file; None if files have their own address or none.
        bundled: whether it is part of this package.
    """

    summary: str
    licence: str
    source: str
    citation: str
    parser: str
    files: dict[str, Resource]
    base: str | None = None
    bundled: bool = False

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(resource.size for resource in self.files.values())

    @property
    def fetchable(self) -> bool:
        """Whether every file has a public address."""
        return all(self.address(path) for path in self.files)

    def address(self, path: str) -> str | None:
        """The public address of a file of this set; None if none is known."""
        if self.files[path].url is not None or self.base is None:
            return self.files[path].url
        return self.base + path


def dataset(name: str) -> Dataset:
    """The data set of this name.

    Raises:
        DataError: there is none.
    """
    from gatelet.datasets.catalogue import DATASETS

    if name not in DATASETS:
        raise DataError(f"There is no data set '{name}'; there are {', '.join(DATASETS)}.")
    return DATASETS[name]


def folder(name: str) -> Path:
    """The folder that holds all files of a set, each checked against its SHA-256.

    Searched are `name` under the folder that the environment variable GATELET_DATA names, then the package, then the
    cache.

    Raises:
        DataError: there is no such set, it is not on this machine, or a file of it is not the registered one.
    """
    found = dataset(name)
    for place in _places(name, found):
        if all((place / path).exists() for path in found.files):
            for path, resource in found.files.items():
                _check(place / path, resource, name)
            return place
    how = f"fetch it with: gatelet data get {name}" if found.fetchable else "it has no public address known to gatelet"
    raise DataError(f"Data set {name} is not on this machine; {how}, or put it into {_own_folder(name)}.")


def path(name: str) -> Path:
    """The file of a set that is a single file; the folder of any other set.

    Raises:
        DataError: as `folder`.
    """
    files = dataset(name).files
    return folder(name) / next(iter(files)) if len(files) == 1 else folder(name)


def get(name: str, progress: bool = False) -> Path:
    """Make sure that a set is on this machine, and say where, as `path` does.

    Args:
        name: the set.
        progress: show a progress bar while fetching.

    Raises:
        DataError: there is no such set, it cannot be fetched, or what came is not the registered file.
    """
    found = dataset(name)
    cache = _cache(name)
    for place in _places(name, found):
        if all((place / part).exists() for part in found.files):
            return path(name)
    addresses = {part: found.address(part) for part in found.files}
    for part, url in addresses.items():
        if url is None:
            raise DataError(
                f"Data set {name} cannot be fetched because no public address of {part} is known to gatelet; get it "
                f"({found.source}) and put it into {_own_folder(name)}."
            )
        if not (cache / part).exists():
            _fetch(url, cache / part, found.files[part], name, progress)
    return path(name)


def _own_folder(name: str) -> str:
    given = os.environ.get("GATELET_DATA")
    return str(Path(given) / name) if given else f"the folder {name} within the one that GATELET_DATA names"


def _cache(name: str) -> Path:
    import pooch

    return Path(pooch.os_cache("gatelet")) / name


def _places(name: str, found: Dataset) -> list[Path]:
    given = os.environ.get("GATELET_DATA")
    own = [Path(given) / name] if given else []
    return own + ([Path(__file__).parent] if found.bundled else [_cache(name)])


def _check(file: Path, resource: Resource, name: str) -> None:
    given = _folder_digest(file) if file.is_dir() else _file_digest(file)
    if given != resource.sha256:
        raise DataError(f"{file} is not the file that data set {name} needs: its SHA-256 must be "
                        f"{resource.sha256[:12]}...; got {given[:12]}....")  # fmt: skip


def _file_digest(file: Path) -> str:
    content = file.read_bytes()
    if file.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{file} is a damaged gzip file.") from error
    return hashlib.sha256(content).hexdigest()


def _folder_digest(top: Path) -> str:
    listing = hashlib.sha256()
    for relative in sorted(file.relative_to(top).as_posix() for file in top.rglob("*") if file.is_file()):
        content = hashlib.sha256((top / relative).read_bytes()).hexdigest()
        listing.update(f"{relative} {content}\n".encode())
    return listing.hexdigest()


def _fetch(url: str, file: Path, resource: Resource, name: str, progress: bool) -> None:
    import pooch
    import requests

    file.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last because the digest depends on it.
    part = file.with_name(f"part-{os.getpid()}-{file.name}")
    try:
        bar = _Progress(f"{name}/{file.name}") if progress else False
        pooch.HTTPDownloader(progressbar=bar, timeout=30)(url, str(part), None)
        content = part.read_bytes()
        if file.suffix == ".gz" and not content.startswith(_GZIP):
            part.write_bytes(gzip.compress(content, mtime=0))
        _check(part, resource, name)
        os.replace(part, file)
    except requests.exceptions.RequestException as error:
        if error.response is not None:
            error.response.close()
        raise DataError(
            f"Data set {name} could not be fetched from {url} ({type(error).__name__}); check the network, or "
            f"put {file.name} into {_own_folder(name)}."
        ) from error
    finally:
        part.unlink(missing_ok=True)


class _Progress:
    """A progress bar with the four names that pooch asks for."""

    def __init__(self, label: str) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

        self._bar = Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._task = self._bar.add_task(label)
        self._bar.start()

    @property
    def total(self) -> float | None:
        return self._bar.tasks[0].total

    @total.setter
    def total(self, value: float) -> None:
        self._bar.update(self._task, total=value)

    def update(self, count: int) -> None:
        self._bar.advance(self._task, count)

    def reset(self) -> None:
        self._bar.reset(self._task, total=self.total)

    def close(self) -> None:
        self._bar.stop()
