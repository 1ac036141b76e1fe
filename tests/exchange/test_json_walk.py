"""A large JSON text comes value by value as all of it would, whatever it is cut into."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import InputError
from cautery.exchange import json_walk
from cautery.exchange.json_walk import LONGEST_VALUE, Path, walk

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=30,
)


def _whole(_path: Path, _sign: str) -> bool:
    return False


def _values_at(value: Any, path: Path, deepest: int) -> list[tuple[Path, Any]]:
    """Return what a walk that splits to a depth must yield, by the whole value."""
    if len(path) >= deepest or not isinstance(value, dict | list):
        return [(path, value)]
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    return [pair for step, part in parts for pair in _values_at(part, (*path, step), deepest)]


@given(
    value=VALUES,
    deepest=st.integers(0, 4),
    piece=st.sampled_from([1, 2, 3, 7, 64]),
    space=st.sampled_from([None, 1]),
    is_ascii=st.booleans(),
)
def test_a_text_is_walked_as_it_is_read_whole_in_pieces_of_any_size(
    value: Any, deepest: int, piece: int, space: int | None, *, is_ascii: bool
) -> None:
    raw = json.dumps(value, indent=space, ensure_ascii=is_ascii).encode()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_walk, "_PIECE", piece)
        walked = list(walk(raw, "x", lambda path, _sign: len(path) < deepest))
        again = list(walk(raw, "x", lambda path, _sign: len(path) < deepest, is_checked=True))

    assert walked == again == _values_at(value, (), deepest)


@pytest.mark.parametrize("piece", [1, 2, 5, 64])
def test_numbers_go_on_in_the_next_piece(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_walk, "_PIECE", piece)
    raw = b'\xef\xbb\xbf {"a": [1, 23, -4.5e1, "\\u00e9"], "c" :null , "e":12} \n'

    walked = list(walk(raw, "x", lambda path, _sign: path in ((), ("a",))))

    assert walked == [
        (("a", 0), 1),
        (("a", 1), 23),
        (("a", 2), -45.0),
        (("a", 3), "é"),
        (("c",), None),
        (("e",), 12),
    ]


def test_what_opens_with_another_sign_comes_whole() -> None:
    raw = b'{"a": {"b": 1}, "c": [2]}'

    walked = list(walk(raw, "x", lambda path, sign: not path or sign == "["))

    assert walked == [(("a",), {"b": 1}), (("c", 0), 2)]


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "the file: it is no JSON at character 0"),
    "space": (b" \n ", "no JSON at character 3"),
    "a name that is none": (b"{1: 2}", "no JSON at character 1: a name"),
    "no comma": (b'{"a": [1 2]}', r"a: it is no JSON at character 9: a comma is missing"),
    "no colon": (b'{"a" 1}', "a colon is missing"),
    "a comma too many": (b'{"a": [1,]}', r"a\[1\]: it is no JSON at character 9"),
    "cut off": (b'{"a": [1, "b', "no JSON at character 10"),
    "more behind it": (b"{} {}", "character 3: something stands after its end"),
    "not UTF-8": (b'{"a": "\xff"}', "not UTF-8, before byte"),
    "half a letter at the end": (b'{"a": "\xc3', "not UTF-8"),
    "a surrogate in UTF-8": (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
    "two byte order marks": (b"\xef\xbb\xbf\xef\xbb\xbf{}", "no JSON"),
    "NaN": (b'{"a": [NaN]}', r"a\[0\]: it is no JSON at .* NaN is no number of JSON"),
    "infinity": (b'{"a": [[-Infinity]]}', "-Infinity is no number of JSON"),
    "a number of 5,000 digits": (b'{"a": ' + b"1" * 5_000 + b"}", "digits"),
    "a name twice": (b'{"a": [{"b": 1, "b": 2}]}', r"a\[0\]: the name 'b' stands twice"),
    "a name twice where it is split": (b'{"a": 1, "a": 2}', "the file: the name 'a' stands twice"),
    "a surrogate twice": (b'{"\\ud800": 1, "\\ud800": 2}', r"name '\\ud800' stands twice"),
    "65 deep": (b'{"a": [' + b"[" * 65 + b"]" * 65 + b"]}", r"a\[0\]: it is over 64 .* deep"),
    "100,000 deep": (b'{"a": [' + b'{"":' * 100_000, "nested too deeply"),
    "a long text": (b'{"a": "' + b"x" * LONGEST_VALUE + b'"}', "characters in one value"),
    "a long text without an end": (b'{"a": "' + b"x" * 3 * LONGEST_VALUE, "characters in one"),
    "a long number": (b'{"a": 0.' + b"1" * 2 * LONGEST_VALUE + b"}", "characters in one value"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_refused_names_file_place_and_rule(fault: str) -> None:
    raw, rule = REFUSED[fault]

    with pytest.raises(InputError, match=rule) as refusal:
        list(walk(raw, "theirs.json", lambda path, _sign: path in ((), ("a",))))

    assert str(refusal.value).startswith("theirs.json: ")
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 400


def test_what_is_64_deep_is_read() -> None:
    raw = b"[" * 64 + b"]" * 64

    assert list(walk(raw, "x", _whole)) == [((), json.loads(raw))]


@pytest.mark.parametrize(
    ("limit", "raw", "rule"),
    [
        ("MOST_BYTES", b"[1, 2, 3, 4]", "MiB"),
        ("MOST_ENTRIES", b"[1, 2, 3, 4]", "over 3 values"),
        ("MOST_MEMBERS", b'{"a": 1, "b": 2, "c": 3, "d": 4}', "over 3 values"),
    ],
)
def test_there_may_be_only_so_much(
    limit: str, raw: bytes, rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_walk, limit, 3)

    with pytest.raises(InputError, match=rule):
        list(walk(raw, "x", lambda path, _sign: not path))


def test_values_before_a_fault_come_first_and_whoever_has_enough_stops() -> None:
    values = walk(b'{"a": 1, "b": nonsense', "x", lambda path, _sign: not path)

    assert next(values) == (("a",), 1)
    values.close()
