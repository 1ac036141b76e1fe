"""The polite client, against small servers of our own on loopback."""

# ruff: noqa: RUF001 - letters in disguise are the point
import asyncio
import gzip
import zlib
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web

from cautery.adapters._asks import Ask, headers_for
from cautery.adapters._manners import Manners, seconds_of
from cautery.adapters._targets import Target
from cautery.adapters.http import SuspectClient
from cautery.errors import ForbiddenAddressError, InputError, LimitError, SourceError
from cautery.model import ClockOffset, Limits, NetworkPolicy, Validator

pytestmark = pytest.mark.enable_socket
LAB = NetworkPolicy(allow=("127.0.0.0/8",), rate_per_host=1000, user_agent="Cautery-test/1")
LIMITS = Limits(max_bytes=100_000, total_s=3.0, connect_s=1.0)


class WallClock:
    def now(self):
        return datetime.now(UTC)

    def offset(self):
        return ClockOffset(seconds=None, uncertainty_s=None, method="test")


class Table:
    def __init__(self, **hosts):
        self.hosts = {name.replace("_", "."): found for name, found in hosts.items()}

    async def resolve(self, host):
        if host not in self.hosts:
            raise SourceError(f"{host}: the name does not exist")
        return self.hosts[host]


NAMES = Table(
    a_example=("127.0.0.2",), b_example=("127.0.0.3",), inside_example=("10.1.2.3",),
    both_example=("127.0.0.2", "192.168.0.1"), dead_example=("127.0.0.9", "127.0.0.2"),
)  # fmt: skip


