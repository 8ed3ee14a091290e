"""``gatelet compare`` and ``gatelet demo``: what they refuse, print and write."""

import json
from pathlib import Path

from .conftest import Gatelet

QUICK = "--horizon 7 --test-size 14 --epochs 1 --steps-per-epoch 2 --hidden-size 4 --seeds 2 --cells gru,rnn".split()


def test_compare(gatelet: Gatelet, table: Path, tmp_path: Path) -> None:
    call = ("compare", "forecast", table, *QUICK, "--out", tmp_path / "study")
    said = gatelet(*call)
    assert said.code == 0, said.err
    assert "GRU 4" in said.out and "mase 95%" in said.out and "peak MB" in said.out and "seasonal naive" in said.out
    assert "report.html" in said.err
    written = {entry.name for entry in (tmp_path / "study").iterdir()}
    assert {"study.json", "report.html"} < written
    study = json.loads((tmp_path / "study" / "study.json").read_text())
    assert study["seeds"] == 2 and study["recommendation"] in said.out.replace("\n", " ")

    assert gatelet(*call).code == 2
    told = json.loads(gatelet(*call, "--overwrite", "--json", "--budget", "hidden", "--metric", "wql").out)
    assert (told["budget"], told["metric"], told["out"]) == ("hidden", "wql", str(tmp_path / "study"))


def test_compare_refuses_what_it_does_not_know(gatelet: Gatelet, table: Path, tmp_path: Path) -> None:
    said = gatelet("compare", "forecast", table, "--horizon", 7, "--cells", "gru,elman", "--out", tmp_path / "study")
    assert said.code == 2 and "cells must be different ones of gru, lstm, rnn; got gru, elman." in said.err
    assert list(tmp_path.iterdir()) == []


def test_demo_spares_what_is_there(gatelet: Gatelet, tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    for more in ((), ("--overwrite",)):
        said = gatelet("demo", "--out", tmp_path, *more)
        assert said.code == 2 and said.out == "" and len(said.err.splitlines()) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["mine"]
