import functools
import gzip
import hashlib
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gatelet import datasets
from gatelet.datasets import Dataset, Resource
from gatelet.datasets.catalogue import DATASETS
from gatelet.datasets.registry import folder
from gatelet.errors import DataError

CONTENT = b"unique_id,ds,y\na,1,2\n"
SHA = hashlib.sha256(CONTENT).hexdigest()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing about requests."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "www").mkdir()
    (tmp_path / "www" / "a.csv").write_bytes(CONTENT)
    handler = functools.partial(Quiet, directory=str(tmp_path / "www"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache and no GATELET_DATA; gives the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GATELET_DATA", raising=False)
    return tmp_path / "cache" / "gatelet"


def register(monkeypatch: pytest.MonkeyPatch, base: str | None, **files: Resource) -> None:
    named = {name.replace("_", "."): resource for name, resource in files.items()}
    monkeypatch.setitem(DATASETS, "toy", Dataset("a toy", "none", "https://example.org", "nobody", "x", named, base))


def test_every_set_is_described() -> None:
    for name, found in DATASETS.items():
        assert found.summary and found.licence and found.source and found.citation and found.size > 0, name
        assert found.parser.startswith("gatelet.datasets."), name
        assert all(len(resource.sha256) == 64 for resource in found.files.values()), name
        assert all(address is None or address.startswith("https://") for address in map(found.address, found.files))


def test_every_set_has_its_parser() -> None:
    from importlib import import_module

    for found in DATASETS.values():
        module, _, function = found.parser.rpartition(".")
        assert callable(getattr(import_module(module), function))


def test_every_shared_file_is_the_registered_one(shared_data: Path) -> None:
    for name in DATASETS:
        assert folder(name) == shared_data / name


def test_the_weather_is_bundled(alone: Path) -> None:
    file = datasets.path("nyc_weather")
    assert file.name == "nyc_weather_2013.csv.gz" and file.is_file()
    assert datasets.get("nyc_weather") == file


def test_no_such_set() -> None:
    with pytest.raises(DataError, match="There is no data set 'weather'; there are nyc_weather, m4_hourly, ett"):
        datasets.path("weather")


def test_fetched_once_into_the_cache(alone: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, server, a_csv=Resource(21, SHA))
    with pytest.raises(DataError) as caught:
        datasets.path("toy")
    assert str(caught.value) == (
        "Data set toy is not on this machine; fetch it with: gatelet data get toy, "
        "or put it into the folder toy within the one that GATELET_DATA names."
    )
    assert datasets.get("toy", progress=True) == alone / "toy" / "a.csv"
    assert datasets.path("toy").read_bytes() == CONTENT
    register(monkeypatch, "http://127.0.0.1:9/", a_csv=Resource(21, SHA))
    assert datasets.get("toy").read_bytes() == CONTENT


def test_plain_content_is_packed_if_its_name_says_so(alone: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = Resource(50, SHA, server + "a.csv")
    monkeypatch.setitem(DATASETS, "toy", Dataset("", "", "", "", "", {"a.csv.gz": packed, "b/c.csv": packed}))
    place = datasets.get("toy")
    assert place == alone / "toy"
    assert gzip.decompress((place / "a.csv.gz").read_bytes()) == CONTENT
    assert (place / "b" / "c.csv").read_bytes() == CONTENT


def test_gatelet_data_comes_first(alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, "http://127.0.0.1:9/", a_csv=Resource(21, SHA))
    (tmp_path / "own" / "toy").mkdir(parents=True)
    (tmp_path / "own" / "toy" / "a.csv").write_bytes(CONTENT)
    monkeypatch.setenv("GATELET_DATA", str(tmp_path / "own"))
    assert datasets.get("toy") == datasets.path("toy") == tmp_path / "own" / "toy" / "a.csv"
    (tmp_path / "own" / "toy" / "a.csv").write_bytes(b"something else")
    with pytest.raises(DataError, match=r"own/toy/a.csv is not the file that data set toy needs: its SHA-256 must be "):
        datasets.path("toy")


def test_a_wrong_file_is_not_kept(alone: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, server, a_csv=Resource(21, "0" * 64))
    with pytest.raises(DataError, match="is not the file that data set toy needs"):
        datasets.get("toy")
    assert list((alone / "toy").iterdir()) == []


@pytest.mark.parametrize("base", ["http://127.0.0.1:9/", "SERVER/missing/"])
def test_without_network_one_sentence(alone: Path, server: str, monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    register(monkeypatch, base.replace("SERVER/", server), a_csv=Resource(21, SHA))
    with pytest.raises(DataError) as caught:
        datasets.get("toy")
    text = str(caught.value)
    assert text.startswith("Data set toy could not be fetched from http://127.0.0.1:") and "\n" not in text
    assert text.endswith("put a.csv into the folder toy within the one that GATELET_DATA names.")


def test_no_public_address(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, None, a_csv=Resource(21, SHA))
    with pytest.raises(
        DataError, match="cannot be fetched because no public address of a.csv is known to gatelet; get "
    ):
        datasets.get("toy")
    with pytest.raises(DataError, match="it has no public address known to gatelet, or put it into the folder toy"):
        datasets.path("toy")


def test_folders_are_checked_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = hashlib.sha256(f"a.csv {SHA}\nb/c.csv {SHA}\n".encode()).hexdigest()
    monkeypatch.setitem(DATASETS, "toy", Dataset("", "", "", "", "", {"clips/": Resource(42, listing)}))
    for file in ("a.csv", "b/c.csv"):
        target = tmp_path / "toy" / "clips" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(CONTENT)
    monkeypatch.setenv("GATELET_DATA", str(tmp_path))
    assert datasets.path("toy") == tmp_path / "toy" / "clips"
    target.unlink()
    with pytest.raises(DataError, match="clips is not the file that data set toy needs"):
        datasets.path("toy")
