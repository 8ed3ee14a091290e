"""Text that goes on, on the command line, as a user would go about it."""

import io
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gatelet.cli import main
from gatelet.nn.sampling import draw
from gatelet.tasks.language_modelling import text_stream

from .conftest import Gatelet

QUICK = ("--hidden-size", 16, "--embedding-size", 8, "--epochs", 3, "--batch-size", 8, "--learning-rate", 0.02)
ROWS = ["one two three", "two three four", "three four five"] * 30


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "tale.txt").write_text("\n".join(ROWS) + "\n", encoding="utf-8")
    pl.DataFrame({"tale": ROWS}).write_csv(folder / "tales.csv")
    (folder / "latin.txt").write_bytes("né".encode("latin-1"))
    (folder / "empty.txt").write_bytes(b"")
    (folder / "short.txt").write_text("so short")
    return folder


@pytest.fixture(scope="module")
def model(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "model"
    arguments = ["fit", "generate", files / "tale.txt", "--unit", "word", "--segment-length", 10, "--out", out, *QUICK]
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    assert left.value.code == 0
    return out


class Input:
    """A standard input of bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_a_table_a_validation_file_and_all_options(gatelet: Gatelet, files: Path, tmp_path: Path) -> None:
    out = tmp_path / "model"
    said = gatelet(
        *("fit", "generate", files / "tales.csv", "--text", "tale", "--validation", files / "tales.csv", "--json"),
        *("--unit", "bpe", "--vocabulary-size", 40, "--lower", "--cell", "lstm", "--layers", 2, "--untied"),
        *("--weight-drop", 0.2, "--token-dropout", 0.1, "--varied", "--activation-penalty", 1, "--change-penalty", 1),
        *("--out", out, "--segment-length", 20, "--hidden-size", 8, "--embedding-size", 8, "--epochs", 1),
    )
    found = json.loads(said.out)
    assert said.code == 0 and found["best"]["epoch"] == 1 and found["validation"]["bits_per_character"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    facts = json.loads(gatelet("show", out, "--json").out)
    assert (facts["unit"], facts["cell"], facts["column"], facts["segment_length"]) == ("bpe", "lstm", "tale", 20)


def test_generate_evaluate_and_show(gatelet: Gatelet, model: Path, files: Path, tmp_path: Path) -> None:
    begun = ("generate", "--model", model, "--prompt", "one two", "--max-length", 20, "--seed", 4)
    said = gatelet(*begun)
    assert said.code == 0 and said.out.startswith("one two ") and said.out == gatelet(*begun).out
    found = json.loads(gatelet(*begun, "--samples", 2, "--json").out)["samples"]
    assert [sample["seed"] for sample in found] == [4, 5] and f"one two{found[0]['text']}\n" == said.out
    out, prompt = tmp_path / "out.txt", tmp_path / "prompt.txt"
    prompt.write_text("one two\n")
    options = ("--model", model, "--max-length", 20, "--seed", 4, "--samples", 2, "--out", out)
    assert gatelet("generate", "--prompt-file", prompt, *options).code == 0
    assert out.read_text() == f"one two{found[0]['text']}\n---\none two{found[1]['text']}\n"
    assert gatelet("generate", "--prompt-file", prompt, *options).code == 2
    said = gatelet(*begun, "--stop", "\n", "--stop", "five", "--temperature", 0.7, "--top-k", 5, "--top-p", 0.9)
    assert said.code == 0 and said.out.count("\n") == 1 and "five" not in said.out
    scores = json.loads(gatelet("evaluate", "generate", files / "tale.txt", "--model", model, "--json").out)
    assert scores["overall"]["gatelet"]["perplexity"] < scores["overall"]["frequencies"]["perplexity"]
    said = gatelet("evaluate", "generate", files / "tales.csv", "--text", "tale", "--model", model)
    assert "bits_per_character" in said.out and "xz" in said.out and "90 documents" in said.out
    assert "LanguageModel" in gatelet("show", model).out


def test_from_the_standard_input(gatelet: Gatelet, model: Path, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Input((files / "tale.txt").read_bytes()))
    assert json.loads(gatelet("evaluate", "generate", "-", "--model", model, "--json").out)["documents"] == 1
    monkeypatch.setattr("sys.stdin", Input(b"one two"))
    said = gatelet("generate", "--prompt-file", "-", "--model", model, "--max-length", 3)
    assert said.out.startswith("one two")
    monkeypatch.setattr("sys.stdin", Input(b"n\xe9"))
    said = gatelet("fit", "generate", "-")
    assert said.code == 2 and "The standard input must be UTF-8; got byte 0xe9 at offset 1." in said.err


@pytest.fixture
def heard() -> Iterator[None]:
    """SIGINT as at a terminal; a process that was started in the background ignores it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("into_a_file", [False, True])
def test_ctrl_c_keeps_what_is_written(
    into_a_file: bool, gatelet: Gatelet, model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def pressed_at_the_twelfth(*given: Any) -> int:
        draws.append(draw(*given))
        if len(draws) == 12:
            signal.raise_signal(signal.SIGINT)
        return draws[-1]

    draws: list[int] = []
    monkeypatch.setattr(text_stream, "draw", pressed_at_the_twelfth)
    where = ("--out", tmp_path / "out.txt") if into_a_file else ()
    said = gatelet("generate", "--model", model, "--prompt", "one", "--samples", 9, "--seed", 0, *where)
    text = (tmp_path / "out.txt").read_text() if into_a_file else said.out
    assert said.code == 130 and text.startswith("one") and len(text) > 20 and text.endswith("\n")
    assert "Stopped by Ctrl-C after" in said.err and "which are kept." in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("generate", "--model", "{model}", "--temperature", "0"), "temperature must be positive; got 0"),
        (("generate", "--model", "{model}", "--top-k", "0"), "top_k must be a whole number from 1"),
        (("generate", "--model", "{model}", "--top-p", "1.5"), "top_p must be in (0, 1]; got 1.5."),
        (("generate", "--model", "{model}", "--prompt", "a", "--prompt-file", "b"), "give one of them."),
        (("generate", "--model", "{model}", "--prompt-file", "none.txt"), "There is no file none.txt."),
        (("generate", "--model", "{model}", "--prompt-file", "{files}/latin.txt"), "got byte 0xe9 at offset 1."),
        (("generate", "--model", "none"), "none must be a folder that gatelet saved"),
        (("translate", "-", "--model", "{model}"), "must hold a translator; it holds a LanguageModel."),
        (("fit", "generate", "{files}/latin.txt"), "latin.txt must be UTF-8; got byte 0xe9 at offset 1."),
        (("fit", "generate", "{files}/empty.txt"), "empty.txt must hold text; it holds none."),
        (("fit", "generate", "{files}/short.txt"), "must hold a segment of 100 tokens; it holds"),
        (("fit", "generate", "{files}/tales.csv"), "has no column 'text'"),
        (("fit", "generate", "{files}/tale.txt", "--unit", "letter"), "--unit"),
        (("evaluate", "generate", "{files}/empty.txt", "--model", "{model}"), "must hold text; it holds none."),
    ],
    ids=str,
)
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
    assert not any(tmp_path.iterdir())
