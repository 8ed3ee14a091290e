"""Classification from the command line, as a user would go about it."""

import io
import json
from pathlib import Path

import polars as pl
import pytest

from gatelet.cli import main

from .conftest import Gatelet

QUICK = ("--hidden-size", 8, "--embedding-size", 8, "--epochs", 8, "--batch-size", 16, "--learning-rate", 0.02)


def reviews(rows: int = 80) -> pl.DataFrame:
    texts = [f"{'a superb film' if row % 2 else 'such an awful plot'} {'very ' * (row % 5)}so" for row in range(rows)]
    return pl.DataFrame({"review": texts, "stars": [5 if row % 2 else 1 for row in range(rows)]})


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "reviews.csv"
    reviews().write_csv(path)
    return path


@pytest.fixture(scope="module")
def model(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "model"
    arguments = ["fit", "classify", table, "--text", "review", "--label", "stars", "--out", out, *QUICK]
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    assert left.value.code == 0
    return out


def test_fit_tells_how_it_went_and_leaves_only_the_model(gatelet: Gatelet, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    said = gatelet("fit", "classify", table, "--text", "review", "--label", "stars", "--out", out, *QUICK, "--json")
    facts = json.loads(said.out)
    assert said.code == 0 and facts["validation"]["accuracy"] == 1.0 and facts["best"]["epoch"] >= 1
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    said = gatelet("fit", "classify", table, "--text", "review", "--label", "stars", "--out", out, *QUICK)
    assert said.code == 2 and "--overwrite" in said.err


def test_predict_evaluate_explain_and_show(gatelet: Gatelet, model: Path, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "classes.csv"
    assert gatelet("predict", "classify", table, "--model", model, "--out", out).code == 0
    assert pl.read_csv(out)["label"].to_list() == reviews()["stars"].to_list()
    shown = gatelet("predict", "classify", table, "--model", model)
    assert shown.code == 0 and "superb" in shown.out and "more rows" in shown.err
    picture = tmp_path / "confusion.png"
    said = gatelet("evaluate", "classify", table, "--model", model, "--confusion", picture, "--json")
    scores = json.loads(said.out)
    assert scores["overall"]["gatelet"]["accuracy"] == 1.0 and scores["confusion"] == [[40, 0], [0, 40]]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert gatelet("evaluate", "classify", table, "--model", model, "--confusion", picture).code == 2
    said = gatelet("evaluate", "classify", table, "--model", model)
    assert "commonest" in said.out and "precision" in said.out
    page = tmp_path / "why.html"
    said = gatelet("explain", "classify", "a superb film", "--model", model, "--out", page, "--json")
    assert json.loads(said.out)["label"] == "5" and "superb" in page.read_text(encoding="utf-8")
    assert "influence" in gatelet("explain", "classify", "a film", "--model", model, "--label", 1).out
    said = gatelet("show", model)
    assert said.code == 0 and "Classifier" in said.out and "pooling" in said.out
    assert json.loads(gatelet("show", model, "--json").out)["labels"] == ["1", "5"]


def test_lines_from_the_standard_input(gatelet: Gatelet, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said_to(content: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))

    said_to("a superb film\nan awful plot 👎\n".encode())
    said = gatelet("predict", "classify", "-", "--model", model, "--json")
    assert [row["label"] for row in json.loads(said.out)["rows"]] == ["5", "1"]
    said_to(b"caf\xe9")
    said = gatelet("predict", "classify", "-", "--model", model)
    assert said.code == 2 and "must be UTF-8; got byte 0xe9 at offset 3." in " ".join(said.err.split())


def test_several_classes_per_text_read_as_bytes(gatelet: Gatelet, tmp_path: Path) -> None:
    kinds: tuple[tuple[str, list[str]], ...] = (
        ("ha ha", ["comedy"]),
        ("oh no", ["drama"]),
        ("ha oh no", ["comedy", "drama"]),
        ("so", []),
    )
    lines = [{"text": text, "label": labels} for text, labels in kinds * 20]
    data, out = tmp_path / "films.jsonl", tmp_path / "model"
    data.write_text("\n".join(map(json.dumps, lines)))
    said = gatelet("fit", "classify", data, "--separator", ",", "--unit", "byte", "--out", out, *QUICK, "--epochs", 20)
    assert said.code == 0 and "micro_f1" in said.out
    scores = json.loads(gatelet("evaluate", "classify", data, "--model", out, "--json").out)
    assert scores["overall"]["gatelet"]["micro_f1"] > 0.9 and scores["confusion"] is None
    rows = json.loads(gatelet("predict", "classify", data, "--model", out, "--json").out)["rows"]
    assert rows[2]["label"] == "comedy,drama" and rows[3]["label"] == ""
    said = gatelet("evaluate", "classify", data, "--model", out, "--confusion", tmp_path / "confusion.png")
    assert said.code == 2 and "needs one class per text" in " ".join(said.err.split())


def test_the_standard_input_followed_word_by_word(
    gatelet: Gatelet, model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def said_to(content: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))

    said_to("\ufeffa superb\nfilm\n\nan awful plot".encode())
    said = gatelet("predict", "classify", "-", "--stream", "--model", model, "--json")
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["word"] for row in rows] == ["a", "superb", "film", "an", "awful", "plot"]
    assert [rows[2]["label"], rows[5]["label"]] == ["5", "1"]
    said_to(b"a superb film\n")
    whole = json.loads(gatelet("predict", "classify", "-", "--model", model, "--json").out)["rows"][0]
    assert rows[2]["probability"] == pytest.approx(whole["p_5"], abs=1e-6)
    said_to(b"a\nfilm caf\xe9\n")
    said = gatelet("predict", "classify", "-", "--stream", "--model", model)
    assert said.out.splitlines()[0].endswith("a") and said.code == 2
    assert "must be UTF-8; got byte 0xe9 at offset 10." in " ".join(said.err.split())
    said = gatelet("predict", "classify", tmp_path, "--stream", "--model", model)
    assert said.code == 2 and "--stream follows the standard input" in " ".join(said.err.split())


def test_slots_a_validation_file_and_an_out_of_scope_label(gatelet: Gatelet, tmp_path: Path) -> None:
    lines = [
        {"text": f"fly to {city} now", "label": "fly", "slots": "O O B-city O"} for city in ("rome", "lima") * 20
    ] + [{"text": "wake me up", "label": "wake", "slots": "O O O"}] * 40
    strange = {"text": "purple zebra", "label": "other", "slots": "O O"}
    for name, rows in (("train", [*lines, strange]), ("validation", [*lines[::4], strange])):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    out = tmp_path / "model"
    said = gatelet(
        *("fit", "classify", tmp_path / "train.jsonl", "--features", "text", "--slots", "slots"),
        *("--validation", tmp_path / "validation.jsonl", "--out", out, "--out-of-scope", "other", *QUICK),
        *("--cell", "lstm", "--pooling", "attention", "--spelling-buckets", 64, "--balanced", "--no-highway"),
    )
    assert said.code == 0 and "slot_f1" in said.out
    said = gatelet("evaluate", "classify", tmp_path / "validation.jsonl", "--model", out)
    assert "out_of_scope_recall" in said.out and "sentence_accuracy" in said.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fit", "classify", "{table}", "--label", "stars"), "has no column 'text'"),
        (("fit", "classify", "none.csv"), "There is no file none.csv."),
        (("fit", "classify", "{table}", "--text", "stars", "--label", "stars"), "can play one part only"),
        (("predict", "classify", "{table}", "--model", "nowhere"), "must be a folder that gatelet saved"),
        (("predict", "forecast", "{table}", "--model", "{model}"), "must hold a forecaster; it holds a Classifier."),
        (("predict", "{table}"), "Name the task before the data: gatelet predict forecast or classify"),
        (
            ("evaluate", "classify", "{table}", "--model", "{model}", "--text", "stars", "--label", "review"),
            "row 2: expected one of the 2 known labels; got",
        ),
    ],
    ids=str,
)
def test_errors_are_one_sentence(
    arguments: tuple[str, ...],
    message: str,
    gatelet: Gatelet,
    model: Path,
    table: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    said = gatelet(*(argument.format(table=table, model=model) for argument in arguments))
    assert said.code == 2 and message in " ".join(said.err.split()) and "Traceback" not in said.err
