"""Media that are joined again from sealed answers have a bound, whatever a record says of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cautery.errors import EvidenceError
from cautery.model import digest_of
from cautery.model.records.scoring import MediaPiece
from cautery.workflows.media import segments
from cautery.workflows.media.segments import answers_in, joined_again

BODY = bytes(1 << 20)
PIECE = MediaPiece(payload=digest_of(BODY), byte_range=None, key=None, iv=None)


class Shelf:
    """A vault of one large archive, that counts how often it is read."""

    def __init__(self) -> None:
        self.read_so_often = 0

    def pieces(self, exhibit: str, *, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        self.read_so_often += 1
        yield BODY[start:stop]


def test_one_answer_that_is_named_ten_thousand_times_is_joined_no_further_than_the_bound() -> None:
    joined = 0

    def pieces():  # type: ignore[no-untyped-def]  # counts how far it is asked
        nonlocal joined
        for _ in range(10_000):
            joined += 1
            yield PIECE

    with pytest.raises(EvidenceError, match="too large"):
        joined_again(pieces(), {PIECE.payload: BODY})
    assert joined == 65
    assert len(joined_again([PIECE] * 64, {PIECE.payload: BODY})) == segments.MOST_BYTES


def test_archives_are_read_no_further_than_the_bound_and_each_once() -> None:
    shelf = Shelf()
    names = [digest_of(str(number).encode()) for number in range(10_000)]
    with pytest.raises(EvidenceError, match="too large"):
        answers_in(names, shelf)  # type: ignore[arg-type]  # of a vault only this is asked
    assert shelf.read_so_often == 257
    assert answers_in(names[:1] * 10_000, shelf) == {}  # type: ignore[arg-type]
    assert shelf.read_so_often == 258
