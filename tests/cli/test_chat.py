import io
import json
from pathlib import Path

import pytest

from gatelet.cli import main

from ..chat.conftest import SMALL
from .conftest import Gatelet


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bots")
    file = folder / "small.yaml"
    file.write_text(SMALL, encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        main(["fit", "chat", str(file), "--out", str(folder / "bot"), "--epochs", "30", "--seed", "1"])
    assert left.value.code == 0
    return folder / "bot"


class Typed(io.StringIO):
    """Lines typed at a terminal."""

    def isatty(self) -> bool:
        return True


def test_lines_are_answered(gatelet: Gatelet, bot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\n\nbook a table\n"))
    lines = gatelet("chat", bot).out.splitlines()
    assert lines[0] == "Hello!" and lines[2] == "How many?"
    monkeypatch.setattr("sys.stdin", io.StringIO("a table for four on friday\n"))
    found = json.loads(gatelet("chat", bot, "--json").out)
    assert found["answer"] == "booked" and found["slots"] == {"people": "4", "day": "friday"} and found["known"]


@pytest.mark.parametrize("ends", [EOFError, KeyboardInterrupt])
def test_a_conversation_at_the_terminal_ends(
    ends: type[BaseException], gatelet: Gatelet, bot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = iter(["hello", "  "])

    def typed(prompt: str) -> str:
        for line in lines:
            return line
        raise ends

    monkeypatch.setattr("sys.stdin", Typed())
    monkeypatch.setattr("builtins.input", typed)
    said = gatelet("chat", bot)
    assert said.code == 0 and said.out == "Hello!\n\n" and "Small listens" in said.err


def test_bytes_that_are_no_text(gatelet: Gatelet, bot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"hello\nh\xfcllo\n")))
    said = gatelet("chat", bot)
    assert said.code == 2 and "standard input, line 2: must be UTF-8; got byte 0xfc at offset 1." in said.err


def test_conversations_as_tests(gatelet: Gatelet, bot: Path, tmp_path: Path) -> None:
    tests = tmp_path / "tests.yaml"
    tests.write_text("one:\n  - user: hello\n  - bot: welcome\n")
    said = gatelet("chat", bot, "--test", tests)
    assert (said.code, said.out) == (0, "") and "1 conversations, 1 turns, 0 failed." in said.err
    tests.write_text("one:\n  - user: hello\n  - bot: booked\n")
    said = gatelet("chat", bot, "--test", tests)
    assert said.code == 1 and f"{tests}, line 3: bot must be 'booked' after 'hello'; got 'welcome'." in said.out
    failures = json.loads(gatelet("chat", bot, "--test", tests, "--json").out)["failures"]
    assert [each["expected"] for each in failures] == ["booked"]


def test_show(gatelet: Gatelet, bot: Path) -> None:
    facts = json.loads(gatelet("show", bot, "--json").out)
    assert facts["task"] == "ChatBot" and facts["intents"] == ["greet", "book", "tell", "eat"]
    assert list(facts["plans"])[:2] == ["understanding", "policy"]
    shown = gatelet("show", bot).out
    assert "Small" in shown and "Plan of the policy" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fit", "chat", "{folder}/none.yaml"), "There is no file"),
        (("fit", "chat", "{folder}/broken.yaml"), "broken.yaml, line 3: this is no YAML"),
        (("fit", "chat", "{folder}/small.yaml", "--out", "{folder}/bot"), "is already there; give --overwrite"),
        (("chat", "{folder}"), "must be a folder that gatelet saved"),
        (("chat", "{folder}/bot/understanding"), "must hold a bot; it holds a Classifier."),
        (("chat", "{folder}/bot", "--test", "{folder}/broken.yaml"), "broken.yaml, line 3: this is no YAML"),
    ],
    ids=str,
)
def test_errors_are_one_sentence(
    arguments: tuple[str, ...],
    message: str,
    gatelet: Gatelet,
    bot: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (bot.parent / "broken.yaml").write_text("bot: x\nintents: [\n")
    monkeypatch.chdir(tmp_path)
    said = gatelet(*(argument.format(folder=bot.parent) for argument in arguments))
    assert said.code == 2 and message in " ".join(said.err.split()) and "Traceback" not in said.err
