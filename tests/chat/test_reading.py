from pathlib import Path

import pytest

from gatelet.chat.description import Description
from gatelet.chat.practice import CONVERSATIONS, practise
from gatelet.chat.reading import describe
from gatelet.chat.yaml_file import parse_yaml
from gatelet.errors import DataError

from .conftest import SMALL

EXAMPLES = Path(__file__).parents[2] / "examples" / "chat"


def small() -> Description:
    return describe(parse_yaml(SMALL, "small.yaml"))


def test_what_the_file_says() -> None:
    found = small()
    assert list(found.answers) == ["welcome", "booked", "dish", "ask_people", "ask_day"]
    assert found.slots["people"].values == {"2": "2", "two": "2", "a couple": "2", "4": "4", "four": "4"}
    example = found.intents["eat"].examples[1]
    assert (example.text, example.tags) == ("i like french food", ("O", "O", "B-food", "I-food"))
    # a turn that is an example needs no intent, whatever its capitals
    assert found.stories[1].turns[0].intent == "book"
    assert found.stories[1].turns[0].slots == (("people", "4"), ("day", "friday"))
    assert found.intents["greet"].answer == "welcome" and found.acts[0][0] == "offer(food='greek')"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bot: Small", "bots: Small", "line 1: A bot has the unknown key 'bots'; known are bot, slots"),
        ("{examples: [hello, good evening, hi there, hello there], answer: welcome}", "{answer: welcome}",
         "line 11: intent 'greet' must have examples; it has answer"),
        ("  tell: [", "  none: []\n  tell: [", "line 18: intent 'none' must have examples; it has none"),
        ("[thai](food) food", "[thai](dish) food", "line 19: slot 'dish' is not declared"),
        ("answer: welcome", "answer: wellcome", "line 11: answer 'wellcome' is unknown; known are welcome"),
        ("- bot: dish", "- bot: dishes", "line 54: answer 'dishes' is unknown"),
        ("A table for {people}, {day}.", "A table for {persons}.", "line 25: slot {persons} is not declared"),
        ("- A table for {people}, {day}.", "- {text: x, when: {days: friday}}", "line 25: slot 'days' is unknown"),
        ("  tell: [", "  book: [", "line 18: 'book' is there twice; the first is in bot.yaml, line 12"),
        ("  welcome: [", "  ask_day: x\n  welcome: [", "answer 'ask_day' is made from 'ask' of its slot"),
        ("forget: food", "forget: foods", "line 30: slot 'foods' is unknown"),
        ("needs: [people, day]", "needs: [people, food]", "line 22: answer 'booked' needs slot"),
        ("act: offer(food={food})", "act: offer", "line 29: A dialogue act must look like"),
        ("act: offer(food={food})", "act: offer(food={foods})", "line 29: slot {foods} is not declared"),
        ("    act: offer(food={food})\n", "", "line 28: answer 'dish' must have either 'say' or 'act'; it has forget"),
        ('"4": [four]', '"4": [Two]', "line 5: value 'two' is there twice"),
        ("    - user: book a table\n", "    - user: buy a table\n", "line 33: 'buy a table' is no example"),
        ("    - user: book a table\n", "    - said: book a table\n", "line 33: A turn of story 'step by step'"),
        ("    - user: i like [thai](food)\n    - bot: dish\n", "    - user: i like [thai](food)\n",
         "line 53: story 'food' must answer every turn"),
        ("[two](people)\n", "[ ](people)\n", "line 15: the mark of slot 'people' must hold a word"),
        ("  greet:", "  gr eet:", "line 11: a name must consist of letters, digits and _; got 'gr eet'"),
        ("answer: 12 Mill Lane.", "answr: 12 Mill Lane.", "line 56: A pair has the unknown key 'answr'"),
    ],
)  # fmt: skip
def test_errors_are_named_by_their_line(old: str, new: str, message: str) -> None:
    assert old in SMALL
    with pytest.raises(DataError) as found:
        describe(parse_yaml(SMALL.replace(old, new, 1), "bot.yaml"))
    assert message in str(found.value) and str(found.value).startswith("bot.yaml, line ")


def test_acts_need_something_to_learn_from() -> None:
    without = SMALL[: SMALL.index("acts:")]
    with pytest.raises(DataError, match=r"line 28: answer 'dish' says an act, but there are no acts to learn"):
        describe(parse_yaml(without, "bot.yaml"))
    with pytest.raises(DataError, match=r"bot.yaml, line 1: A bot must have the key 'intents'; it has bot"):
        describe(parse_yaml("bot: x\n", "bot.yaml"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "    - bot: ask_people\n",
            "    - bot: booked\n",
            "line 34: answer 'booked' needs slot 'people', wh",
        ),
        (
            "    - bot: ask_day\n",
            "    - bot: ask_people\n",
            "line 36: answer 'ask_people' asks for slot",
        ),
        (
            "    - bot: ask_people\n",
            "    - bot: dish\n",
            "line 34: answer 'dish' has no text that fits",
        ),
    ],
)
def test_stories_that_cannot_be_are_named_by_their_line(old: str, new: str, message: str) -> None:
    with pytest.raises(DataError) as found:
        practise(describe(parse_yaml(SMALL.replace(old, new, 1), "bot.yaml")), 0)
    assert str(found.value).startswith(f"bot.yaml, {message}")


def test_stories_are_practised_in_a_row_and_with_asides() -> None:
    train, validation = practise(small(), 0)
    assert len(train) == CONVERSATIONS and len(validation) == CONVERSATIONS // 4
    assert max(map(len, train)) > 6 and min(map(len, train)) >= 1
    asides = [turns for turns in train for one, two in zip(turns, turns[1:], strict=False)
              if two.answer == "welcome" and one.answer == "ask_people"]  # fmt: skip
    assert asides
    assert all(abs(turn.probabilities.sum() - 1.0) < 1e-9 for turns in train for turn in turns)
    again, _ = practise(small(), 0)
    assert [turn.answer for turn in again[7]] == [turn.answer for turn in train[7]]


def test_the_bot_that_ships_is_well_formed() -> None:
    found = describe(parse_yaml((EXAMPLES / "table.yaml").read_text(encoding="utf-8"), "table.yaml"))
    assert len(found.intents) == 8 and practise(found, 0)
