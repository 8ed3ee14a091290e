"""Marks, retrieval and dialogues, each on its own."""

import json

import pytest

from gatelet.chat import Dialogue
from gatelet.chat.description import Answer, Variant
from gatelet.chat.marking import example, told, varied
from gatelet.chat.retrieval import Retrieval
from gatelet.chat.yaml_file import Value


def test_marks_of_several_words_and_punctuation() -> None:
    found = example(Value("From [New York](city), to [Köln](city)!", "x"), {"city": None})
    assert found.text == "From New York, to Köln!"
    assert found.words == ("From", "New", "York", ",", "to", "Köln", "!")
    assert found.tags == ("O", "B-city", "I-city", "O", "O", "B-city", "O")
    assert told(found.text, found.tags) == [("city", "New York"), ("city", "Köln")]
    assert told("at  7:30  pm", ["O", "B-time", "I-time", "I-time", "I-time"]) == [("time", "7:30  pm")]
    assert told("", []) == []


def test_copies_with_other_values() -> None:
    first = example(Value("to [Rome](city) today", "x"), {"city": None})
    found = varied([first], {"city": ["New York", "Rome", "Oslo"]}, 10, seed=0)
    assert {each.text for each in found} == {"to Rome today", "to New York today", "to Oslo today"}
    york = next(each for each in found if "New" in each.words)
    assert york.tags == ("O", "B-city", "I-city", "O")


def test_the_nearest_text() -> None:
    found = Retrieval(["where are you", "what is your address", "can i pay by card"])
    assert found.nearest("Where are you?")[0] == 0 and found.nearest("where are you")[1] == pytest.approx(1.0)
    number, cosine = found.nearest("your adress?")
    assert number == 1 and 0.3 < cosine < 1.0
    assert found.nearest("zzz") == (-1, 0.0) == Retrieval([]).nearest("where")


def test_what_is_possible_in_a_dialogue() -> None:
    dialogue = Dialogue(slots={"day": "friday"})
    variants = (Variant("For {people}."), Variant("Ever."), Variant("Fish!", when={"day": "friday"}))
    answer = Answer("a", variants)
    assert [variant.text for variant in dialogue.possible(answer)] == ["Ever.", "Fish!"]
    assert dialogue.give(answer).text == "Fish!"
    dialogue.slots["day"] = "monday"
    assert dialogue.give(answer).text == "Ever."
    unset = Answer("b", (Variant("Which?", when={"day": "unset"}), Variant("Ah.", when={"day": "set"})))
    assert [variant.text for variant in dialogue.possible(unset)] == ["Ah."]
    needy = Answer("c", variants, needs=("people",), forget=("day",))
    assert dialogue.missing(needy) == ["people"] and not dialogue.possible(needy)
    assert not dialogue.possible(Answer("ask_day", (Variant("When?"),), asks="day"))
    dialogue.close(needy)
    assert dialogue.slots == {} and dialogue.last == "c"
    assert Dialogue(**json.loads(json.dumps(dialogue.to_json()))) == dialogue
