import pytest

from gatelet.errors import DataError, GateletError
from gatelet.features.text.acts import DialogueAct, delexicalise, lexicalise, mark
from gatelet.features.text.slot_rules import SlotRules

INFORM = DialogueAct.parse("inform(name='red door cafe';area='mission or soma';kidsallowed=dont_care;near)")


def test_an_act_and_its_form() -> None:
    assert INFORM.type == "inform"
    assert INFORM.slots[0] == ("name", "red door cafe")
    assert INFORM.slots[1:] == (("area", "mission or soma"), ("kidsallowed", "dontcare"), ("near", "?"))
    assert INFORM.features == ("inform()", "area=_1", "kidsallowed=dontcare", "name=_1", "near=?")
    assert DialogueAct.parse(str(INFORM)) == INFORM
    assert DialogueAct.parse("goodbye()") == DialogueAct("goodbye")
    # the order of slots, quotes and other words for yes do not matter; the type does
    one, two = DialogueAct.parse("confirm(a=true;b='x')"), DialogueAct.parse("confirm(b=y;a='yes')")
    assert one.features == two.features != DialogueAct.parse("inform(b=y;a=yes)").features
    assert DialogueAct.parse("?select(food=thai;food=french)").features == ("?select()", "food=_1", "food=_2")


@pytest.mark.parametrize("text", ["", "inform", "inform(", "in form()", "inform(=x)", "inform(name=)", "()"])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="must look like"):
        DialogueAct.parse(text)


def test_values_go_out_and_come_back() -> None:
    # the longest value first, an "or" in any order, once
    said = "red door cafe is in soma and mission , red door cafe !"
    marked = delexicalise(INFORM, said)
    assert marked == "SLOT_NAME is in SLOT_AREA , red door cafe !".split()
    assert " ".join(lexicalise(INFORM, marked)) == "red door cafe is in mission or soma , red door cafe !"
    assert delexicalise(DialogueAct("goodbye"), "good bye") == ["good", "bye"]
    # special values stay; a value within a longer word is none
    act = DialogueAct.parse("inform(kidsallowed=no;price=cheap)")
    assert delexicalise(act, "no kids , cheapest") == ["no", "kids", ",", "cheapest"]
    assert delexicalise(act, "Cheap and cheap") == [mark("price"), "and", "cheap"]


def test_two_values_of_one_slot_in_their_order() -> None:
    act = DialogueAct.parse("?select(food=thai;food=french)")
    assert lexicalise(act, [mark("food"), "or", mark("food"), mark("food")]) == ["thai", "or", "french", mark("food")]
    assert mark("price range") == "SLOT_PRICE_RANGE"


def test_what_slots_a_sentence_is_held_to() -> None:
    rules = SlotRules({"kids": ("child", "kid")}, uncounted_slots=("type",), uncounted_acts=("?select",))
    act = DialogueAct.parse("inform(name=x;type=hotel;kids=dontcare;area=dontcare;near)")
    assert rules.wanted(act) == {"name": 1, "kids": 1}
    assert rules.expressed(("name", "type", "area")) == {
        "name": ("SLOT_NAME",),
        "area": ("SLOT_AREA",),
        "kids": ("child", "kid"),
    }
    assert rules.counts(act) and not rules.counts(DialogueAct("?select"))
    with pytest.raises(GateletError, match="keywords of slot 'kids'"):
        SlotRules({"kids": ()})
