from pathlib import Path

import pytest

from gatelet.chat.yaml_file import Value, parse_yaml, read_yaml
from gatelet.errors import DataError


def test_scalars_are_texts_with_their_lines() -> None:
    top = parse_yaml("# a comment\na: no\nb:\n  - 012\n  - {c: ~}\n", "x.yaml")
    fields = top.fields("It", ("a", "b"))
    assert (fields["a"].content, fields["a"].place) == ("no", "x.yaml, line 2")
    first, second = fields["b"].entries("b")
    assert (first.content, first.place, second.place) == ("012", "x.yaml, line 4", "x.yaml, line 5")
    assert Value("one", "here").entries("It") == [Value("one", "here")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1, 2\nb: 3\n", "x.yaml, line 2: this is no YAML"),
        ("a: b: c\n", "x.yaml, line 1: this is no YAML"),
        ("\ta: 1\n", "x.yaml, line 1: this is no YAML"),
        ("a: &n [1]\nb: *n\n", "x.yaml, line 1: anchors and aliases"),
        ("a: 1\n\na: 2\n", r"x.yaml, line 3: 'a' is there twice; the first is in x.yaml, line 1"),
        ("a:\n  ? [1]\n  : 2\n", "x.yaml, line 2: a key must be a text"),
        ("[" * 21 + "]" * 21, "line 1: more than 20 lists"),
        ("a: 1\nb: \x07\n", "x.yaml, line 2: the character #x0007"),
        ("--- 1\n--- 2\n", "x.yaml, line 2: this is no YAML"),
        ("", "x.yaml is empty"),
        ("# nothing\n", "x.yaml is empty"),
    ],
)
def test_what_is_no_yaml_is_named_by_its_line(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_yaml(text, "x.yaml")


def test_tags_execute_nothing() -> None:
    top = parse_yaml("a: !!python/object/apply:os.system [echo]\n", "x.yaml")
    assert [each.content for each in top.fields("It", ("a",))["a"].entries("a")] == ["echo"]


def test_another_encoding_is_named_by_its_byte(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("a: ü\n".encode("latin-1"))
    with pytest.raises(DataError, match=r"x.yaml must be UTF-8; got byte 0xfc at offset 3\."):
        read_yaml(path)
    with pytest.raises(DataError, match="There is no file"):
        read_yaml(tmp_path / "none.yaml")


def test_kinds_that_are_not_wanted() -> None:
    top = parse_yaml("a: {b: 1}\nc: []\nd:\n", "x.yaml")
    fields = top.fields("It", ("a", "c", "d"))
    with pytest.raises(DataError, match=r"line 1: It must be a text; got a mapping\."):
        fields["a"].text("It")
    with pytest.raises(DataError, match=r"line 2: It must be a list with one entry at least; got a list\."):
        fields["c"].entries("It")
    with pytest.raises(DataError, match=r"line 3: It must be a text; got nothing\."):
        fields["d"].text("It")
    with pytest.raises(DataError, match=r"line 2: It must be a mapping of names; got a list\."):
        fields["c"].fields("It", ())
