"""Whatever sources and streams send, the watch goes on, and each failure is a record."""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading
import wave
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from cautery.lab.attacks import ATTACKS, Attack
from cautery.lab.hostile import Hostile
from cautery.model import Entry

pytestmark = pytest.mark.journey

RATE_HZ = 8000
WINDOW_S = 60.0
LISTS = [one for one in ATTACKS.values() if one.kind != "stream"]
STREAMS = {one.name: one.fails for one in ATTACKS.values() if one.kind == "stream"} | {
    "html": "DecodeError",
    "nul": "SourceError",
    "drip": "DecodeError",
    "silent": "LimitError",
    "loop": "LimitError",
    "link-local": "ForbiddenAddressError",
    "endless-line": "LimitError",
    "missing": "SourceError",
}
"""Streams that attack, and some of what a list's server does, done to a stream's probe."""
BOUGHT = ['access = "test-purchase"', 'receipt = "no. 1"']
OF_KIND = {
    "xtream": [*BOUGHT, 'username = "a"', 'password = "b"'],
    "stalker": [*BOUGHT, 'mac = "00:1A:79:00:00:01"'],
    "xmltv": BOUGHT,
}
"""What else a mandate says of such a source."""


def a_film(path: Path, seconds: int = 60) -> None:
    """Write a work whose sound is like no other: tones that change ten times a second."""
    rng = np.random.default_rng(17)
    axis = np.arange(RATE_HZ // 10) / RATE_HZ
    tones = rng.uniform(200, 3400, (seconds * 10, 3, 1))
    sound = np.sin(2 * np.pi * tones * axis).sum(axis=1).ravel() / 4
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes((sound * 30_000).astype("<i2").tobytes())


@dataclass(frozen=True, slots=True, kw_only=True)
class Siege:
    """A watch among hostile sources, over."""

    case: Path
    watch: Any
    code: int
    lists: dict[str, str]
    streams: dict[str, str]
    good: str


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder served by a well-behaved server; the film lies in it."""
    folder = tmp_path_factory.mktemp("films")
    a_film(folder / "film.wav")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            return

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.9.1.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://127.9.1.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def siege(
    tmp_path_factory: pytest.TempPathFactory,
    files: tuple[Path, str],
    place: Any,
    start_watch: Callable[..., Any],
) -> Siege:
    """Watch all of them at once, each at an address of its own, and one pirate among them."""
    folder = tmp_path_factory.mktemp("siege")
    stack = AsyncExitStack()
    count = iter(range(2, 250))

    async def serve(path: str) -> str:
        server = await stack.enter_async_context(Hostile(f"127.9.0.{next(count)}"))
        return server.url(path)

    lists = {one.name: place.run(serve(one.name)) for one in LISTS}
    streams = {one: place.run(serve(one)) for one in STREAMS}
    good = f"{files[1]}/film.wav"
    now = datetime.now(UTC)
    text = [
        "[mandate]",
        'id = "siege"',
        'who = "Example League"',
        'regime = "gdpr"',
        'legal_basis = "exclusive rights"',
        f"start = {(now - timedelta(seconds=1)).isoformat()}",
        f"end = {(now + timedelta(seconds=WINDOW_S)).isoformat()}",
        'territories = ["FR"]',
        "lab = true",
        "[[work]]",
        'id = "film-1"',
        'title = "A Film"',
        f'reference = "{files[0]}/film.wav"',
        "[network]",
        'allow = ["127.9.0.0/16"]',
        "rate_per_host = 25.0",
    ]
    for one in LISTS:
        text += ["[[source]]", f'url = "{lists[one.name]}"', f'kind = "{one.kind}"']
        text += ["revisit_s = 60", *OF_KIND.get(one.kind, ())]
    for url in (*streams.values(), good):
        text += ["[[source]]", f'url = "{url}"', 'kind = "stream"', "revisit_s = 60"]
    mandate = folder / "mandate.toml"
    mandate.write_text("\n".join(text))
    watch = start_watch(mandate, folder / "case", folder / "keys", weigh_from="source.read")
    code = watch.end()
    place.run(stack.aclose())
    return Siege(
        case=folder / "case", watch=watch, code=code, lists=lists, streams=streams, good=good
    )


def test_the_watch_lasts_to_the_end_of_its_window_and_says_so(siege: Siege) -> None:
    assert siege.code == 0, siege.watch.said[-20:]
    [stopped] = siege.watch.bodies("watch.stopped")
    assert stopped["why"] == "window closed"
    assert not any("Traceback" in line for line in siege.watch.said)


@pytest.mark.parametrize("attack", LISTS, ids=lambda one: one.name)
def test_a_source_that_attacks_is_a_record_with_the_right_error(
    siege: Siege, attack: Attack
) -> None:
    told = siege.watch.bodies("source.read")
    read = [one for one in told if one["source"] == siege.lists[attack.name]]
    assert read, "every source is told of"
    failed = read[0]["failed"]
    assert (failed and failed["values"]["error"]) == attack.fails, failed
    assert read[0]["entries"] == attack.entries


def test_a_title_is_the_same_in_latin_1_and_in_utf_16(siege: Siege) -> None:
    titles = {one["title"] for one in siege.watch.bodies("stream.appeared")}
    assert "Télé Été" in titles


@pytest.mark.parametrize(("what", "error"), STREAMS.items())
def test_a_stream_that_cannot_be_heard_is_a_record_with_the_right_error(
    siege: Siege, what: str, error: str
) -> None:
    done = [one for one in siege.watch.bodies("probe.done") if one["url"] == siege.streams[what]]
    assert done, "every stream was probed"
    assert done[0]["observation"] is None
    assert done[0]["failed"]["values"]["error"] == error, done[0]["failed"]


@pytest.mark.parametrize("what", STREAMS)
def test_a_stream_that_cannot_be_heard_is_unreachable_and_accused_of_nothing(
    siege: Siege, what: str
) -> None:
    verdicts = [
        one for one in siege.watch.bodies("verdict") if one["url"]["text"] == siege.streams[what]
    ]
    assert [one["finding"] for one in verdicts] == ["unreachable"]
    assert verdicts[0]["reasons"]


def test_the_pirate_among_them_is_proven_all_the_same(siege: Siege) -> None:
    proven = [one for one in siege.watch.bodies("verdict") if one["finding"] == "proven"]
    assert [(one["url"]["text"], one["channels"]) for one in proven] == [(siege.good, ["film-1"])]


def test_nothing_outside_the_mandates_network_was_touched(siege: Siege) -> None:
    hosts = {one["host"] for one in siege.watch.bodies("asset.facts")}
    assert hosts
    private = ("10.", "169.254.")
    listed = {one for one in hosts if one.startswith(private)}
    assert listed == {"10.1.2.3", "169.254.169.254"}, "a list may name what it likes"
    probes = [
        one for one in siege.watch.bodies("probe.done") if urlsplit(one["url"]).hostname in listed
    ]
    errors = {one["failed"]["values"]["error"] for one in probes}
    assert errors <= {"ForbiddenAddressError"}
    reached = {
        address
        for one in siege.watch.bodies("asset.facts")
        if one["host"] not in listed
        for address in one["addresses"]
    }
    assert not any(one.startswith(private) for one in reached)


def test_a_hundred_attackers_at_once_cost_less_than_700_mb(siege: Siege) -> None:
    assert siege.watch.first_mb is not None
    assert siege.watch.most_mb - siege.watch.first_mb < 700


def test_the_case_closes_and_verifies(
    siege: Siege,
    cautery: Callable[..., subprocess.CompletedProcess[str]],
    entries: Callable[[Path], list[Entry]],
) -> None:
    assert entries(siege.case)[-1].record.kind == "case.closed"
    ended = cautery("verify", siege.case)
    assert ended.returncode == 3, ended.stderr


def test_every_record_that_was_streamed_is_the_ledgers_own(
    siege: Siege, entries: Callable[[Path], list[Entry]]
) -> None:
    held = [(one.index, one.record.kind) for one in entries(siege.case)]
    streamed = [(one["index"], one["kind"]) for one in siege.watch.records]
    assert streamed == held[: len(streamed)]
    assert len(held) - len(streamed) <= 1, "but for the closing itself"
