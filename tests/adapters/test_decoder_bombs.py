"""Media made to hurt: a sentence or a small answer comes back, and the next job works."""

from __future__ import annotations

import pytest

from cautery.adapters.decoder import ChildDecoder
from cautery.errors import DecodeError
from cautery.lab._hostile_bodies import black
from cautery.lab.attacks import ATTACKS, Attack

BOMBS = [one for one in ATTACKS.values() if one.kind == "stream" and one.body is not None]


@pytest.mark.parametrize("attack", BOMBS, ids=lambda one: one.name)
async def test_a_bomb_is_refused_and_the_next_job_works(attack: Attack) -> None:
    async with ChildDecoder(workers=1) as decoder:
        with pytest.raises(DecodeError):
            await decoder.decode(attack.body(), pictures=True)
        after = await decoder.decode(black(320, 180, 50), pictures=True)
    assert after.luma.shape[0] > 20


async def test_a_thousand_frames_a_second_give_no_more_pictures_than_12_5() -> None:
    async with ChildDecoder(workers=1) as decoder:
        decoded = await decoder.decode(black(64, 64, 3000, 1000), pictures=True)
    assert 30 < decoded.luma.shape[0] <= 3 * 12.5 + 1
