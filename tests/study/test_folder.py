from pathlib import Path

import pytest

from gatelet.errors import GateletError
from gatelet.study.folder import check_folder, new_folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_appears_whole(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with new_folder(target) as building:
        (building / "a").write_text("1")
        assert not target.exists()
    assert names(target) == ["a"]
    assert names(target.parent) == ["out"]
    assert target.stat().st_mode & 0o777 == (tmp_path / "deep").stat().st_mode & 0o777


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_folder(tmp_path / "out") as building:
        (building / "a").write_text("1")
        raise RuntimeError
    assert names(tmp_path) == []


def test_an_empty_folder_may_be_used(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with new_folder(tmp_path / "out") as building:
        (building / "a").write_text("1")
    assert names(tmp_path / "out") == ["a"]


def test_a_full_folder_is_left_alone_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(GateletError, match=r"must be a new or empty folder; it holds 1 file\b"):
        check_folder(tmp_path)
    with pytest.raises(GateletError, match="also holds a"):
        check_folder(tmp_path, overwrite=True, ours=["b"])


def test_asked_it_replaces_its_own(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "a").write_text("old")
    (target / "b").write_text("old")
    with new_folder(target, overwrite=True, ours=["a", "b"]) as building:
        (building / "a").write_text("new")
    assert names(target) == ["a"]
    assert (target / "a").read_text() == "new"
    assert names(tmp_path) == ["out"]


def test_a_failure_keeps_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "a").write_text("old")
    with pytest.raises(RuntimeError), new_folder(target, overwrite=True, ours=["a"]) as building:
        (building / "a").write_text("new")
        raise RuntimeError
    assert (target / "a").read_text() == "old"
    assert names(tmp_path) == ["out"]


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(GateletError, match="it is a file"):
        check_folder(tmp_path / "out", overwrite=True)
    with (
        pytest.raises(GateletError, match="out must be a folder that can be written to"),
        new_folder(tmp_path / "out" / "in"),
    ):
        pass
