"""A playlist that has not grown is read once; what others answer, or how it fails, is not kept."""

from __future__ import annotations

from typing import Any

import pytest

from cautery.errors import SourceError
from cautery.workflows.media.unchanged import MOST_BYTES, MOST_KEPT, ReadOnce


class Counting:
    """Fulfils the readers' port, and counts."""

    def __init__(self) -> None:
        self.reads = 0

    async def read(self, job: str, asked: Any, data: bytes) -> bytes:
        self.reads += 1
        if data == b"broken":
            raise SourceError("no playlist")
        return f"{job} {asked['base']} ".encode() + data


async def test_the_same_bytes_are_read_once_and_others_anew() -> None:
    below = Counting()
    readers = ReadOnce(below)
    bodies = (b"one", b"one", b"two", b"two", b"one")
    answers = [await readers.read("hls", {"base": "a"}, body) for body in bodies]
    assert answers == [b"hls a " + body for body in bodies]
    assert below.reads == 3


async def test_what_is_asked_of_another_place_is_another_question() -> None:
    readers = ReadOnce(Counting())
    answers = [await readers.read("hls", {"base": base}, b"one") for base in "ab"]
    assert answers == [b"hls a one", b"hls b one"]


async def test_a_failure_is_asked_about_again() -> None:
    below = Counting()
    readers = ReadOnce(below)
    for _ in range(2):
        with pytest.raises(SourceError):
            await readers.read("hls", {"base": "a"}, b"broken")
    assert below.reads == 2


async def test_memory_is_bounded_in_number_and_size() -> None:
    below = Counting()
    readers = ReadOnce(below)
    for number in range(MOST_KEPT + 1):
        await readers.read("hls", {"base": str(number)}, b"one")
    await readers.read("hls", {"base": "0"}, b"one")
    assert below.reads == MOST_KEPT + 2
    for _ in range(2):
        await readers.read("hls", {"base": "long"}, bytes(MOST_BYTES))
    assert below.reads == MOST_KEPT + 4
