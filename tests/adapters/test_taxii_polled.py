"""A partner's TAXII server may be hostile: it costs what a poll may cost, and leads nowhere else."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from cautery.adapters import taxii
from cautery.adapters.clock import FixedClock, SystemClock
from cautery.adapters.dns import DnsNames
from cautery.adapters.http import PoliteClient
from cautery.adapters.taxii import TaxiiServer, authorization
from cautery.errors import InputError, LimitError, RefusedError, SourceError
from cautery.exchange.taxii import MEDIA_TYPE, Polled, Received
from cautery.json_text import parsed_json
from cautery.model import NetworkPolicy
from cautery.workflows.exchange import polling
from cautery.workflows.exchange.polling import Poll, poll, since_of

NOW = datetime(2026, 11, 24, 20, tzinfo=UTC)
LAB = NetworkPolicy(allow=("127.0.0.0/8",), rate_per_host=1_000.0)
COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
LAST = "X-TAXII-Date-Added-Last"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def envelope(*objects: Any, last: str | None = None, **members: Any) -> web.Response:
    headers = {} if last is None else {LAST: last}
    return web.Response(
        body=json.dumps({"objects": list(objects), **members}).encode(),
        headers={"Content-Type": MEDIA_TYPE, **headers},
    )


def thing(number: int, **fields: Any) -> dict[str, Any]:
    return {"type": "tool", "id": f"tool--00000000-0000-4000-8000-{number:012d}", **fields}


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.2", 0)
    await site.start()
    try:
        yield f"http://127.0.0.2:{runner.addresses[0][1]}/root/"
    finally:
        await runner.cleanup()


async def polled(handler: Handler, since: datetime | None = None) -> Poll:
    clock = FixedClock(NOW)
    async with (
        serving(handler) as url,
        PoliteClient(LAB, DnsNames(None), clock) as client,
    ):
        return await poll(TaxiiServer(url, client), COLLECTION, since=since, clock=clock)


async def test_a_poll_asks_in_the_words_of_the_standard_and_takes_all_pages() -> None:
    asked: list[tuple[str, dict[str, str], str | None]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append((request.path, dict(request.query), request.headers.get("accept")))
        if "next" not in request.query:
            return envelope(thing(1), last="2026-11-24T18:00:00.000Z", more=True, next="page 2/&")
        return envelope(thing(2), last="2026-11-24T19:00:00.000001Z", more=False)

    since = NOW - timedelta(days=1)
    result = await polled(answer, since=since)
    path = f"/root/collections/{COLLECTION}/objects/"
    first = {"limit": "1000", "added_after": "2026-11-23T20:00:00.000000Z"}
    assert asked == [
        (path, first, MEDIA_TYPE),
        (path, first | {"next": "page 2/&"}, MEDIA_TYPE),
    ]
    assert parsed_json(result.bundle)["objects"] == [thing(1), thing(2)]
    assert (result.objects, result.pages) == (2, 2)
    assert result.newest == datetime(2026, 11, 24, 19, 0, 0, 1, tzinfo=UTC)


async def test_a_server_may_say_the_same_next_until_the_last_page() -> None:
    pages = iter(range(1, 4))  # as medallion 3.0 does

    async def answer(_: web.Request) -> web.StreamResponse:
        page = next(pages)
        return envelope(thing(page), more=page < 3, next="the same")

    assert (await polled(answer)).objects == 3


async def test_without_next_the_time_of_the_last_object_leads_on() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        after = request.query.get("added_after", "")
        if after < "2026-11-24T18":
            return envelope(thing(1), last="2026-11-24T18:00:00Z", more=True)
        return envelope(thing(2), last="2026-11-24T19:00:00Z")

    assert (await polled(answer)).objects == 2


async def test_what_the_news_refers_to_is_fetched_as_well_once() -> None:
    marking = "marking-definition--00000000-0000-4000-8000-000000000001"
    maker = "identity--00000000-0000-4000-8000-000000000002"
    there = {
        marking: {"type": "marking-definition", "id": marking, "created_by_ref": maker},
        maker: {"type": "identity", "id": maker},
    }
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if ids := request.query.get("match[id]"):
            asked.append(ids)
            # It sends what nobody asked for, too.
            return envelope(*(there[id_] for id_ in ids.split(",") if id_ in there), thing(99))
        absent = "identity--00000000-0000-4000-8000-00000000000f"
        told_of = {"type": "report", "id": f"report--{'0' * 8}-0000-4000-8000-{'0' * 12}"}
        return envelope(
            thing(1, object_marking_refs=[marking], created_by_ref=absent),
            told_of | {"object_refs": [thing(2)["id"]]},
        )

    result = await polled(answer)
    ids = [one["id"] for one in parsed_json(result.bundle)["objects"]]
    assert ids == [thing(1)["id"], f"report--{'0' * 8}-0000-4000-8000-{'0' * 12}", marking, maker]
    assert len(asked) == 2


async def test_a_server_that_fails_over_one_absent_object_gives_the_others() -> None:
    maker = "identity--00000000-0000-4000-8000-000000000002"
    absent = "identity--00000000-0000-4000-8000-00000000000f"

    async def answer(request: web.Request) -> web.StreamResponse:
        if ids := request.query.get("match[id]"):
            if absent in ids:
                return web.Response(status=500)
            return envelope({"type": "identity", "id": maker})
        return envelope(thing(1, created_by_ref=maker, owner_ref=absent))

    result = await polled(answer)
    assert [one["id"] for one in parsed_json(result.bundle)["objects"]] == [thing(1)["id"], maker]


@pytest.mark.parametrize(
    ("said", "newest"),
    [
        ("2999-01-01T00:00:00Z", NOW),  # it would hide all that comes until then
        ("2020-01-01T00:00:00Z", NOW - timedelta(days=1)),
        ("2026-11-24T19:00:00Z", NOW - timedelta(hours=1)),
    ],
)
async def test_a_server_that_lies_about_times_hides_nothing_that_comes_later(
    said: str, newest: datetime
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return envelope(thing(1), last=said)

    assert (await polled(answer, since=NOW - timedelta(days=1))).newest == newest


async def test_a_server_that_tells_no_times_is_asked_for_everything_again() -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return envelope(thing(1))

    assert (await polled(answer)).newest == datetime(1970, 1, 1, tzinfo=UTC)


async def test_pages_in_a_circle_are_refused() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        asked = request.query.get("next", "a")
        following = {"a": "b", "b": "a"}[asked]
        return envelope(thing(1 if asked == "a" else 2), more=True, next=following)

    with pytest.raises(SourceError, match="in a circle"):
        await polled(answer)


@pytest.mark.parametrize(
    ("members", "last", "words"),
    [
        ({"more": True}, None, "and not where"),
        ({"more": True}, "2026-11-20T00:00:00Z", "and not where"),
        ({"more": True, "objects": [], "next": "x"}, None, "follows an empty page"),
        ({"more": True, "next": "x" * 5000}, None, "no short text"),
        ({"more": True, "next": 7}, None, "no short text"),
        ({"objects": {"id": 1}}, None, "no list of objects"),
        ({"objects": ["x"]}, None, "no list of objects"),
        ({}, "yesterday", "is no time"),
    ],
)
async def test_a_page_that_is_none_is_refused_in_a_sentence(
    members: dict[str, Any], last: str | None, words: str
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return envelope(**({"objects": [thing(1)]} | members), last=last)

    with pytest.raises(SourceError, match=words):
        await polled(answer, since=NOW - timedelta(days=1))


async def test_endless_pages_end(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 0

    async def answer(_: web.Request) -> web.StreamResponse:
        nonlocal count
        count += 1
        return envelope(thing(count), more=True, next=str(count))

    monkeypatch.setattr(polling, "MOST_PAGES", 20)
    with pytest.raises(LimitError, match="more than 20 pages"):
        await polled(answer)
    assert count == 21


@pytest.mark.parametrize(("bound", "most"), [("MOST_OBJECTS", 50), ("MOST_BYTES", 4_000)])
async def test_a_poll_has_bounds(monkeypatch: pytest.MonkeyPatch, bound: str, most: int) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        page = int(request.query.get("next", 0))
        numbers = range(30 * page, 30 * page + 30)
        return envelope(*map(thing, numbers), more=True, next=str(page + 1))

    monkeypatch.setattr(polling, bound, most)
    with pytest.raises(LimitError, match="a poll of more than"):
        await polled(answer)


async def test_what_a_poll_brings_lies_in_memory_once() -> None:
    class Server:
        host, left = "t.example", 30

        async def page(self, *_: Any, **__: Any) -> Polled:
            self.left -= 1
            content = json.dumps(thing(self.left, name="a" * 1_000_000)).encode()
            received = Received(id=str(self.left), needs=frozenset(), content=content)
            return Polled(objects=(received,), more=self.left > 0, next="on")

    tracemalloc.start()
    result = await poll(Server(), COLLECTION, since=None, clock=FixedClock(NOW))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(parsed_json(result.bundle)["objects"]) == result.objects == 30
    assert peak < 1.5 * len(result.bundle)
    assert len(repr(result)) < 1_000


async def test_objects_that_refer_to_too_many_others_end_a_poll(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        page = int(request.query.get("next", 0))
        refs = [thing(100 * page + number)["id"] for number in range(30)]
        return envelope(thing(page, object_refs=refs), more=True, next=str(page + 1))

    monkeypatch.setattr(polling, "MOST_OBJECTS", 50)
    with pytest.raises(LimitError, match="a poll of more than 50 references"):
        await polled(answer)


async def test_a_poll_that_takes_too_long_ends() -> None:
    moments = [NOW]

    class Passing(SystemClock):
        def now(self) -> datetime:
            return moments[-1]

    async def answer(_: web.Request) -> web.StreamResponse:
        moments.append(moments[-1] + timedelta(minutes=20))
        return envelope(thing(1), more=True, next=str(moments[-1]))

    clock = Passing()

    async with serving(answer) as url, PoliteClient(LAB, DnsNames(None), clock) as client:
        with pytest.raises(LimitError, match="1,800 seconds"):
            await poll(TaxiiServer(url, client), COLLECTION, since=None, clock=clock)


async def test_a_page_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        stream = web.StreamResponse(headers={"Content-Type": MEDIA_TYPE})
        await stream.prepare(request)
        while sent < 1 << 30:
            await stream.write(b'{"objects":[' + b" " * 65_536)
            sent += 65_536
        return stream

    monkeypatch.setattr(taxii, "MOST_PAGE", 1 << 20)
    with pytest.raises(LimitError, match="more than 1048576 bytes"):
        await polled(answer)
    assert sent < 100 << 20


async def test_a_packed_page_is_measured_unpacked() -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(
            body=gzip.compress(b" " * (64 << 20)),
            headers={"Content-Type": MEDIA_TYPE, "Content-Encoding": "gzip"},
        )

    with pytest.raises(LimitError, match="bytes"):
        await polled(answer)


async def test_a_page_that_drips_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        stream = web.StreamResponse(headers={"Content-Type": MEDIA_TYPE})
        await stream.prepare(request)
        while True:
            await stream.write(b" ")
            await asyncio.sleep(0.02)

    monkeypatch.setattr(taxii, "_PAGE_S", 0.3)
    with pytest.raises(LimitError, match="not complete within"):
        await polled(answer)


@pytest.mark.parametrize(
    "where", ["http://169.254.169.254/latest/meta-data/", "/elsewhere", "https://other.example/"]
)
async def test_no_redirect_is_followed_and_no_login_told_to_others(where: str) -> None:
    paths: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": where})

    with pytest.raises(SourceError):
        await polled(answer)
    assert len(paths) == 1


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "text/html",
        "application/taxii+json;version=2.0",
        "application/stix+json",
    ],
)
async def test_another_type_of_answer_is_refused(kind: str) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b'{"objects": []}', headers={"Content-Type": kind})

    with pytest.raises(SourceError, match="not of the type of TAXII"):
        await polled(answer)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"\xff", b'{"objects": [', b'{"objects": [{"a": 1e999}]}', b"[" * 100_000,
     b'{"objects": [{"a": ' + b"9" * 5000 + b"}]}", b"[" + b"0," * 5_000_000 + b"0]"],
    ids=["empty", "a list", "bytes", "cut", "infinite", "deep", "digits", "many values"],
)  # fmt: skip
async def test_an_answer_that_is_no_json_object_is_refused(body: bytes) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, headers={"Content-Type": MEDIA_TYPE})

    with pytest.raises(SourceError, match="does not speak TAXII"):
        await polled(answer)


@pytest.mark.parametrize("status", [401, 403])
async def test_who_may_not_read_is_told_how_to_give_a_login(status: int) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    with pytest.raises(RefusedError) as refused:
        await polled(answer)
    assert "--password-file" in refused.value.hint


@pytest.mark.parametrize("url", ["https://user:word@taxii.example/", "https://taxii.example/?a=b"])
def test_a_login_stands_in_no_url(url: str) -> None:
    with pytest.raises(InputError) as refused:
        TaxiiServer(url, None)  # type: ignore[arg-type]
    assert "word" not in str(refused.value)


def test_a_login_is_a_user_with_a_password_or_a_token() -> None:
    assert authorization() is None
    secret = authorization(user="us", password="word")
    assert secret is not None
    assert secret.reveal() == "Basic dXM6d29yZA=="
    assert "dXM6" not in str(secret)
    for given in ({"user": "us"}, {"password": "w"}, {"user": "u", "password": "w", "token": "t"}):
        with pytest.raises(InputError):
            authorization(**given)


def test_the_next_poll_begins_where_the_last_one_of_this_collection_ended() -> None:
    class Before:
        def __init__(self, url: str, collection: str, hours: int) -> None:
            self.url, self.collection = url, collection
            self.newest = NOW + timedelta(hours=hours)

    polls = [
        Before("https://a/r/", "c", 1),
        Before("https://a/r", "c", 2),
        Before("https://b", "c", 9),
    ]
    assert since_of(polls, url="https://a/r", collection="c") == NOW + timedelta(hours=2)
    assert since_of(polls, url="https://a/r", collection="d") is None
