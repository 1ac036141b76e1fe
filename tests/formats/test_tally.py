"""What a reader could not read is shown up to a limit, then counted by its reason."""

from __future__ import annotations

import pytest

from cautery.formats._tally import Tally
from cautery.formats._values import ReadWarning
from cautery.formats.packing import Packer, Unpacker, pack_warnings, unpack_warnings
from cautery.messages import message


def test_reasons_beyond_the_limit_are_counted_each_with_its_own_values() -> None:
    tally = Tally(most=1)
    wide = message("unread.width", values=9, columns=3)
    narrow = message("unread.width", values=2, columns=3)
    shown = [*tally.add(4, wide, "(1,2)")]
    for why in (wide, narrow, wide):
        assert not [*tally.add(5, why, "x")]
    assert shown == [ReadWarning(line=4, why=wide, quoted="'(1,2)'")]
    assert [(rest.why, rest.count) for rest in tally.rest()] == [(narrow, 1), (wide, 2)]


def test_a_reason_goes_whole_from_the_reading_process_to_the_watch() -> None:
    warnings = (ReadWarning(line=3, why=message("unread.zone", zone="'X'"), quoted="x", count=2),)
    packer = Packer()
    pack_warnings(packer, warnings)
    assert unpack_warnings(Unpacker(packer.packed())) == warnings


@pytest.mark.parametrize("why", [None, 7, [], {"values": {}}, {"id": "a.b", "values": []}])
def test_a_reason_that_is_no_message_is_refused(why: object) -> None:
    packer = Packer()
    packer.json([[1, why, "", 1]])
    with pytest.raises(ValueError, match="a reason that is not valid"):
        unpack_warnings(Unpacker(packer.packed()))
