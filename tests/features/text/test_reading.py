"""Labelled texts come from many kinds of places, and what is wrong with them is said with its place."""

import json
from pathlib import Path
from typing import Any

import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pytest

from gatelet.errors import DataError
from gatelet.features.text import TextColumns, Texts, read_texts

ROWS = [("good film 🎬", "pos"), ("schlecht, übel", "neg"), ("", "neg"), ('פילם "רע"', "neg")]
TEXTS, LABELS = (tuple(part) for part in zip(*ROWS, strict=True))


def written(kind: str, folder: Path) -> Any:
    """The rows in one of the forms that can be read."""
    frame = pl.DataFrame({"text": TEXTS, "label": LABELS})
    if kind == "polars":
        return frame
    if kind == "pandas":
        return pd.DataFrame({"text": TEXTS, "label": LABELS})
    if kind == "folder":
        for number, (text, label) in enumerate(ROWS):
            (folder / "all" / label).mkdir(parents=True, exist_ok=True)
            (folder / "all" / label / f"{number}.txt").write_text(text, encoding="utf-8")
        return folder / "all"
    path = folder / f"rows.{kind}"
    if kind == "csv":
        frame.write_csv(path)
    elif kind == "parquet":
        frame.write_parquet(path)
    else:
        lines = [json.dumps({"label": label, "text": text}, ensure_ascii=False) for text, label in ROWS]
        path.write_text("\n\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl", "folder", "polars", "pandas"])
def test_all_forms_say_the_same(kind: str, tmp_path: Path) -> None:
    data = written(kind, tmp_path)
    texts = read_texts(str(data) if isinstance(data, Path) else data, TextColumns())
    assert texts.labels is not None and texts.slots is None
    assert sorted(zip(texts.texts, (label for (label,) in texts.labels), strict=True)) == sorted(ROWS)
    bare = read_texts(data, TextColumns(label="absent"), labelled=False)
    assert sorted(bare.texts) == sorted(TEXTS) and bare.labels is None
    assert len(set(texts.places)) == 4 == len(texts)


def test_lists_of_texts_and_texts_themselves() -> None:
    texts = read_texts(["a", "b"], TextColumns(), labelled=False)
    assert texts.texts == ("a", "b") and read_texts(texts, TextColumns()) is texts
    assert texts.take([1]) == Texts(("b",), None, None, ("text 1",))
    with pytest.raises(DataError, match="must come with labels"):
        read_texts(["a"], TextColumns())
    with pytest.raises(DataError, match="is empty"):
        read_texts([], TextColumns(), labelled=False)


def test_several_labels_and_slots(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [
        {"text": ["fly", "to", "Rome"], "label": "a, b,a", "tags": "O O B-city"},
        {"text": "stay", "label": ["c"], "tags": ["O"]},
        {"text": "", "label": None, "tags": None},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    texts = read_texts(path, TextColumns(slots="tags", separator=","))
    assert texts.texts == ("fly to Rome", "stay", "") and texts.labels == (("a", "b"), ("c",), ())
    assert texts.slots == (("O", "O", "B-city"), ("O",), ())


def test_numbers_as_labels() -> None:
    texts = read_texts(pl.DataFrame({"text": ["a", "b"], "label": [1.0, 2.5]}), TextColumns())
    assert texts.labels == (("1",), ("2.5",))


def test_missing_values_of_pandas() -> None:
    frame = pd.DataFrame({"text": ["a", None, float("nan")], "label": ["x", "y", "x"]})
    assert read_texts(frame, TextColumns()).texts == ("a", "", "")
    with pytest.raises(DataError, match="row 1, column 'label': expected a label; got none"):
        read_texts(pd.DataFrame({"text": ["a", "b"], "label": ["x", None]}), TextColumns())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"text,label\nok,1\ncaf\xe9,2\n", "a.csv, row 3: text must be UTF-8; got byte 0xe9 at offset 19."),
        ("a.csv", b"text,label\nok,\n", "a.csv, row 2, column 'label': expected a label; got none."),
        ("a.csv", b"txet,label\nok,1\n", "a.csv has no column 'text'; did you mean 'txet'?"),
        ("a.jsonl", b'{"text": "caf\xe9"}\n', "a.jsonl must be UTF-8; got byte 0xe9 at offset 13."),
        ("a.jsonl", b'{"text": "a", "label": 1}\n[]\n', "a.jsonl, row 2: expected an object in JSON; got '[]'."),
        ("a.jsonl", b'{"text": "a"}\n', "a.jsonl has no column 'label'; it has text."),
        ("a.jsonl", b'{"text": {}, "label": 1}\n', "a.jsonl, row 1: expected a text; got {}."),
        ("a.jsonl", b"\n", "a.jsonl is empty."),
        ("a.jsonl", None, "There is no file a.jsonl."),
        ("pos/1.txt", b"caf\xe9", "pos/1.txt must be UTF-8; got byte 0xe9 at offset 3."),
    ],
)
def test_bad_files_get_one_sentence(
    name: str, content: bytes | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(name)
    if content is not None:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_texts(Path(".") if path.suffix == ".txt" else path, TextColumns())
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        ("O", "row 0, column 'tags': expected 2 labels, one per word; got 1."),
        ("O city", "row 0, column 'tags': expected O, B-kind or I-kind; got 'city'."),
    ],
)
def test_slots_must_fit_the_words(tags: str, message: str) -> None:
    frame = pl.DataFrame({"text": ["to Rome"], "label": ["go"], "tags": [tags]})
    with pytest.raises(DataError, match=message):
        read_texts(frame, TextColumns(slots="tags"))


def test_columns_and_folders_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'text' can play one part only"):
        TextColumns(label="text")
    with pytest.raises(DataError, match="separator must not be empty"):
        TextColumns(separator="")
    with pytest.raises(DataError, match="one subfolder of .txt files per label"):
        read_texts(tmp_path, TextColumns())
