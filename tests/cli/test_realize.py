import io
import json
from pathlib import Path

import pytest

from gatelet.cli import main

from .conftest import Gatelet

QUICK = ["--epochs", 8, "--batch-size", 4, "--learning-rate", 0.02, "--hidden-size", 16, "--embedding-size", 8]


@pytest.fixture(scope="module")
def acts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("acts") / "acts.jsonl"
    names, foods = ("Red Door", "Blue Cat", "Old Mill"), ("Thai", "French")
    said = [(f"inform(name='{name}';food={food})", f"{name} serves {food} food.") for name in names for food in foods]
    pairs = said * 3 + [("bye()", "Bye!")] * 6
    path.write_text("".join(json.dumps({"act": act, "text": text}) + "\n" for act, text in pairs))
    return path


@pytest.fixture(scope="module")
def model(acts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "voice"
    more = ["--dropout", 0, "--embedding-dropout", 0, "--keywords", "kids=kid,child", "--validation", acts]
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in ["fit", "realize", acts, "--out", out, *QUICK, *more]])
    assert left.value.code == 0 and not out.with_name("voice.training").exists()
    return out


def test_realize_evaluate_and_show(gatelet: Gatelet, model: Path, acts: Path, tmp_path: Path) -> None:
    said = gatelet("realize", "inform(name='X Y';food=Greek)", "--model", model)
    assert (said.code, said.out) == (0, "X Y serves Greek food.\n")
    rows = json.loads(gatelet("realize", acts, "--model", model, "--best", 2, "--json").out)["rows"]
    assert len(rows) == 48 and [row["rank"] for row in rows[:2]] == [1, 2]
    out = tmp_path / "said.csv"
    assert gatelet("realize", acts, "--model", model, "--out", out).code == 0 and out.exists()
    scores = json.loads(gatelet("evaluate", "realize", acts, "--model", model, "--json").out)
    assert scores["overall"]["gatelet"]["slot_error"] == 0.0 and scores["distinct"] == 2
    assert "act read out" in gatelet("evaluate", "realize", acts, "--model", model).out
    facts = json.loads(gatelet("show", model, "--json").out)
    assert facts["task"] == "Realizer"
    assert "Remaining" in [row["operation"] for row in facts["plans"]["model"]["operations"]]


def test_acts_from_the_standard_input(gatelet: Gatelet, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("bye()\n\nbye()\n"))
    assert gatelet("realize", "-", "--model", model).out == "Bye!\nBye!\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("realize", "inform name)", "--model", "{model}"), "act 1: A dialogue act must look like inform(name='x';"),
        (("realize", "none.txt", "--model", "{model}"), "There is no file none.txt."),
        (("realize", "bye()", "--model", "{acts}"), "must be a folder that gatelet saved"),
        (("predict", "classify", "{acts}", "--model", "{model}"), "must hold a classifier; it holds a Realizer"),
        (("fit", "realize", "{acts}", "--act", "meaning"), "has no column 'meaning'"),
        (("fit", "realize", "{acts}", "--keywords", "kids"), "--keywords must look like slot=word,word; got 'kids'."),
    ],
    ids=str,
)
def test_errors_are_one_sentence(
    arguments: tuple[str, ...],
    message: str,
    gatelet: Gatelet,
    model: Path,
    acts: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    said = gatelet(*(argument.format(acts=acts, model=model) for argument in arguments))
    assert said.code == 2 and message in " ".join(said.err.split()) and "Traceback" not in said.err
