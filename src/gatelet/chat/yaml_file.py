"""YAML that remembers where everything stands, so that every error can name its line.

Scalars are read as the text that they are: `no` is a word here, not a truth value. Nothing in a file is executed, and
anchors are refused, by which a few lines could stand for billions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gatelet.errors import DataError, require
from gatelet.features.text.reading import decoded

# lists and mappings within each other; a bot has six
DEEPEST = 20


@dataclass(frozen=True)
class Value:
    """A text, a list or a mapping, and where it stands.

    Attributes:
        content: the text; the entries; or the fields by name, each with the value of its key.
        place: "bot.yaml, line 3".
    """

    content: str | list[Value] | dict[str, tuple[Value, Value]]
    place: str

    def text(self, what: str) -> str:
        """This text, without spaces at its ends.

        Raises:
            DataError: it is empty, or no text.
        """
        if not isinstance(self.content, str) or not self.content.strip():
            raise self.error(f"{what} must be a text; got {self._kind()}.")
        return self.content.strip()

    def entries(self, what: str) -> list[Value]:
        """The entries of this list; a single text counts as a list of one.

        Raises:
            DataError: it is a mapping, or empty.
        """
        if isinstance(self.content, str) and self.content.strip():
            return [self]
        if not isinstance(self.content, list) or not self.content:
            raise self.error(f"{what} must be a list with one entry at least; got {self._kind()}.")
        return self.content

    def items(self, what: str) -> Iterator[tuple[str, Value, Value]]:
        """Name, key and value of each field of this mapping.

        Raises:
            DataError: it is none.
        """
        if not isinstance(self.content, dict):
            raise self.error(f"{what} must be a mapping of names; got {self._kind()}.")
        return ((name, key, value) for name, (key, value) in self.content.items())

    def fields(self, what: str, known: Iterable[str], needed: Iterable[str] = ()) -> dict[str, Value]:
        """The fields of this mapping.

        Raises:
            DataError: it is none, has a field that is not known, or lacks one that is needed.
        """
        found = {}
        for name, key, value in self.items(what):
            if name not in known:
                raise key.error(f"{what} has the unknown key {name!r:.60}; known are {', '.join(known)}.")
            found[name] = value
        for name in needed:
            if name not in found:
                raise self.error(f"{what} must have the key {name!r}; it has {', '.join(found) or 'none'}.")
        return found

    def error(self, sentence: str) -> DataError:
        """An error that names this place."""
        return DataError(f"{self.place}: {sentence}")

    def _kind(self) -> str:
        if isinstance(self.content, str):
            return f"{self.content!r:.60}" if self.content.strip() else "nothing"
        return "a list" if isinstance(self.content, list) else "a mapping"


def read_yaml(path: Path) -> Value:
    """What a YAML file holds.

    Raises:
        DataError: no such file, not UTF-8 (file and byte offset), or no YAML (file and line).
        MissingExtraError: without the PyYAML library.
    """
    return parse_yaml(decoded(path), str(path))


def parse_yaml(text: str, name: str) -> Value:
    """What a text in YAML holds.

    Args:
        text: of the file.
        name: of the file, for errors.

    Raises:
        DataError: it is no YAML (file and line).
        MissingExtraError: without the PyYAML library.
    """
    yaml = require("yaml", "text")
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
                raise DataError(f"{_place(name, event)}: anchors and aliases (& and *) are not read here.")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise DataError(f"{_place(name, event)}: more than {DEEPEST} lists and mappings within each other.")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        at, character = text.count("\n", 0, error.position) + 1, f"#x{error.character:04x}"
        raise DataError(f"{name}, line {at}: the character {character} must not stand in YAML.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise DataError(f"{name}{line}: this is no YAML: {problem}.") from error
    if node is None:
        raise DataError(f"{name} is empty.")
    return _value(node, name)


def _value(node: Any, name: str) -> Value:
    place = _place(name, node)
    if node.id == "scalar":
        return Value(node.value, place)
    if node.id == "sequence":
        return Value([_value(each, name) for each in node.value], place)
    fields: dict[str, tuple[Value, Value]] = {}
    for key, value in node.value:
        if key.id != "scalar":
            raise DataError(f"{_place(name, key)}: a key must be a text.")
        if key.value in fields:
            raise DataError(f"{_place(name, key)}: {key.value!r:.60} is there twice; the first is in "
                            f"{fields[key.value][0].place}.")  # fmt: skip
        fields[key.value] = (Value(key.value, _place(name, key)), _value(value, name))
    return Value(fields, place)


def _place(name: str, node: Any) -> str:
    return f"{name}, line {node.start_mark.line + 1}"
