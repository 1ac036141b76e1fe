"""The keeper's server answers all requests on one beat, writes no log, and bounds what it takes."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from asyncio.subprocess import PIPE

import aiohttp
import pytest
from yarl import URL

from cautery.adapters import decoy_server
from cautery.adapters.decoy_server import DecoyServer, Listening
from cautery.errors import InputError

pytestmark = pytest.mark.enable_socket


class Decoys:
    """Answers by host and path, some of it slowly."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.questions: list[bytes] = []

    async def streams(self, host: str, path: str) -> tuple[bytes, str] | None:
        self.asked.append((host, path))
        if path == "/slow":
            await asyncio.sleep(decoy_server.BEAT_S * 1.1)
        return None if path == "/none" else (path.encode(), "video/mp2t")

    def gate(self, raw: bytes) -> tuple[int, bytes]:
        self.questions.append(raw)
        return 403, b'{"refused": "no"}'


@pytest.fixture
def decoys(monkeypatch: pytest.MonkeyPatch) -> Decoys:
    monkeypatch.setattr(decoy_server, "BEAT_S", 0.04)
    return Decoys()


def server_of(decoys: Decoys) -> DecoyServer:
    return DecoyServer(decoys.streams, decoys.gate, most_question=100, path="/ask")


def url(listening: Listening, path: str) -> str:
    host, port = listening.streams[0]
    return f"http://{host}:{port}{path}"


async def test_streams_and_questions_have_a_door_each(decoys: Decoys) -> None:
    async with (
        server_of(decoys).serving([("127.0.0.1", 0), ("127.0.0.2", 0)], ("127.0.0.1", 0)) as at,
        aiohttp.ClientSession() as client,
    ):
        assert len(at.streams) == 2
        assert at.gate is not None
        gate = f"http://{at.gate[0]}:{at.gate[1]}"
        async with client.get(url(at, "/a/b.ts"), headers={"Host": "TV.own.example.:80"}) as got:
            assert (got.status, await got.read()) == (200, b"/a/b.ts")
        assert decoys.asked == [("tv.own.example", "/a/b.ts")]
        async with client.get(url(at, "/none")) as got:
            assert got.status == 404
        async with client.post(f"{gate}/ask", data=b"question") as got:
            assert (got.status, await got.json()) == (403, {"refused": "no"})
        assert decoys.questions == [b"question"]
        for refused in (
            client.post(url(at, "/ask"), data=b"x"),
            client.get(f"{gate}/a.ts"),
            client.post(f"{gate}/ask", data=b"x" * 101),
        ):
            async with refused as got:
                assert got.status in {404, 405, 413}
        assert decoys.questions == [b"question"]


async def test_a_path_has_one_spelling(decoys: Decoys) -> None:
    """A stream that answered under another one would be proven under a URL that the gate misses."""
    async with (
        server_of(decoys).serving([("127.0.0.1", 0)], None) as at,
        aiohttp.ClientSession() as client,
    ):
        for path, status in (("/a/b.ts", 200), ("/%61/b.ts", 404), ("/a/%62.ts", 404)):
            async with client.get(URL(url(at, path), encoded=True)) as got:
                assert got.status == status
    assert decoys.asked == [("127.0.0.1", "/a/b.ts")]


async def test_an_answer_does_not_say_what_serves(decoys: Decoys) -> None:
    async with (
        server_of(decoys).serving([("127.0.0.1", 0)], None) as at,
        aiohttp.ClientSession() as client,
    ):
        for method, path in (("GET", "/a"), ("GET", "/none"), ("POST", "/a"), ("PUT", "/none")):
            async with client.request(method, url(at, path)) as got:
                assert got.headers["Server"] == "nginx"
                told = f"{got.headers} {(await got.read()).decode()}".lower()
                assert "aiohttp" not in told
                assert "python" not in told
                assert got.status == (200 if (method, path) == ("GET", "/a") else 404)
        reader, writer = await asyncio.open_connection(*at.streams[0])
        writer.write(b"\xff\xfe nonsense\r\n\r\n")
        told = (await reader.read()).decode().lower()
        writer.close()
        assert "400 bad request" in told
        assert "aiohttp" not in told


