"""Bytes from outside are read in a child that can be ended and do no harm; the rest goes on."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import json
import os
import runpy
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters import reading
from cautery.adapters.reading import ReadingPool
from cautery.errors import InputError, LimitError, SourceError
from cautery.formats import jobs, packing
from cautery.formats.packing import Unpacker
from cautery.lab.readers import ReadersHere
from cautery.model import KeyedPseudonyms, Window
from cautery.workflows.watch.sources.jobs import MODULES, screened_apart
from cautery.workflows.watch.sources.understanding import Asked

HERE = Path(__file__).parent
SAMPLES = HERE.parent / "formats" / "assets" / "samples"
ESCAPES = runpy.run_path(str(HERE / "_escapes.py"))["ESCAPES"]
WINDOW = Window(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC))
URL = "http://a.example/live/x"
KEY = KeyedPseudonyms(b"k" * 32)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _with_jobs_of_the_tests(monkeypatch):
    beside = f"import sys;sys.path.insert(0,{str(HERE)!r});"
    monkeypatch.setattr(reading, "_RUN", beside + reading._RUN)
    monkeypatch.setattr(reading, "_LEAST_CPU_S", 1.0)


def pool(*modules, workers=1, **limits):
    return ReadingPool(modules or ("_reading_jobs",), workers=workers, **limits)


async def refused(readers, job, error, data=b""):
    with pytest.raises(error) as caught:
        await readers.read(job, {}, data)
    return str(caught.value)


async def test_three_pages_that_never_end_do_not_keep_the_others_from_being_read(monkeypatch):
    monkeypatch.setattr(reading, "_LEAST_CPU_S", 0.5)  # the kernel counts whole seconds, up
    async with pool(workers=2) as readers:
        spinning = [asyncio.create_task(readers.read("spin", {}, b"<div>")) for _ in range(3)]
        await asyncio.sleep(0)
        assert await readers.read("echo", {}, b"a page") == b"a page"
        ended = await asyncio.gather(*spinning, return_exceptions=True)
        assert [type(one) for one in ended] == [LimitError] * 3
        assert await readers.read("echo", {}, b"another") == b"another"


async def test_what_takes_too_long_is_told_by_its_limit():
    async with pool() as readers:
        assert "more than 1 s" in await refused(readers, "spin", LimitError)


async def test_a_child_that_waits_for_ever_is_ended_too(monkeypatch):
    monkeypatch.setattr(reading, "_WALL_S", 0.0)
    monkeypatch.setattr(reading, "_WALL_PER_CPU", 1.0)
    async with pool() as readers:
        await readers.start()
        assert "took too long" in await refused(readers, "wait", LimitError)


@pytest.mark.parametrize(
    ("job", "error", "said"),
    [
        ("eat", LimitError, "memory"),
        ("deep", SourceError, "nested too deeply"),
        ("die", SourceError, "crashed its process"),
    ],
)
async def test_a_reader_that_breaks_breaks_alone(job, error, said):
    async with pool() as readers:
        assert said in await refused(readers, job, error)
        assert await readers.read("echo", {}, b"fine") == b"fine"


LIES = {
    "no frame": b"nothing",
    "a head of four gigabytes": struct.pack("<I", 2**32 - 1),
    "an answer larger than any": struct.pack("<I", 2) + b"{}" + struct.pack("<Q", 2**62),
    "a head that is no object": struct.pack("<I", 2) + b"[]" + struct.pack("<Q", 0),
    "a head that is no text": struct.pack("<I", 2) + b"\xff\xff" + struct.pack("<Q", 0),
    "a deep head": struct.pack("<I", 60_000) + b"[" * 60_000,
}


@pytest.mark.parametrize("lie", LIES)
async def test_an_answer_that_is_none_is_an_error_and_the_next_job_is_done(lie, monkeypatch):
    monkeypatch.setattr(reading, "_WALL_S", 0.0)
    monkeypatch.setattr(reading, "_WALL_PER_CPU", 2.0)
    async with pool() as readers:
        await readers.start()
        await refused(readers, "say", SourceError, LIES[lie])
        assert await readers.read("echo", {}, b"fine") == b"fine"


@pytest.mark.parametrize("allowed", [100, 64])
async def test_what_is_said_may_be_so_much_longer_and_no_more_in_all(allowed, monkeypatch):
    monkeypatch.setattr(reading, "_MOST_BYTES", 0)
    monkeypatch.setattr(reading, "_MOST_PER_BYTE", 1)
    monkeypatch.setattr(reading, "_MOST_IN_ALL", allowed)
    async with pool() as readers:
        if allowed == 100:
            assert await readers.read("echo", {}, bytes(100)) == bytes(100)
        else:
            assert "than its bytes" in await refused(readers, "echo", LimitError, bytes(100))


async def test_who_waits_no_more_leaves_the_child_to_the_next():
    async with pool() as readers:
        await readers.start()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await readers.read("wait", {}, b"")
        assert await readers.read("echo", {}, b"fine") == b"fine"


async def test_another_child_is_started_only_when_a_job_has_waited(monkeypatch):
    monkeypatch.setattr(reading, "_PATIENCE_S", 0.1)
    async with pool(workers=2) as readers:
        for _ in range(3):
            await readers.read("echo", {}, b"")
        assert readers._every[1]._process is None
        waits = asyncio.create_task(readers.read("wait", {}, b""))
        await asyncio.sleep(0)
        assert await readers.read("echo", {}, b"fine") == b"fine"
        assert readers._every[1]._process is not None
        waits.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waits


async def test_a_pool_that_is_closed_reads_nothing_and_leaves_no_child():
    async with pool() as readers:
        await readers.start()
        child = readers._every[0]._process.pid
    with pytest.raises(SourceError, match="closed"):
        await readers.read("echo", {}, b"")
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


async def test_the_child_is_given_nothing_of_the_parents_environment(monkeypatch):
    monkeypatch.setenv("CAUTERY_KEYS", "/secret")
    async with pool() as readers:
        given = json.loads(await readers.read("environment", {}, b""))
    assert "CAUTERY_KEYS" not in given


def test_a_pool_without_workers_is_refused():
    with pytest.raises(InputError):
        ReadingPool(MODULES, workers=0)


@functools.cache
def outcomes() -> dict[str, Any]:
    goal = runpy.run_path(str(HERE / "test_confinement.py"))["goal"]

    async def run() -> dict[str, Any]:
        results: dict[str, Any] = {}
        async with pool() as readers:
            with goal("ordinary user" if os.getuid() == 0 else "same user") as reach:
                for name in ESCAPES:
                    try:
                        asked = {"escape": name, "goal": reach}
                        results[name] = json.loads(await readers.read("escape", asked, b""))
                    except SourceError as error:
                        results[name] = {"died": str(error)}
        return results

    return asyncio.run(run())


@pytest.mark.parametrize("escape", ESCAPES)
def test_an_escape_from_the_child_that_reads_is_refused(escape):
    assert outcomes()[escape].get("errno") == errno.EPERM, outcomes()[escape]


# -- the real jobs: the child reads what this process would have read ------------------------------


class Answer:
    status = 200

    def __init__(self, body, url=URL):
        self.body, self.url = body, url

    def header(self, _):
        return None


@pytest.fixture(scope="module")
def real():
    """Read in one child for all these tests."""
    with contextlib.ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        readers = pool(*MODULES)
        stack.callback(lambda: runner.run(readers.aclose()))
        yield lambda made: (runner.run(made(readers)), runner.run(made(ReadersHere())))


def of_source(kind, *answers):
    asked = Asked(kind=kind, location="http://a.example/c/", username="u", password="p")
    return lambda readers: screened_apart(asked, answers, WINDOW, readers=readers, pseudonyms=KEY)


def sample(kind):
    return (SAMPLES / kind).read_bytes()


GUIDE = (
    '<?xml version="1.0" encoding="iso-8859-15"?><tv><channel id="a"><display-name>Télé</display-name>'
    '</channel><programme start="20261124204500 +0100" channel="a"><title>Home v Away</title></programme>'
    '<programme start="20261124204500 +0100" stop="20261124224500 +0100" channel="b"/></tv>'
).encode("iso-8859-15")
LONG = sample("m3u") + b"".join(
    b'#EXTINF:-1 tvg-id="a%d" group-title="X",A %d\nhttp://a.example/%d\n' % (n, n, n)
    for n in range(3_000)
)
SOURCES = {
    "m3u": of_source("m3u", Answer(LONG)),
    "m3u in Windows-1250": of_source("m3u", Answer(sample("m3u") + "#EXTINF:-1,Łódź\nhttp://a.example/1".encode("cp1250"))),
    "m3u in UTF-16": of_source("m3u", Answer(sample("m3u").decode().encode("utf-16"))),
    "xmltv": of_source("xmltv", Answer(GUIDE)),
    "page": of_source("page", Answer(sample("page"))),
    "xtream": of_source(
        "xtream",
        Answer(b'{"user_info": {"auth": 1, "status": "Active"}, "server_info": {"https_port": "443"}}'),
        Answer(sample("xtream"), "http://a.example/player_api.php?action=get_live_streams"),
    ),
    "stalker": of_source("stalker", Answer(sample("stalker"), f"{URL}?action=get_all_channels")),
}  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_says_in_the_child_what_it_says_here(source, real):
    there, here = real(SOURCES[source])
    assert there == here
    assert there.streams or there.page or there.guide


LINES = (
    b'#EXTM3U\n#EXTINF:-1 tvg-id="a@mail.example" group-title="call +39 347 123 4567",Mail anna@mail.example\n'
    b"http://panel.example/live/anna/s3cret/1.ts\n"
)


async def test_the_child_screens_what_it_reads_and_has_no_key():
    recording = Recording()
    [stream] = (await of_source("m3u", Answer(LINES))(recording)).streams
    assert stream == (
        "http://panel.example/live/anna/s3cret/1.ts",
        f"http://panel.example/live/~{KEY.of('anna')}/~{KEY.of('s3cret')}/1.ts",
        f"Mail ~{KEY.of('email:anna@mail.example')}",
        f"call ~{KEY.of('phone:+393471234567')}",
        f"~{KEY.of('email:a@mail.example')}",
        3,
    )
    # Neither what the child was given nor what it gives back has a pseudonym or the key in it.
    assert KEY.of("anna").encode() not in recording.packed
    assert "k" * 32 not in str(recording.asked)


async def test_a_guide_is_screened_in_the_child_too():
    told = GUIDE.replace(b"Home v Away", b"Call +39 347 123 4567").replace(
        b"T\xe9l\xe9", b"b@mail.example"
    )
    guide = (await of_source("xmltv", Answer(told))(ReadersHere())).guide
    assert guide.channels == (("a", f"~{KEY.of('email:b@mail.example')}"),)
    assert guide.showings[0].title == f"Call ~{KEY.of('phone:+393471234567')}"


async def test_what_a_warning_quotes_is_screened_in_the_child():
    broken = (
        b"#EXTM3U\n#EXTINF:-1,A\nhttp://[anna@mail.example/1\n#EXTINF:-1,B\nhttp://b.example/\n"
    )
    warnings = (await of_source("m3u", Answer(broken))(ReadersHere())).warnings
    assert warnings
    assert "anna" not in str(warnings)


HOSTILE = b"#EXTM3U\n" + b"".join(
    b"#EXTINF:-1,%d %s\nhttp://a.example/%d\n" % (at, b"a%40b &#64; (at) x.y " * 23, at)
    for at in range(8_000)
)
"""Titles that take most of a millisecond to be screened, in a list that is read in 30 ms."""


async def test_titles_that_take_too_long_cost_their_source_and_no_time_of_the_watch(monkeypatch):
    monkeypatch.setattr(reading, "_LEAST_CPU_S", 0.5)  # the kernel counts whole seconds, up
    monkeypatch.setattr(reading, "_CPU_S_PER_MB", 0.0)
    ordinary = of_source("m3u", Answer(LINES))
    async with pool(*MODULES) as readers:
        await readers.start()
        with pytest.raises(LimitError, match="its process was ended"):
            await of_source("m3u", Answer(HOSTILE))(readers)
        assert len((await ordinary(readers)).streams) == 1


async def test_an_address_that_nobody_can_read_is_an_error_of_the_source():
    packed = await Recording().of(of_source("m3u", Answer(LINES)))
    assert packed.count(b"panel.example/live/~") == 1

    class Liar:
        async def read(self, *_):
            return packed.replace(b"panel.example/live/~", b"[anel.example/live/~")

    with pytest.raises(SourceError, match="not valid"):
        await of_source("m3u", Answer(LINES))(Liar())


KEYED = (
    b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="k",IV=0x%032x\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n' % 7
)
MASTER = b'#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1280000,CODECS="avc1,mp4a"\nlow/a.m3u8\n'
ANSWERS = {
    "a playlist": lambda readers: jobs.playlist_in(sample("hls"), base=URL, readers=readers),
    "a playlist with a vector": lambda readers: jobs.playlist_in(KEYED, base=URL, readers=readers),
    "a master playlist": lambda readers: jobs.playlist_in(MASTER, base=URL, readers=readers),
    "a registration": lambda readers: jobs.registration_in(
        sample("rdap"), redact=lambda text: f"~{len(text)}", seen_at=NOON, readers=readers
    ),
    "a certificate": lambda readers: jobs.certificate_in(
        sample("tls"), host="a.example", address="192.0.2.7", seen_at=NOON, readers=readers
    ),
    "services": lambda readers: jobs.services_in(
        b'{"services": [[["example"], ["https://rdap.example/"]]]}', readers=readers
    ),
    "a token": lambda readers: jobs.token_in(b'{"js": {"token": "T0"}}', readers=readers),
    "pages": lambda readers: jobs.pages_in(
        b'{"js": {"total_items": "40", "max_page_items": 14}}', readers=readers
    ),
    "a link": lambda readers: jobs.link_in(
        b'{"js": {"cmd": "ffmpeg http://p.example/7"}}', readers=readers
    ),
    "a calendar": lambda readers: jobs.calendar_is_read(sample("ical"), readers=readers),
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_says_in_the_child_what_it_says_here(answer, real):
    there, here = real(ANSWERS[answer])
    assert there == here


@pytest.mark.parametrize("packed", [b"", b"\0" * 8, struct.pack("<Q", 9) + b"[1]", b"\xff" * 64])
@pytest.mark.parametrize("answer", [name for name in ANSWERS if name != "a calendar"])
async def test_what_a_child_packs_wrongly_is_an_error_of_the_source(answer, packed):
    class Liar:
        async def read(self, *_):
            return packed

    with pytest.raises(SourceError):
        await ANSWERS[answer](Liar())


def as_packed(*parts: bytes) -> bytes:
    return b"".join(struct.pack("<Q", len(one)) + one for one in parts)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (b'"sequence": 0', b'"sequence": -1'),
        (b'"sequence": 0', b'"sequence": 1' + b"0" * 60),
        (b'"duration_s": 4.0', b'"duration_s": NaN'),
        (b'"%032x"' % 7, b'"07"'),
    ],
)
async def test_a_playlist_with_numbers_that_are_none_is_an_error_of_the_source(was, now):
    class Liar(ReadersHere):
        async def read(self, *asked):
            packed = await super().read(*asked)
            (size,) = struct.unpack_from("<Q", packed)
            said, vectors = packed[8 : 8 + size], packed[16 + size :]
            assert was in said + vectors
            return as_packed(said.replace(was, now), vectors.replace(was, now))

    with pytest.raises(SourceError, match="is not valid"):
        await jobs.playlist_in(KEYED, base=URL, readers=Liar())


@pytest.mark.parametrize("said", [b'"\\ud800 x"', b'"\xed\xa0\x80 x"'])
async def test_what_a_child_says_can_be_written(said):
    class Liar:
        async def read(self, *_):
            return as_packed(said)

    (await jobs.token_in(b"", readers=Liar())).encode()
    texts = as_packed(struct.pack("<i", 5), "\ud800 x".encode("utf-8", "surrogatepass"))
    [text] = Unpacker(texts).texts()
    assert text == "\ufffd" * 3 + " x"


def texts_then_json(packed):
    unpacker = Unpacker(packed)
    return unpacker.texts(), unpacker.texts(), unpacker.json()


@pytest.mark.parametrize(
    "packed",
    [
        as_packed(bytes(44), b"", b"", b"", b"0"),
        as_packed(bytes(20), b"", bytes(24), b"", b"0"),
        as_packed(b"", b"", b"", b"", b"[[],[],[]]"),
        as_packed(b"", b"", b"", b"", b'"' + b"a" * 39 + b'"'),
    ],
    ids=["one column", "two columns", "values", "a text"],
)
def test_a_child_that_says_more_than_anybody_asked_for_takes_no_memory_here(monkeypatch, packed):
    for name, most in (("MOST_VALUES", 10), ("_MOST_JSON_VALUES", 6), ("_MOST_JSON_BYTES", 40)):
        monkeypatch.setattr(packing, name, most)
    texts_then_json(as_packed(bytes(20), b"", bytes(20), b"", b"[[],[]]"))
    with pytest.raises(ValueError, match=r"requested|too many values"):
        texts_then_json(packed)


async def test_a_refusal_of_a_child_can_be_written():
    head = b'{"refused": "\\ud800 x", "hint": "\\ud800"}'
    lie = struct.pack("<I", len(head)) + head + struct.pack("<Q", 0)
    async with pool() as readers:
        with pytest.raises(SourceError) as caught:
            await readers.read("say", {}, lie)
    assert (str(caught.value), caught.value.hint) == ("\ufffd x", "\ufffd")


async def test_a_source_that_is_packed_wrongly_is_an_error_of_the_source():
    packed = await Recording().of(SOURCES["m3u"])
    for at in range(0, len(packed), max(1, len(packed) // 200)):

        class Liar:
            async def read(self, *_, at=at):
                return packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :]

        with contextlib.suppress(SourceError):
            says = await SOURCES["m3u"](Liar())
            assert all(isinstance(one.url, str) for one in says.streams)


class Recording(ReadersHere):
    """Remembers what was packed."""

    async def of(self, made):
        await made(self)
        return self.packed

    async def read(self, job, asked, data):
        self.asked = asked
        self.packed = await super().read(job, asked, data)
        return self.packed


async def test_small_inputs_share_one_warm_child():
    async with pool() as readers:
        await readers.start()
        child = readers._every[0]._process.pid
        for _ in range(20):
            await readers.read("echo", {}, b"")
        assert readers._every[0]._process.pid == child
