"""TOML from outside: the bound on dotted keys costs no more than reading."""

from __future__ import annotations

import time
import tomllib

import pytest

from cautery.model.toml import MOST_PARTS, parsed_toml

DOTS = "#" + "." * (MOST_PARTS + 20) + "\n"


@pytest.mark.parametrize(
    "line",
    [
        f'x = "{"a" * 400_000}"',
        f"# {'a-' * 200_000}",
        f"# {'a ' * 200_000}",
        "#" + "\"a'" * 100_000,
        "#" + ("a" + " " * 50) * 8_000,
    ],
    ids=["a word", "dashes", "words", "quotes", "blanks"],
)
def test_a_long_line_takes_time_by_its_length(line: str) -> None:
    """A word of 100 kB took half a minute, and one of 1 MB an hour."""
    began = time.process_time()
    parsed_toml(DOTS + line)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("part", ["a", '"a"', "'a' ", "a \t"])
def test_a_key_of_too_many_parts_is_refused(part: str) -> None:
    key = ".".join([part] * (MOST_PARTS + 2))
    with pytest.raises(tomllib.TOMLDecodeError, match="8 parts"):
        parsed_toml(f"b = 1\n  {key} = 1")


def test_long_headers_and_long_keys_below_them_are_refused() -> None:
    """The parser goes through both for each part of each key: 3.8 MB took 21 s."""
    header = "[x" + ".a" * MOST_PARTS + "]\n"
    with pytest.raises(tomllib.TOMLDecodeError, match="8 parts"):
        parsed_toml(header + "b = 1\n")
    longest = ".".join("abcdefgh"[:MOST_PARTS])
    text = f"[{longest}]\n" + "".join(f"k{number}.{longest[2:]} = 1\n" for number in range(20_000))
    began = time.process_time()
    parsed_toml(text)
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    "text", ["[[a]]\n" * 150_000, f"a = [{'1,' * 400_000}]", "\n" * 400_001, "#" * 16_000_001]
)
def test_more_than_the_parser_reads_in_ten_seconds_is_refused(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError, match="More than 400,000 lines and values"):
        parsed_toml(text)
