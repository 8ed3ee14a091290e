"""A bot's YAML as a description, every name in it checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TypeVar

from gatelet.chat.description import (
    ASK,
    SET,
    UNSET,
    Answer,
    Description,
    Example,
    Intent,
    Pair,
    Slot,
    Story,
    Turn,
    Variant,
)
from gatelet.chat.marking import example, told
from gatelet.chat.yaml_file import Value
from gatelet.errors import DataError
from gatelet.features.text.acts import DialogueAct

KEYS = ("bot", "slots", "intents", "answers", "stories", "pairs", "unknown", "acts")
NAME = re.compile(r"\w+")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
UNKNOWN = ("Sorry, I do not know that.",)

T = TypeVar("T")


def describe(top: Value) -> Description:
    """The bot that a file describes.

    Raises:
        DataError: a key, intent, slot or answer is unknown, there twice or lacks what it needs (file and line).
    """
    parts = top.fields("A bot", KEYS, needed=("intents", "answers"))
    slots = {name: _slot(name, key, value) for name, key, value in _named(parts, "slots")}
    answers = {name: _answer(name, key, value, slots) for name, key, value in _named(parts, "answers")}
    for slot in slots.values():
        if slot.ask:
            _need_free(ASK + slot.name, answers, parts["answers"])
            variants = tuple(Variant(_template(text, slots, parts["slots"])) for text in slot.ask)
            answers[ASK + slot.name] = Answer(ASK + slot.name, variants, asks=slot.name)
    _check_needs(answers, slots, parts["answers"])
    intents = {name: _intent(name, key, value, slots, answers) for name, key, value in _named(parts, "intents")}
    if not intents:
        raise parts["intents"].error("intents must hold one at least; it holds none.")
    unknown, elsewhere = _unknown(parts["unknown"], slots) if "unknown" in parts else (UNKNOWN, ())
    acts = tuple(map(_said, parts["acts"].entries("acts"))) if "acts" in parts else ()
    if not acts:
        for name, key, _ in _named(parts, "answers"):
            if any(variant.act for variant in answers[name].variants):
                raise key.error(
                    f"answer {name!r} says an act, but there are no acts to learn from; add the key 'acts'."
                )
    return Description(
        name=parts["bot"].text("bot") if "bot" in parts else "bot",
        intents=intents,
        slots=slots,
        answers=answers,
        stories=tuple(_story(name, value, intents, slots, answers) for name, _, value in _named(parts, "stories")),
        pairs=tuple(_pair(value, slots) for value in (parts["pairs"].entries("pairs") if "pairs" in parts else ())),
        unknown=unknown,
        elsewhere=elsewhere,
        acts=acts,
    )


def kept_value(slot: Slot, said: str) -> str:
    """The value of a slot that is kept for what was said."""
    return slot.values.get(said.lower(), said)


def _named(parts: Mapping[str, Value], part: str) -> list[tuple[str, Value, Value]]:
    """Name, key and value of each entry of a part of the bot."""
    found = list(parts[part].items(part)) if part in parts else []
    for name, key, _ in found:
        if part != "stories" and not NAME.fullmatch(name):
            raise key.error(f"a name must consist of letters, digits and _; got {name!r:.60}.")
    return found


def _slot(name: str, key: Value, value: Value) -> Slot:
    if value.content == "":
        return Slot(name, {})
    fields = value.fields(f"slot {name!r}", ("ask", "values"))
    ask = tuple(each.text("ask") for each in fields["ask"].entries("ask")) if "ask" in fields else ()
    values: dict[str, str] = {}
    known = fields.get("values")
    if known is not None and isinstance(known.content, dict):
        for kept, _, others in known.items("values"):
            for other in (kept, *(each.text("A value") for each in others.entries("values"))):
                _need_new(other.lower(), values, others, "value")
                values[other.lower()] = kept
    elif known is not None:
        for each in known.entries("values"):
            kept = each.text("A value")
            _need_new(kept.lower(), values, each, "value")
            values[kept.lower()] = kept
    return Slot(name, values, ask)


def _answer(name: str, key: Value, value: Value, slots: Mapping[str, Slot]) -> Answer:
    if not isinstance(value.content, dict):
        return Answer(name, tuple(_variant(each, slots) for each in value.entries(f"answer {name!r}")))
    fields = value.fields(f"answer {name!r}", ("say", "act", "needs", "forget"))
    if ("say" in fields) == ("act" in fields):
        raise key.error(f"answer {name!r} must have either 'say' or 'act'; it has {', '.join(fields) or 'neither'}.")
    if "say" in fields:
        variants = tuple(_variant(each, slots) for each in fields["say"].entries("say"))
    else:
        variants = tuple(Variant(None, _act(each, slots)) for each in fields["act"].entries("act"))
    lists = {
        part: tuple(_known(each, slots, "slot") for each in fields[part].entries(part)) if part in fields else ()
        for part in ("needs", "forget")
    }
    return Answer(name, variants, lists["needs"], lists["forget"])


def _variant(value: Value, slots: Mapping[str, Slot]) -> Variant:
    if not isinstance(value.content, dict):
        return Variant(_template(value.text("A text to say"), slots, value))
    fields = value.fields("A text to say", ("text", "when"), needed=("text", "when"))
    when = {_known(key, slots, "slot"): asked.text("A condition") for _, key, asked in fields["when"].items("when")}
    when = {name: asked if asked in (SET, UNSET) else kept_value(slots[name], asked) for name, asked in when.items()}
    return Variant(_template(fields["text"].text("text"), slots, fields["text"]), when=when)


def _act(value: Value, slots: Mapping[str, Slot]) -> DialogueAct:
    text = _template(value.text("An act"), slots, value)
    try:
        return DialogueAct.parse(text)
    except DataError as error:
        raise value.error(str(error)) from error


def _template(text: str, slots: Mapping[str, Slot], value: Value) -> str:
    for name in PLACEHOLDER.findall(text):
        if name not in slots:
            raise value.error(f"slot {{{name:.60}}} is not declared; declared are {', '.join(slots) or 'none'}.")
    return text


def _intent(name: str, key: Value, value: Value, slots: Mapping[str, Slot], answers: Mapping[str, Answer]) -> Intent:
    answer, examples = None, value
    if isinstance(value.content, dict):
        fields = value.fields(f"intent {name!r}", ("examples", "answer"))
        if "examples" not in fields:
            raise key.error(f"intent {name!r} must have examples; it has {', '.join(fields) or 'none'}.")
        examples = fields["examples"]
        answer = _known(fields["answer"], answers, "answer") if "answer" in fields else None
    if not examples.content:
        raise key.error(f"intent {name!r} must have examples; it has none.")
    return Intent(name, tuple(example(each, slots) for each in examples.entries(f"intent {name!r}")), answer)


def _story(
    name: str,
    value: Value,
    intents: Mapping[str, Intent],
    slots: Mapping[str, Slot],
    answers: Mapping[str, Answer],
) -> Story:
    known = {each.words: intent.name for intent in intents.values() for each in intent.examples}
    turns, entries = [], value.entries(f"story {name!r}")
    for user, bot in zip(entries[::2], [*entries[1::2], None], strict=False):
        said = user.fields(f"A turn of story {name!r}", ("user", "intent"), needed=("user",))
        if bot is None:
            raise user.error(f"story {name!r} must answer every turn of the user; the last one has no 'bot'.")
        heard = example(said["user"], slots)
        lowered = tuple(word.lower() for word in heard.words)
        intent = _known(said["intent"], intents, "intent") if "intent" in said else known.get(heard.words)
        intent = intent or {tuple(word.lower() for word in each): known[each] for each in known}.get(lowered)
        if intent is None:
            raise user.error(f"{heard.text!r:.60} is no example of an intent, so that its 'intent' must be named.")
        answered = bot.fields(f"A turn of story {name!r}", ("bot",), needed=("bot",))["bot"]
        filled = tuple((slot, kept_value(slots[slot], text)) for slot, text in told(heard.text, heard.tags))
        turns.append(Turn(intent, filled, _known(answered, answers, "answer"), answered.place))
    return Story(name, tuple(turns))


def _pair(value: Value, slots: Mapping[str, Slot]) -> Pair:
    fields = value.fields("A pair", ("question", "answer"), needed=("question", "answer"))
    questions = tuple(example(each, {}) for each in fields["question"].entries("question"))
    return Pair(questions, fields["answer"].text("answer"))


def _unknown(value: Value, slots: Mapping[str, Slot]) -> tuple[tuple[str, ...], tuple[Example, ...]]:
    if not isinstance(value.content, dict):
        return tuple(each.text("unknown") for each in value.entries("unknown")), ()
    fields = value.fields("unknown", ("say", "examples"))
    say = tuple(each.text("say") for each in fields["say"].entries("say")) if "say" in fields else UNKNOWN
    examples = fields["examples"].entries("examples") if "examples" in fields else ()
    return say, tuple(example(each, slots) for each in examples)


def _said(value: Value) -> tuple[str, str]:
    fields = value.fields("An act to learn from", ("act", "text"), needed=("act", "text"))
    return str(_act(fields["act"], {})), fields["text"].text("text")


def _known(value: Value, names: Collection[str], what: str) -> str:
    name = value.text(f"The name of a {what}")
    if name not in names:
        raise value.error(f"{what} {name!r:.60} is unknown; known are {', '.join(names) or 'none'}.")
    return name


def _need_new(name: str, seen: Collection[str], value: Value, what: str) -> None:
    if name in seen:
        raise value.error(f"{what} {name!r:.60} is there twice.")


def _need_free(name: str, answers: Mapping[str, Answer], value: Value) -> None:
    if name in answers:
        raise value.error(f"answer {name!r} is made from 'ask' of its slot, and must not be there a second time.")


def _check_needs(answers: Mapping[str, Answer], slots: Mapping[str, Slot], value: Value) -> None:
    """Raise DataError where an answer needs a slot that is never asked for."""
    assert isinstance(value.content, dict)
    for name, (key, _) in value.content.items():
        for slot in answers[name].needs:
            if not slots[slot].ask:
                raise key.error(f"answer {name!r} needs slot {slot!r}, which must have the key 'ask'; it has none.")


def bot_name(path: Path) -> str:
    """What a bot is called whose file does not say."""
    return path.stem
