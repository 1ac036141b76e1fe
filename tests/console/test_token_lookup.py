"""Tokens are looked up beside everything else, and who makes them up keeps nobody out."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from starlette.datastructures import Headers

from cautery.console.gate import Gate
from cautery.console.rights import set_address
from cautery.console.token_lookup import MADE_UP, MADE_UP_EACH_S, TokenLookup, Unasked
from cautery.errors import StorageError
from cautery.model.tokens import AccessToken, Scope, new_token, parts_of

NOW = datetime(2026, 3, 7, 20, tzinfo=UTC)
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


class Kept:
    """Tokens in a place that can be silent, or stand still."""

    def __init__(self) -> None:
        self.tokens: dict[str, AccessToken] = {}
        self.asked: list[str] = []
        self.is_silent = False
        self.still_for_strangers = Event()
        self.still_for_strangers.set()

    def get(self, id: str) -> AccessToken | None:
        self.asked.append(id)
        if self.is_silent:
            raise StorageError("db: it does not answer")
        if id not in self.tokens:
            assert self.still_for_strangers.wait(20)
        return self.tokens.get(id)

    def make(self, *, ends_at: datetime = NOW + timedelta(days=1)) -> tuple[str, str]:
        begins = ends_at - timedelta(days=2)
        token, sent = new_token("test", (Scope.CASES,), made_at=begins, ends_at=ends_at)
        self.tokens[token.id] = token
        parts = parts_of(sent)
        assert parts
        return parts


def made_up(number: int) -> tuple[str, str]:
    return f"{number:016x}", "x" * 43


class Asking:
    """Asks a look-up, at a time that the test turns."""

    def __init__(self, kept: Kept) -> None:
        self.at = 0.0
        self.lookup = TokenLookup(kept, lambda: NOW, lambda: self.at)

    async def status(self, sent: tuple[str, str], address: str = HERE) -> int:
        found = await self.lookup.find(*sent, address)
        if isinstance(found, Unasked):
            return found.status
        return 401 if found is None else 200


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def asking(kept: Kept) -> Asking:
    return Asking(kept)


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_while_strangers_hold_their_places_few_wait_and_a_known_token_is_answered(
    kept: Kept, asking: Asking
) -> None:
    sent = kept.make()

    async def flood() -> None:
        assert await asking.status(sent, ELSEWHERE) == 200
        kept.still_for_strangers.clear()
        tasks = [
            asyncio.create_task(asking.status(made_up(number), f"198.51.100.{number}"))
            for number in range(200)
        ]
        assert set(await asyncio.gather(*tasks[8:])) == {503}
        assert await asking.status(sent, ELSEWHERE) == 200
        assert len(kept.asked) <= 2 + 2  # of strangers two at a time
        kept.still_for_strangers.set()
        assert set(await asyncio.gather(*tasks[:8])) == {401}
        assert await asking.status(kept.make(), ELSEWHERE) == 200

    run(flood())


def test_an_address_has_a_budget_of_made_up_tokens_which_keeps_no_known_one_out(
    kept: Kept, asking: Asking
) -> None:
    sent, unknown = kept.make(), kept.make()

    async def ask() -> None:
        assert await asking.status(sent) == 200
        statuses = [await asking.status(made_up(number)) for number in range(100)]
        assert statuses == [401] * int(MADE_UP) + [429] * (100 - int(MADE_UP))
        assert len(kept.asked) == 1 + int(MADE_UP)
        assert await asking.status(sent) == 200
        assert await asking.status(unknown) == 429
        assert await asking.status(unknown, ELSEWHERE) == 200  # and from now on it is known
        assert await asking.status(unknown) == 200
        asking.at += MADE_UP_EACH_S
        assert [await asking.status(made_up(0)) for _ in range(2)] == [401, 429]

    run(ask())


def test_tokens_that_were_made_spend_nothing_and_no_address_of_theirs_is_kept(
    kept: Kept, asking: Asking
) -> None:
    ended = kept.make(ends_at=NOW)

    async def ask() -> None:
        for _ in range(40):
            assert await asking.status(kept.make()) == 200
            assert await asking.status(ended) == 401
        assert len(asking.lookup._made_up) == 0
        await asking.status(made_up(0))
        assert len(asking.lookup._made_up) == 1
        asking.at += MADE_UP * MADE_UP_EACH_S
        await asking.status(made_up(0), ELSEWHERE)
        assert list(asking.lookup._made_up._kept) == [ELSEWHERE]

    run(ask())


def test_a_token_that_was_revoked_is_gone_at_once_and_counts_as_made_up(
    kept: Kept, asking: Asking
) -> None:
    sent = kept.make()

    async def ask() -> None:
        assert await asking.status(sent) == 200
        kept.tokens.clear()
        statuses = [await asking.status(sent) for _ in range(30)]
        assert statuses == [401] * (1 + int(MADE_UP)) + [429] * (29 - int(MADE_UP))

    run(ask())


def test_a_secret_of_another_token_is_made_up(kept: Kept, asking: Asking) -> None:
    one, other = kept.make(), kept.make()

    async def ask() -> None:
        assert await asking.status(one) == 200
        assert await asking.status((one[0], other[1])) == 401
        assert len(asking.lookup._made_up) == 1

    run(ask())


def test_a_silent_database_costs_nobody_a_budget_or_a_place(kept: Kept, asking: Asking) -> None:
    sent, unknown = kept.make(), kept.make()

    async def ask() -> None:
        assert await asking.status(sent) == 200
        kept.is_silent = True
        for _ in range(40):
            assert await asking.status(sent) == 503
            assert await asking.status(unknown) == 503
        kept.is_silent = False
        assert [await asking.status(made_up(n)) for n in range(30)].count(401) == int(MADE_UP)
        assert await asking.status(sent) == 200  # still known
        assert await asking.status(unknown, ELSEWHERE) == 200

    run(ask())


def headers_of(sent: str) -> Headers:
    return Headers({"authorization": sent, "host": "127.0.0.1:8017"})


def asked_at(path: str, address: str) -> dict[str, Any]:
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": path, "headers": []}
    set_address(scope, address)
    return scope


@pytest.mark.parametrize(
    ("path", "said"),
    [("/api/v1/cases", "application/problem+json"), ("/taxii2/", "application/taxii+json")],
)
def test_who_makes_up_too_many_is_told_when_to_ask_again(kept: Kept, path: str, said: str) -> None:
    gate = Gate(kept, lambda: NOW, lambda: 0.0)
    token = "cautery_" + "_".join(made_up(7))
    basic = base64.b64encode(f"partner:{token}".encode()).decode()
    sent = f"Basic {basic}" if path == "/taxii2/" else f"Bearer {token}"

    async def ask() -> None:
        for _ in range(int(MADE_UP)):
            answer = await gate.refusal(asked_at(path, HERE), headers_of(sent))
            assert answer is not None
            assert answer.status_code == 401
        refused = await gate.refusal(asked_at(path, HERE), headers_of(sent))
        assert refused is not None
        assert refused.status_code == 429
        assert refused.headers["retry-after"] == "6"
        assert refused.headers["content-type"].startswith(said)
        beside = await gate.refusal(asked_at(path, "2001:db8::1"), headers_of(sent))
        assert beside is not None
        assert beside.status_code == 401
        assert await gate.refusal(asked_at("/health", HERE), headers_of(sent)) is None

    run(ask())


def test_what_cannot_be_a_token_is_refused_without_a_look(kept: Kept) -> None:
    gate = Gate(kept, lambda: NOW, lambda: 0.0)

    async def ask() -> None:
        for sent in ("", "Bearer", "Bearer x", "Basic eDp5", "Bearer cautery_0_0"):
            answer = await gate.refusal(asked_at("/api/v1/cases", HERE), headers_of(sent))
            assert answer is not None
            assert answer.status_code == 401

    run(ask())
    assert kept.asked == []