async def test_an_answer_leaves_on_a_beat_whatever_it_took(decoys: Decoys) -> None:
    slept: list[float] = []
    loop = asyncio.get_running_loop()
    beats: list[float] = []
    wait = decoy_server._beat

    async def beat(begun_s: float) -> None:
        slept.append(loop.time() - begun_s)
        await wait(begun_s)
        beats.append((loop.time() - begun_s) / decoy_server.BEAT_S)

    decoy_server._beat = beat  # type: ignore[assignment]
    try:
        async with (
            server_of(decoys).serving([("127.0.0.1", 0)], None) as at,
            aiohttp.ClientSession() as client,
        ):
            assert at.gate is None
            for path in ("/a", "/none", "/slow"):
                async with client.get(url(at, path)) as got:
                    await got.read()
    finally:
        decoy_server._beat = wait
    assert slept[2] > decoy_server.BEAT_S
    assert all(number >= 1 for number in beats[:2])
    assert beats[2] >= 2


async def test_nothing_is_logged(decoys: Decoys, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with server_of(decoys).serving([("127.0.0.1", 0)], None) as at:
            reader, writer = await asyncio.open_connection(*at.streams[0])
            writer.write(b"\xff\xfe nonsense\r\n\r\n")
            await writer.drain()
            await reader.read()
            writer.close()
            async with aiohttp.ClientSession() as client, client.get(url(at, "/a")) as got:
                await got.read()
    assert not [record for record in caplog.records if record.name.startswith(("aio", "cautery"))]


async def test_a_place_that_is_taken_is_refused(decoys: Decoys) -> None:
    async with server_of(decoys).serving([("127.0.0.1", 0)], None) as at:
        with pytest.raises(InputError, match="cannot listen there"):
            async with server_of(decoys).serving([at.streams[0]], None):
                pass
    with pytest.raises(InputError, match="cannot listen there"):
        async with server_of(decoys).serving([("127.0.0.1", 70_000)], None):
            pass


_KEEPER = """
import asyncio, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
from cautery.adapters.decoy_server import DecoyServer
async def streams(host, path):
    return b"x", "video/mp2t"
async def main():
    server = DecoyServer(streams, lambda raw: (200, b"{}"), most_question=100, path="/ask")
    async with server.serving([("127.0.0.1", 0)], ("127.0.0.1", 0)) as at:
        print(at.streams[0][1], at.gate[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
asyncio.run(main())
"""


async def test_silent_connections_to_the_streams_shut_neither_the_gate_nor_the_streams() -> None:
    """Whoever is on the internet can open as many as a process has descriptors, and more."""
    keeper = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _KEEPER, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    assert keeper.stderr is not None
    streams, gate = map(int, (await keeper.stdout.readline()).split())
    silent = []
    try:
        for number in range(330):
            each = socket.socket()
            each.bind((f"127.0.0.{2 + number % 5}", 0))
            each.connect(("127.0.0.1", streams))
            silent.append(each)
        patience = aiohttp.ClientTimeout(total=10)
        async with aiohttp.ClientSession(timeout=patience) as client:
            async with client.post(f"http://127.0.0.1:{gate}/ask", data=b"q") as got:
                assert got.status == 200
            async with client.get(f"http://127.0.0.1:{streams}/a.ts") as got:
                assert (got.status, await got.read()) == (200, b"x")
    finally:
        for each in silent:
            each.close()
        keeper.stdin.close()
        said = await asyncio.wait_for(keeper.stderr.read(), 10)
        await keeper.wait()
    assert said == b""


async def test_one_address_has_so_many_connections_and_no_more(
    decoys: Decoys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoy_server, "_MOST_OF_ONE", 2)
    async with server_of(decoys).serving([("127.0.0.1", 0)], None) as at:
        held = [await asyncio.open_connection(*at.streams[0]) for _ in range(3)]
        reader, _ = held[-1]
        assert await asyncio.wait_for(reader.read(), 5) == b""
        for _, writer in held:
            writer.close()
