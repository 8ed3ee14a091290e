"""Writing text from text on the command line, as a user would go about it."""

import io
import json
from pathlib import Path

import polars as pl
import pytest

from gatelet.cli import main

from .conftest import Gatelet

QUICK = ("--hidden-size", 24, "--embedding-size", 16, "--epochs", 12, "--batch-size", 8, "--learning-rate", 0.02)
WORDS = ("--unit", "word", "--dropout", 0, "--embedding-dropout", 0, "--label-smoothing", 0)
LEXICON = {"ein": "a", "der": "the", "Hund": "dog", "Mann": "man", "schläft": "sleeps", "rennt": "runs"}
SOURCES = [f"{article} {noun} {verb}." for article in ("ein", "der") for noun in ("Hund", "Mann")
           for verb in ("schläft", "rennt")] * 4  # fmt: skip
TARGETS = [" ".join(LEXICON[word] for word in source[:-1].split()) + "." for source in SOURCES]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    for name, lines in (("de", SOURCES), ("en", TARGETS)):
        (folder / f"train.{name}").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pl.DataFrame({"german": SOURCES, "english": TARGETS}).write_csv(folder / "pairs.csv")
    return folder


@pytest.fixture(scope="module")
def model(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "model"
    arguments = ["fit", "translate", files / "train.de", "--targets", files / "train.en", "--pair", "de-en"]
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in [*arguments, "--out", out, *QUICK, *WORDS]])
    assert left.value.code == 0
    return out


def test_a_table_of_pairs_and_a_validation_file(gatelet: Gatelet, files: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    said = gatelet(
        *("fit", "translate", files / "pairs.csv", "--source", "german", "--target", "english", "--json"),
        *("--unit", "character", "--target-unit", "bpe", "--vocabulary-size", 40, "--lower", "--cell", "lstm"),
        *("--validation", files / "pairs.csv", "--attention", "additive", "--coverage", "--out", out),
        *("--hidden-size", 8, "--embedding-size", 8, "--epochs", 1),
    )
    assert said.code == 0 and json.loads(said.out)["best"]["epoch"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    facts = json.loads(gatelet("show", out, "--json").out)
    assert facts["units"] == {"source": "character", "target": "bpe"} and facts["cell"] == "lstm"


def test_translate_evaluate_and_show(gatelet: Gatelet, model: Path, files: Path, tmp_path: Path) -> None:
    said = gatelet("translate", files / "train.de", "--model", model, "--pair", "de-en")
    assert said.code == 0 and said.out.splitlines() == TARGETS
    out, picture = tmp_path / "out.txt", tmp_path / "attention.png"
    said = gatelet("translate", files / "train.de", "--model", model, "--out", out, "--picture", picture, "--beams", 2)
    assert said.code == 0 and out.read_text(encoding="utf-8").splitlines() == TARGETS
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert gatelet("translate", files / "train.de", "--model", model, "--out", out).code == 2
    said = gatelet("translate", files / "train.de", "--model", model, "--best", 3, "--json")
    rows = json.loads(said.out)["rows"]
    assert [row["rank"] for row in rows[:3]] == [1, 2, 3] and rows[0]["translation"] == TARGETS[0]
    test = ("evaluate", "translate", files / "train.de", "--targets", files / "train.en", "--model", model)
    scores = json.loads(gatelet(*test, "--json").out)
    assert scores["overall"]["gatelet"]["exact"] == 1.0 and "case:mixed" in scores["signatures"]["bleu"]
    said = gatelet(*test, "--lowercase")
    assert "bleu" in said.out and "case:lc" in said.err
    said = gatelet(
        *("evaluate", "translate", files / "pairs.csv", "--model", model, "--source", "german", "--target", "english")
    )
    assert said.code == 0 and "source copied" in said.out
    assert "Translator" in gatelet("show", model).out


def test_lines_from_the_standard_input(gatelet: Gatelet, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said_to(content: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))

    said_to("der Hund rennt.\r\n\nein Mann\u2028schläft.\n".encode())
    assert gatelet("translate", "-", "--model", model).out.split("\n")[::2] == ["the dog runs.", "a man sleeps."]
    said_to(b"ein Mann schl\xe4ft.\n")
    said = gatelet("translate", "-", "--model", model)
    assert said.code == 2 and "must be UTF-8; got byte 0xe4 at offset 13." in " ".join(said.err.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("translate", "{files}/train.de", "--model", "{model}", "--pair", "fr-en"),
         "This model translates de to en; got fr to en."),
        (("translate", "-", "--model", "{model}", "--pair", "deen"), "--pair must be two languages"),
        (("translate", "none.de", "--model", "{model}"), "There is no file none.de."),
        (("translate", "none.de", "--model", "{model}", "--best", "2", "--out", "a.txt"), "--best gives several"),
        (("predict", "classify", "{files}/pairs.csv", "--model", "{model}"), "must hold a classifier; it holds a Tr"),
        (("fit", "translate", "{files}/pairs.csv"), "has no column 'source'"),
        (("fit", "translate", "{files}/train.de", "--targets", "{files}/pairs.csv"), "they have 32 and 33."),
        (("fit", "translate", "{files}/pairs.csv", "--validation-targets", "a"), "--validation-targets needs"),
        (("fit", "translate", "{files}/pairs.csv", "--coverage"), "coverage needs additive attention"),
        (("evaluate", "translate", "{files}/train.de", "--targets", "no.en", "--model", "{model}"), "no file no.en"),
    ],
    ids=str,
)  # fmt: skip
def test_errors_are_one_sentence(
    arguments: tuple[str, ...],
    message: str,
    gatelet: Gatelet,
    model: Path,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    said = gatelet(*(argument.format(files=files, model=model) for argument in arguments))
    assert said.code == 2 and message in " ".join(said.err.split()) and "Traceback" not in said.err
