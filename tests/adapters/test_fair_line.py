"""The line of strangers: each address in its turn, few at a time, and a rest after each turn."""

from __future__ import annotations

import asyncio
from typing import Any

from cautery.adapters.fair_line import FairLine


async def begun(line: FairLine, whose: str, came: list[str]) -> Any:
    turn = await line.turn(whose)
    came.append(whose if turn else f"{whose} refused")
    return turn


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_an_address_with_many_questions_waits_for_each_other_address() -> None:
    line, came = FairLine(1, 10), []  # type: ignore[var-annotated]
    turns = [
        asyncio.create_task(begun(line, whose, came)) for whose in ("flood",) * 4 + ("a", "b", "a")
    ]
    for _ in turns:
        await settled()
        for turn in turns:
            if turn.done():
                turn.result().leave()
    await asyncio.gather(*turns)
    assert came == ["flood", "flood", "a", "b", "flood", "a", "flood"]


async def test_no_more_have_a_turn_at_a_time_than_there_are_places() -> None:
    line, came = FairLine(2, 10), []  # type: ignore[var-annotated]
    turns = [asyncio.create_task(begun(line, "one", came)) for _ in range(4)]
    await settled()
    assert len(came) == 2
    first = await turns[0]
    first.leave()
    first.leave()  # once is enough
    await settled()
    assert len(came) == 3
    for turn in turns[1:3]:
        (await turn).leave()
    (await turns[3]).leave()


async def test_where_too_many_wait_who_has_most_loses_the_newest() -> None:
    line, came = FairLine(1, 3), []  # type: ignore[var-annotated]
    turns = [asyncio.create_task(begun(line, "flood", came)) for _ in range(5)]
    await settled()
    assert sorted(came) == ["flood", "flood refused"]
    newcomer = asyncio.create_task(begun(line, "other", came))
    await settled()
    assert sorted(came) == ["flood", "flood refused", "flood refused"]
    (await turns[0]).leave()
    await settled()
    (await turns[1]).leave()
    assert await newcomer
    assert came[-1] == "other"
    turns[2].cancel()


async def test_after_a_turn_its_place_rests() -> None:
    line = FairLine(1, 3, rest_s=3600)
    turn = await line.turn("a")
    assert turn
    turn.leave()
    waiting = asyncio.create_task(line.turn("a"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    waiting.cancel()


async def test_who_waits_for_something_else_lets_the_next_one_on() -> None:
    line = FairLine(1, 3, patience_s=0.01)
    assert await line.turn("waits for an identity provider")
    assert await asyncio.wait_for(line.turn("b"), 10)


async def test_who_hangs_up_in_the_line_takes_no_turn_along() -> None:
    line, came = FairLine(1, 3), []  # type: ignore[var-annotated]
    turn = await line.turn("a")
    assert turn
    gone, stays = (asyncio.create_task(begun(line, whose, came)) for whose in "bc")
    await settled()
    turn.leave()
    gone.cancel()  # at the moment at which its turn has come
    assert await asyncio.wait_for(stays, 10)
    assert came == ["c"]