@asynccontextmanager
async def server(handler, address="127.0.0.2"):
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, address, 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(talk, address="127.0.0.2"):
    async def serve(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            await talk(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, address, 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


def client(policy=LAB, names=NAMES):
    return SuspectClient(policy, names, WallClock())


async def echo(request):
    return web.json_response(
        {"host": request.headers["Host"], "agent": request.headers["User-Agent"],
         "path": request.raw_path, "cookie": request.headers.get("Cookie"),
         "login": request.headers.get("Authorization"), "method": request.method,
         "body": (await request.read()).decode()},
        headers={"Set-Cookie": "a=b"},
    )  # fmt: skip


async def test_a_request_names_its_host_and_itself_and_goes_to_the_checked_address():
    async with server(echo) as port, client() as http:
        answer = await http.fetch(f"http://a.example:{port}/x?y=%20z", limits=LIMITS)
    assert (answer.status, answer.address) == (200, "127.0.0.2")
    assert f'"host": "a.example:{port}"' in answer.body.decode()
    assert '"agent": "Cautery-test/1"' in answer.body.decode()
    assert '"path": "/x?y=%20z"' in answer.body.decode()


async def test_neither_cookies_nor_the_urls_credentials_are_sent():
    async with server(echo) as port, client() as http:
        await http.fetch(f"http://a.example:{port}/", limits=LIMITS)
        answer = await http.fetch(f"http://bob:word@a.example:{port}/", limits=LIMITS)
    assert '"cookie": null, "login": null' in answer.body.decode()


@pytest.mark.parametrize(
    "url",
    ["http://inside.example/", "http://both.example/", "http://10.0.0.1/", "http://[::1]/",
     "http://0x0a.1/", "http://167772161/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/",
     "http://0.0.0.0/", "ftp://a.example/", "file:///etc/passwd", "http://a.example:22/",
     "http://[fe80::1%25eth0]/", "http://１０.0.0.1/"],
)  # fmt: skip
async def test_an_address_outside_the_mandate_is_refused(url):
    async with client() as http:
        with pytest.raises(ForbiddenAddressError):
            await http.fetch(url, limits=LIMITS)


async def test_loopback_is_refused_when_no_mandate_allows_it():
    async with client(NetworkPolicy()) as http:
        with pytest.raises(ForbiddenAddressError, match="loopback"):
            await http.fetch("http://127.0.0.1/", limits=LIMITS)


async def test_a_redirect_to_a_forbidden_address_is_refused():
    async def away(request):
        raise web.HTTPFound("http://10.0.0.1/admin")

    async with server(away) as port, client() as http:
        with pytest.raises(ForbiddenAddressError):
            await http.fetch(f"http://a.example:{port}/", limits=LIMITS)


async def test_redirects_are_followed_and_every_hop_is_told():
    async def step(request):
        if request.path == "/1":
            raise web.HTTPFound("/2")
        return web.Response(text="there")

    async with server(step) as port, client() as http:
        answer = await http.fetch(f"http://a.example:{port}/1", limits=LIMITS)
    assert answer.hops == (f"http://a.example:{port}/1", f"http://a.example:{port}/2")
    assert answer.url == answer.hops[-1]


async def test_headers_of_a_purchase_are_told_to_the_first_host_alone():
    told = []

    async def elsewhere(request):
        told.append(request.headers.get("Cookie"))
        return web.Response(text="there")

    async with server(elsewhere, address="127.0.0.3") as port:

        async def away(request):
            told.append(request.headers.get("Cookie"))
            raise web.HTTPFound("/again" if request.path == "/1" else f"http://b.example:{port}/")

        async with server(away) as first, SuspectClient(LAB, NAMES, WallClock()) as client:
            await client.fetch(
                f"http://a.example:{first}/1", limits=LIMITS, headers=(("Cookie", "mac=1"),)
            )
            with pytest.raises(InputError, match="one line of printable"):
                await client.fetch(
                    f"http://a.example:{first}/1", limits=LIMITS, headers=(("X", "a\r\nB: c"),)
                )
    assert told == ["mac=1", "mac=1", None]


def test_headers_of_a_purchase_are_not_told_to_the_same_host_without_tls():
    ask = Ask(method="GET", body=None, unless=None, headers=(("Cookie", "mac=1"),))
    for scheme, port in (("https", 443), ("http", 80)):
        target = Target(
            scheme=scheme, host="a.example", port=port, path="/", addresses=("1.1.1.1",)
        )
        told = headers_for(target, replace(ask, told_to="https://a.example"), user_agent="x")
        assert ("Cookie" in told) == (scheme == "https")


async def test_redirects_in_a_circle_are_noticed():
    async def around(request):
        raise web.HTTPFound("/b" if request.path == "/a" else "/a")

    async with server(around) as port, client() as http:
        with pytest.raises(LimitError, match="circle"):
            await http.fetch(f"http://a.example:{port}/a", limits=LIMITS)


async def test_redirects_without_end_are_noticed():
    async def on(request):
        raise web.HTTPFound(f"/{int(request.path[1:]) + 1}")

    async with server(on) as port, client() as http:
        with pytest.raises(LimitError, match="more than 5 redirects"):
            await http.fetch(f"http://a.example:{port}/0", limits=LIMITS)


async def endless(request):
    response = web.StreamResponse()
    await response.prepare(request)
    try:
        while True:
            await response.write(b"x" * 10_000)
            await asyncio.sleep(0.01)
    except (ConnectionError, asyncio.CancelledError):
        pass
    return response


async def test_a_stream_without_end_is_a_limit_error():
    async with server(endless) as port, client() as http:
        with pytest.raises(LimitError, match="more than 100000 bytes"):
            await http.fetch(f"http://a.example:{port}/", limits=LIMITS)


async def test_what_came_of_a_stream_without_end_is_kept_when_asked():
    some = Limits(max_bytes=50_000, total_s=3.0, partial=True)
    async with server(endless) as port, client() as http:
        answer = await http.fetch(f"http://a.example:{port}/", limits=some)
    assert (answer.truncated, len(answer.body)) == (True, 50_000)


async def test_time_runs_out_with_what_came_when_asked():
    some = Limits(max_bytes=10**9, total_s=0.3, partial=True)
    async with server(endless) as port, client() as http:
        answer = await http.fetch(f"http://a.example:{port}/", limits=some)
    assert answer.truncated
    assert answer.body


async def test_a_server_that_never_answers_is_left_in_time():
    async def wait(writer):
        await asyncio.sleep(1)

    async with raw_server(wait) as port, client() as http:
        with pytest.raises(LimitError, match=r"a\.example: no answer within"):
            await http.fetch(f"http://a.example:{port}/", limits=Limits(total_s=0.2))


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress),
     ("deflate", lambda data: zlib.compress(data, wbits=-15)),
     ("gzip", lambda data: gzip.compress(data[:9]) + gzip.compress(data[9:]))],
)  # fmt: skip
async def test_compressed_bodies_are_unpacked(coding, pack):
    async def packed(request):
        return web.Response(body=pack(b"hello " * 5000), headers={"Content-Encoding": coding})

    async with server(packed) as port, client() as http:
        answer = await http.fetch(f"http://a.example:{port}/", limits=LIMITS)
    assert answer.body == b"hello " * 5000


