"""``gatelet bench``: a real run at tiny shapes, and what it refuses."""

import json
from pathlib import Path

import pytest

from gatelet import bench
from gatelet.bench.results import Bench

from .conftest import Gatelet

TINY = ("bench", "--shape", "2,3,5,7", "--repeats", 1, "--threads", 1, "--peers", "none")


def test_bench(gatelet: Gatelet, tmp_path: Path) -> None:
    files = ("--out", tmp_path / "bench.json", "--picture", tmp_path / "bench.png")
    said = gatelet(*TINY, *files)
    assert said.code == 0, said.err
    for words in ("2, 3, 5, 7", "torch LSTM / LSTM", "Square product of 2048", "Train step", "Peak memory", "float64"):
        assert words in said.out
    told = json.loads((tmp_path / "bench.json").read_text())
    assert list(told["rows"][0]["layers"]) == ["GRU", "torch GRU", "LSTM", "torch LSTM"]
    assert told["complete"] and told["peak_flops"] == max(told["product_flops"].values())
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
    assert {entry.name for entry in tmp_path.iterdir()} == {"bench.json", "bench.png"}

    for option, path in (files[:2], files[2:]):
        said = gatelet(*TINY, option, path)
        assert said.code == 2 and f"already there; give --overwrite to replace it, or another {option}." in said.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--shape", "1,2"), "A shape must be four whole numbers"),
        (("--shapes", "odd"), "--shapes must be one of"),
        (("--peers", "cudnn"), "--peers must be some of"),
        (("--out", "bench.txt"), "--out must be a file that ends in .json; got 'bench.txt'."),
        (("--picture", "bench.pdf"), "--picture must be a file that ends in .png; got 'bench.pdf'."),
    ],
)
def test_bench_refuses(gatelet: Gatelet, options: tuple[str, str], words: str) -> None:
    said = gatelet("bench", *options)
    assert said.code == 2 and words in said.err and said.out == ""


def test_ctrl_c_prints_and_keeps_what_is_done(
    gatelet: Gatelet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Bench(
        {"processor": "a processor", "load_before": 0.0},
        {"threads": 1},
        {"oneDNN": "pip install onednn"},
        7,
        {"a": 1e9},
    )
    monkeypatch.setattr(bench, "run_bench", lambda *_: stopped)
    said = gatelet("bench", "--out", tmp_path / "bench.json")
    assert said.code == 130
    assert "Not installed: oneDNN. To have it measured: pip install onednn" in said.err
    assert "Stopped by Ctrl-C after 0 of 7 shapes." in said.err
    assert not json.loads((tmp_path / "bench.json").read_text())["complete"]
    assert json.loads(gatelet("bench", "--json").out)["settings"] == {"threads": 1}
