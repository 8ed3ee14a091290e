import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gatelet.errors import GateletError
from gatelet.folders import check_folder, new_folder, recover_folder


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


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    (real / "a").write_text("old")
    link.symlink_to(real)
    with new_folder(link, overwrite=True, ours=["a"]) as building:
        (building / "a").write_text("new")
    assert link.is_symlink() and (real / "a").read_text() == "new"
    assert names(tmp_path) == ["link", "real"]


def test_a_link_to_nothing_yet_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with new_folder(tmp_path / "link") as building:
        (building / "a").write_text("1")
    assert names(tmp_path / "real") == ["a"] and (tmp_path / "link").is_symlink()


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(GateletError, match="loop could not be written; "), new_folder(tmp_path / "loop"):
        pass
    assert names(tmp_path) == ["loop"]


@pytest.mark.parametrize("name", ["n" * 250, "n" * 5000])
def test_a_name_too_long_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(GateletError, match=r"must be a folder that can be written to; File name too long\.$"):
        with new_folder(tmp_path / name):
            pass
    assert names(tmp_path) == []


def test_what_appears_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(GateletError, match="it holds 1 file"), new_folder(target) as building:
        (building / "a").write_text("1")
        target.mkdir()
        (target / "theirs").write_text("2")
    assert names(target) == ["theirs"] and names(tmp_path) == ["out"]


def test_an_error_of_the_disk_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(GateletError, match=r"^.*out could not be written; No space left on device\.$"):
        with new_folder(tmp_path / "out"):
            raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


# A process that replaces a folder and is killed just before, or just after, one of its renames.
KILLED = """
import os, signal, sys
from pathlib import Path
from gatelet.folders import new_folder

target, number, after, rename = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "after", os.rename

def killing(source, destination):
    global number
    number -= 1
    if number == 0 and not after:
        os.kill(os.getpid(), signal.SIGKILL)
    rename(source, destination)
    if number == 0:
        os.kill(os.getpid(), signal.SIGKILL)

os.rename = killing
with new_folder(target, overwrite=True, ours=["a"]) as building:
    (building / "a").write_text("new")
    if number == 0:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("rename", "when", "survives"),
    [(0, "-", "old"), (1, "before", "old"), (1, "after", "old"), (2, "before", "old"), (2, "after", "new")],
)
def test_a_killed_process_leaves_one_whole_folder(tmp_path: Path, rename: int, when: str, survives: str) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "a").write_text("old")
    script = [sys.executable, "-c", KILLED, str(target), str(rename), when]
    assert subprocess.run(script, check=False).returncode == -signal.SIGKILL
    recover_folder(target)
    assert (target / "a").read_text() == survives
    with new_folder(target, overwrite=True, ours=["a"]) as building:
        (building / "a").write_text("newest")
    assert (target / "a").read_text() == "newest" and not (tmp_path / ".out.former").exists()


def test_a_whole_folder_is_not_replaced_by_its_former(tmp_path: Path) -> None:
    for name, text in (("out", "new"), (".out.former", "old")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text(text)
    recover_folder(tmp_path / "out")
    assert (tmp_path / "out" / "a").read_text() == "new"


def test_where_nothing_waits_nothing_is_recovered(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", Path("/"), Path(".")):
        recover_folder(path)
    assert names(tmp_path) == []