async def test_a_gzip_bomb_stops_at_the_limit():
    bomb = gzip.compress(bytes(200_000_000), 1)

    async def packed(request):
        return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})

    async with server(packed) as port, client() as http:
        with pytest.raises(LimitError, match="more than 100000 bytes"):
            await http.fetch(f"http://a.example:{port}/", limits=LIMITS)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip"])
async def test_a_coding_that_nobody_asked_for_is_refused(coding):
    async def packed(request):
        return web.Response(body=b"x", headers={"Content-Encoding": coding})

    async with server(packed) as port, client() as http:
        with pytest.raises(SourceError, match="content coding"):
            await http.fetch(f"http://a.example:{port}/", limits=LIMITS)


async def garbage(writer):
    writer.write(b"\x00\xff not http at all\r\n\r\n" * 10)
    await writer.drain()


async def short(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()


async def silent(writer):
    return


async def many_headers(writer):
    writer.write(
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(50_000)) + b"\r\n"
    )
    await writer.drain()


async def long_header(writer):
    writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n")
    await writer.drain()


@pytest.mark.parametrize("talk", [garbage, short, silent, many_headers, long_header])
async def test_what_is_no_http_is_a_source_error_that_names_the_host(talk):
    async with raw_server(talk) as port, client() as http:
        with pytest.raises(SourceError, match=r"^a\.example: "):
            await http.fetch(f"http://a.example:{port}/live/bob/secret/1.ts", limits=LIMITS)


async def test_a_closed_port_is_a_source_error_without_the_path():
    async with client() as http:
        with pytest.raises(SourceError) as caught:
            await http.fetch("http://a.example:1/live/bob/secret/1.ts", limits=LIMITS)
    assert "secret" not in str(caught.value)


async def test_the_next_address_is_tried_when_one_is_dead():
    async with server(echo) as port, client() as http:
        answer = await http.fetch(f"http://dead.example:{port}/", limits=LIMITS)
    assert answer.address == "127.0.0.2"


async def test_through_a_proxy_the_request_is_absolute_and_the_vantage_is_told():
    async with server(echo, "127.0.0.3") as port, client() as http:
        answer = await http.fetch(
            "http://a.example/x", limits=LIMITS, proxy=f"http://b.example:{port}", vantage="isp"
        )
    assert (answer.vantage, answer.address) == ("isp", "127.0.0.3")
    assert '"path": "http://a.example/x"' in answer.body.decode()


async def test_a_proxy_outside_the_mandate_is_refused():
    async with client() as http:
        with pytest.raises(ForbiddenAddressError):
            await http.fetch("http://a.example/", limits=LIMITS, proxy="http://10.9.9.9:3128")


async def test_a_target_outside_the_mandate_is_refused_behind_a_proxy_too():
    async with client() as http:
        with pytest.raises(ForbiddenAddressError):
            await http.fetch("http://inside.example/", limits=LIMITS, proxy="http://b.example:3128")


async def test_a_body_is_handed_in():
    async with server(echo) as port, client() as http:
        answer = await http.fetch(
            f"http://a.example:{port}/list", limits=LIMITS, method="POST", body=b'{"a": 1}'
        )
    assert '"method": "POST"' in answer.body.decode()
    assert answer.status == 200


async def tagged(request):
    if request.headers.get("If-None-Match") == '"1"':
        return web.Response(status=304)
    return web.Response(text="#EXTM3U", headers={"ETag": '"1"'})


async def test_an_unchanged_playlist_costs_no_second_body():
    async with server(tagged) as port, client() as http:
        url = f"http://a.example:{port}/l"
        first = await http.fetch(url, limits=LIMITS)
        again = await http.fetch(url, limits=LIMITS, unless=Validator.of(first))
    assert (first.status, first.body, again.status, again.body) == (200, b"#EXTM3U", 304, b"")


async def test_a_validator_is_told_only_to_the_url_that_gave_it():
    async with server(tagged) as port, client() as http:
        first = await http.fetch(f"http://a.example:{port}/l", limits=LIMITS)
        other = await http.fetch(
            f"http://a.example:{port}/m", limits=LIMITS, unless=Validator.of(first)
        )
    assert other.status == 200


async def test_not_modified_though_nobody_asked_is_a_source_error():
    async def lies(request):
        return web.Response(status=304)

    async with server(lies) as port, client() as http:
        with pytest.raises(SourceError, match="without a condition"):
            await http.fetch(f"http://a.example:{port}/", limits=LIMITS)


