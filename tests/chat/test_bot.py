import json
from pathlib import Path
from typing import Any

import pytest

import gatelet
from gatelet.chat import ChatBot, Dialogue
from gatelet.chat.conversations import read_conversations, run_conversations
from gatelet.errors import DataError, GateletError, ModelError


def answers(bot: ChatBot, *texts: str) -> list[str | None]:
    dialogue = Dialogue()
    return [bot.reply(text, dialogue).answer for text in texts]


def test_a_conversation(bot: ChatBot) -> None:
    dialogue = Dialogue()
    first = bot.reply("Hello!", dialogue)
    assert (first.text, first.answer, first.intent, first.known) == ("Hello!", "welcome", "greet", True)
    assert bot.reply("hello there", dialogue).text == "Good day!"  # variants take turns
    assert bot.reply("Book a table, please!", dialogue).text == "How many?"
    # a known question leaves the conversation as it was
    before = dialogue.to_json()
    assert bot.reply("Where are you?", dialogue).text == "12 Mill Lane."
    assert dialogue.to_json() == before
    assert bot.reply("for four", dialogue).slots == {"people": "4"}
    done = bot.reply("on friday", dialogue)
    assert (done.text, done.slots) == ("A table for 4, friday.", {"people": "4", "day": "friday"})
    assert dialogue.slots == {}


def test_what_is_missing_is_asked_for(bot: ChatBot) -> None:
    assert answers(bot, "a table for two", "on friday") == ["ask_day", "booked"]
    assert answers(bot, "a table on sunday", "for four") == ["ask_people", "booked"]
    assert bot.reply("a table for two on sunday", Dialogue()).text == "On sunday for 2, in the garden."


def test_answers_said_by_the_realizer(bot: ChatBot) -> None:
    dialogue = Dialogue()
    assert bot.reply("i like thai", dialogue).text == "We have thai food." and dialogue.slots == {}


def test_it_says_when_it_does_not_know(bot: ChatBot) -> None:
    dialogue = Dialogue()
    found = [bot.reply(text, dialogue) for text in ("What is the weather like?", "xqz vlorp", "", "\u202e🙂")]
    assert [each.known for each in found] == [False] * 4
    assert [each.text for each in found[:2]] == ["I do not know.", "Sorry?"]
    long = bot.reply("book a table " * 20_000, Dialogue())
    assert long.text


def test_a_saved_bot_says_the_same(bot: ChatBot, tmp_path: Path) -> None:
    path = bot.save(tmp_path / "bot")
    names = {each.name for each in path.iterdir()}
    assert names == {"config.json", "model.safetensors", "plan.json", "plan.safetensors", "realizer", "understanding"}
    again = gatelet.load(path)
    assert isinstance(again, ChatBot) and again.num_parameters == bot.num_parameters
    one, two = Dialogue(), Dialogue()
    for text in ("hi there", "a table for two", "can i pay by card", "on friday", "who won the match"):
        assert again.reply(text, one) == bot.reply(text, two)
    assert bot.save(path, overwrite=True) == path
    (path / "understanding" / "mine.txt").write_text("x")
    with pytest.raises(ModelError, match=r"it also holds mine\.txt"):
        bot.save(path, overwrite=True)


@pytest.mark.parametrize(
    ("key", "value"), [("source", ["bot: x"]), ("source", 3), ("hidden_size", 31), ("network", {}), ("metrics", [])]
)
def test_a_damaged_bot_is_refused(bot: ChatBot, tmp_path: Path, key: str, value: Any) -> None:
    path = bot.save(tmp_path / "bot")
    config = json.loads((path / "config.json").read_text())
    if key == "network":
        (path / "understanding" / "config.json").unlink()
    (path / "config.json").write_text(json.dumps(config | {key: value}))
    with pytest.raises(ModelError):
        ChatBot.load(path)


def test_what_is_not_fitted_and_not_its_own(bot: ChatBot, tmp_path: Path) -> None:
    with pytest.raises(GateletError, match="must be fitted first"):
        ChatBot().reply("hello", Dialogue())
    with pytest.raises(GateletError, match="The dialogue must be one of this bot's"):
        bot.reply("hello", Dialogue(slots={"other": "x"}))
    with pytest.raises(GateletError, match="hidden_size must be"):
        ChatBot(hidden_size=0)
    with pytest.raises(DataError, match="There is no file"):
        ChatBot().fit(tmp_path / "none.yaml")


def test_conversations_are_held(bot: ChatBot, tmp_path: Path) -> None:
    path = tmp_path / "test.yaml"
    path.write_text(
        "good:\n"
        "  - user: Hello!\n"
        "    intent: greet\n"
        "  - bot: welcome\n"
        "  - user: a table for four\n"
        "    slots: {people: '4'}\n"
        "    bot: On which day?\n"
        "bad:\n"
        "  - user: hello\n"
        "  - bot: booked\n"
        "  - user: for two\n"
        "    intent: greet\n"
        "    slots: {day: friday}\n"
        "  - user: play some music\n"
        "  - bot: unknown\n"
    )
    failures = run_conversations(bot, read_conversations(path))
    assert {each.conversation for each in failures} == {"bad"}
    assert [each.what for each in failures] == ["bot", "intent", "slot day"]
    assert str(failures[0]) == f"{path}, line 10: bot must be 'booked' after 'hello'; got 'welcome'."
    assert failures[2].place == f"{path}, line 11" and failures[2].got == "unset"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a:\n  - bot: x\n", "line 2: a turn must have the key 'user', or 'bot' after one of the user's"),
        ("a:\n  - user: x\n    bots: y\n", "line 3: A turn has the unknown key 'bots'"),
        ("a:\n  - {user: x, bot: y}\n  - bot: z\n", "line 3: a turn of the user's has one answer here"),
        ("a: []\n", "line 1: Conversation 'a' must be a list"),
        ("- a\n", "line 1: A file of conversations must be a mapping"),
    ],
)
def test_tests_that_cannot_be_read(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "test.yaml"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_conversations(path)