async def test_no_more_than_two_requests_run_at_one_host():
    running = most = 0

    async def slow(request):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.03)
        running -= 1
        return web.Response()

    async with server(slow) as port, client() as http:
        url = f"http://a.example:{port}/"
        await asyncio.gather(*(http.fetch(url, limits=LIMITS) for _ in range(8)))
    assert most == 2


async def test_requests_to_one_host_keep_its_rate():
    policy = NetworkPolicy(allow=("127.0.0.0/8",), rate_per_host=20)
    async with server(echo) as port, client(policy) as http:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        url = f"http://a.example:{port}/"
        await asyncio.gather(*(http.fetch(url, limits=LIMITS) for _ in range(26)))
        took = loop.time() - begun
    assert took >= 0.25


async def test_silence_is_kept_after_a_429_as_long_as_asked_within_a_bound():
    manners = Manners(rate_hz=10, at_once=1)
    now = datetime(2026, 11, 24, tzinfo=UTC)
    manners.answered("a", status=429, retry_after="31536000", now=now)
    assert 59 < manners.silence_s("a") <= 60


def test_retry_after_may_be_a_date():
    now = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert seconds_of("Tue, 24 Nov 2026 12:00:30 GMT", now=now) == 30.0
    assert seconds_of("soon", now=now) is None


async def test_the_environments_proxy_is_not_trusted(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://10.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://10.0.0.1:1")
    async with server(echo) as port, client() as http:
        assert (await http.fetch(f"http://a.example:{port}/", limits=LIMITS)).status == 200


@pytest.mark.parametrize(
    "url",
    ["http://bob:topsecret/x@a.example/", "http://bob:top\u2100secret@a.example/", "http://[topsecret",
     "topsecret:word@a.example", "http://bob:topsecret@:0/"],
)  # fmt: skip
async def test_what_is_no_url_is_refused_without_being_quoted(url):
    async with client() as http:
        with pytest.raises(SourceError) as told:
            await http.fetch(url, limits=LIMITS)
    said = f"{told.value} {told.value.hint} {told.value.__cause__}"
    assert "secret" not in said
    assert "bob" not in said


@pytest.mark.parametrize("host", ["a%20b.example", "a b.example", "a%25b.example", "%61.example"])
async def test_a_host_with_a_blank_or_a_percent_sign_is_not_a_host_name(host):
    async with client() as http:
        with pytest.raises(SourceError, match="not a host name"):
            await http.fetch(f"http://{host}/", limits=LIMITS)


async def test_a_redirect_to_no_url_is_refused_without_quoting_it():
    async def away(request):
        return web.Response(status=302, headers={"Location": "http://[topsecret"})

    async with server(away) as port, client() as http:
        with pytest.raises(SourceError) as told:
            await http.fetch(f"http://a.example:{port}/", limits=LIMITS)
    assert str(told.value) == "a.example: redirects to something that is not a URL"


async def test_a_server_that_echoes_the_url_in_broken_http_is_not_quoted():
    async def echoes(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nLocation /live/bob/topsecret/1.ts\r\n\r\n")
        await writer.drain()

    async with raw_server(echoes) as port, client() as http:
        with pytest.raises(SourceError, match="not a valid HTTP answer") as told:
            await http.fetch(f"http://a.example:{port}/", limits=LIMITS)
    assert "topsecret" not in str(told.value)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begin", "piece", "rule"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000, "before an answer"),
        (b"", b"HTTP/1.1 103 x\r\nLink: y\r\n\r\n" * 2_000, "before an answer"),
        (CHUNKED, b"1;" + b"a" * 8_000 + b"\r\n#\r\n", "around a body"),
        (CHUNKED + b"1;", b"a" * 50_000, "around a body"),
    ],
)
async def test_what_stands_around_a_body_is_counted_as_well(begin, piece, rule):
    async def talk(writer):
        writer.write(begin)
        while True:
            writer.write(piece)
            await writer.drain()

    async with raw_server(talk) as port, client() as http:
        with pytest.raises(LimitError, match=rule):
            await http.fetch(f"http://a.example:{port}/", limits=replace(LIMITS, total_s=60.0))


async def test_an_answer_may_come_after_others_and_in_small_chunks():
    async def talk(writer):
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 3 + CHUNKED)
        writer.write(b"2\r\nab\r\n" * 40_000 + b"0\r\n\r\n")
        await writer.drain()

    async with raw_server(talk) as port, client() as http:
        answer = await http.fetch(f"http://a.example:{port}/", limits=LIMITS)
    assert answer.body == b"ab" * 40_000
