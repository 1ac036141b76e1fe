"""A closed case with one proven stream, of real media, and the bags made of it."""

from __future__ import annotations

import asyncio
import io
import itertools
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

from cautery.adapters._decoder_media import parts
from cautery.adapters.bag_folder import BagFolder
from cautery.adapters.case_folder import FolderStore
from cautery.adapters.case_still import still
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.person_keys import create_approver
from cautery.evidence.outside.stamps import stamp_request
from cautery.fingerprint import DEFAULT_RECIPE
from cautery.identify import ReferenceInfo, References
from cautery.identify.decide import decide
from cautery.identify.observe import observing
from cautery.identify.steps import in_turn
from cautery.lab.encode import Piece, Rendered, _encrypt
from cautery.lab.readers import ReadersHere
from cautery.lab.timeline import Feed, media_playlist
from cautery.lab.vouched_world import World, made_world
from cautery.model import (
    Channel,
    Decoded,
    Event,
    Exchange,
    ExhibitId,
    KeyedPseudonyms,
    Mandate,
    RedactedUrl,
    Regime,
    Response,
    Verdict,
    Window,
    digest_of,
)
from cautery.model.records import AlignmentShown, AssetFacts, ProbeDone
from cautery.model.records.scoring import MediaPiece
from cautery.workflows.case.capturing import Capturing
from cautery.workflows.case.close import close_case
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.dossier.accused import Accused
from cautery.workflows.dossier.as_verified import as_verified
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.build import Dossier, make_dossier
from cautery.workflows.dossier.trusted import trusted_files
from cautery.workflows.media.fetching import Fetched, fetch_newest
from cautery.workflows.media.fetching import media as media_kind
from cautery.workflows.timing.closing import prove_closed
from cautery.workflows.timing.keeping import Budget, Timekeeper
from cautery.workflows.watch.opening import begin_case
from cautery.workflows.watch.probing.bases import Bases, Probed

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
T0 = NOON.timestamp() - 60
URL = "http://edge.pirate.example/arena/index.m3u8"
LATE_S = 4.0
MANDATE = Mandate(
    id="lab",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    territories=("FR",),
    window=Window(start=NOON - timedelta(hours=1), end=NOON + timedelta(hours=2)),
    events=(Event(id="m", name="A v B", kick_off=NOON - timedelta(hours=1), legal_basis="rights"),),
    channels=(
        Channel(id="fr", names=("Sport FR",), territory="FR", event="m", legal_basis="rights"),
    ),
)


@cache
def music(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    out = rng.standard_normal(80 * 8000).astype(np.float32) * 0.003
    for _ in range(720):
        start, length = int(rng.integers(len(out))), int(rng.uniform(0.1, 0.5) * 8000)
        t = np.arange(min(length, len(out) - start)) / 8000
        out[start : start + len(t)] += (
            0.1 * np.sin(2 * np.pi * rng.uniform(220, 3500) * t) * np.exp(-4 * t)
        )
    return out


@cache
def pictures(seed: int) -> np.ndarray:
    """80 s of moving blobs, 12.5 a second, (pictures, 36, 64)."""
    rng = np.random.default_rng(seed)
    n, x, y = 1000, np.arange(64), np.arange(36)[:, None]
    walk = np.cumsum(rng.standard_normal((6, 2, n)), axis=2) * 0.8 + 30
    out = np.full((n, 36, 64), 60.0)
    for k in range(6):
        cx, cy = walk[k, 0] % 64, walk[k, 1] % 36
        out += 90 * np.exp(-((x - cx[:, None, None]) ** 2 + (y - cy[:, None, None]) ** 2) / 40)
    return np.clip(out, 0, 255).astype(np.uint8)


@cache
def segment(seed: int, from_s: int, to_s: int) -> bytes:
    """A transport stream of a part of both, H.264 and AAC."""
    out = io.BytesIO()
    with av.open(out, "w", format="mpegts") as container:
        video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 256, 144, "yuv420p"
        sound = container.add_stream("aac", rate=48000, layout="mono")
        for k in range(int((to_s - from_s) * 12.5) * 2):
            luma = pictures(seed)[int(from_s * 12.5) + k // 2].repeat(4, 0).repeat(4, 1)
            frame = av.VideoFrame.from_ndarray(np.stack([luma] * 3, axis=2), format="rgb24")
            frame.pts = k + 25
            for packet in video.encode(frame):
                container.mux(packet)
        samples = music(seed)[from_s * 8000 : to_s * 8000].repeat(6)[None, :]
        for k, start in enumerate(range(0, samples.shape[1] - 1023, 1024)):
            part = np.ascontiguousarray(samples[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(part, format="flt", layout="mono")
            frame.sample_rate, frame.pts = 48000, 48000 + 1024 * k
            for packet in sound.encode(frame):
                container.mux(packet)
        for stream in (video, sound):
            for packet in stream.encode(None):
                container.mux(packet)
    return out.getvalue()


def decoded(data: bytes) -> Decoded:
    [(head, raw)] = parts(io.BytesIO(data), "mpegts", pictures=True, part_s=600, most_s=600)
    samples, count = head["samples"], head["pictures"]
    luma_at = 4 * samples
    times_at = luma_at + count * 36 * 64
    return Decoded(
        audio=np.frombuffer(raw[:luma_at], np.float32),
        audio_s=head["audio_s"],
        luma=np.frombuffer(raw[luma_at:times_at], np.uint8).reshape(count, 36, 64),
        luma_s=np.frombuffer(raw[times_at:], np.float64),
        duration_s=head["duration_s"],
    )


@cache
def references(seed: int) -> References:
    infos = (
        ReferenceInfo(id="event:m", kind="channel", event="m", clean=True),
        ReferenceInfo(id="film", kind="channel"),
    )
    held = References(DEFAULT_RECIPE, infos, window_s=420.0)
    for name, content in (("event:m", seed), ("film", seed + 50)):
        media = Decoded(
            audio=music(content),
            audio_s=0.0,
            luma=pictures(content),
            luma_s=np.arange(1000) / 12.5,
            duration_s=80.0,
        )
        held.add(name, media, at_s=T0)
    return held


def exchange(payload: bytes, number: int) -> Exchange:
    return Exchange(
        url=f"http://edge.pirate.example/arena/{number}.ts",
        method="GET",
        target=f"/arena/{number}.ts",
        request_headers=(("Host", "edge.pirate.example"),),
        status=200,
        reason="OK",
        headers=(("Content-Type", "video/mp2t"),),
        payload=payload,
        asked_at=NOON,
        answered_at=NOON,
        address="192.0.2.1",
    )


class LockedSite:
    """Serves a stream of the lab under AES-128: its playlist, its key, its newest segment."""

    def __init__(self, key: bytes, data: bytes, number: int, folder: Path) -> None:
        path = folder / f"{number}.ts"
        path.write_bytes(data)
        _encrypt([path] if number == 0 else [folder / "none.ts", path], key)
        pieces = tuple(Piece(f"{n}.ts", 12.0) for n in range(number + 1))
        feed = Feed(Rendered(folder, pieces, None), begin_s=0.0, window=1)
        playlist = media_playlist(feed, 12.0 * (number + 1), t0=T0, key_url="key.bin")
        self.bodies = {
            "index.m3u8": playlist.encode(),
            "key.bin": key,
            path.name: path.read_bytes(),
        }

    async def fetch(self, url: str, **_: object) -> Response:
        body = self.bodies[url.rpartition("/")[2]]
        return Response(
            url=url, hops=(url,), status=200, headers=(), body=body, asked_at=NOON,
            answered_at=NOON, address="192.0.2.1",
            exchanges=(replace(exchange(body, 0), url=url),),
        )  # fmt: skip


def fetched_under(
    key: bytes, data: bytes, number: int, journal: Journal, folder: Path
) -> tuple[tuple[ExhibitId, ...], tuple[MediaPiece, ...]]:
    """Fetch the newest segment as a watch does; return what it sealed, and of what it is made."""
    exhibits: list[ExhibitId] = []
    (folder / "none.ts").write_bytes(b"")
    site = LockedSite(key, data, number, folder)
    capturing = Capturing(site, journal, media_kind, into=exhibits)
    fetched = asyncio.run(fetch_newest(URL, fetcher=capturing, readers=ReadersHere(), seconds=12.0))
    assert fetched.data == data
    return tuple(exhibits), fetched.pieces


@dataclass(frozen=True)
class Made:
    """A closed case, its verdict and the key of who hands it over."""

    path: Path
    store: FolderStore
    verdict: Verdict
    key: Path

    def dossier(self, out: Path, audience: Audience = Audience.COURT, **options) -> Dossier:
        salts = itertools.count(1)
        if audience is Audience.DEFENCE:
            options = {"accused": Accused(hosts=frozenset({"edge.pirate.example"}))} | options
        with as_verified(self.path, store=FolderStore(), still=still, now=NOON) as (verified, seen):
            return make_dossier(
                self.path,
                out,
                audience=audience,
                verified=verified,
                store=seen,
                writer=BagFolder(),
                by="A. Legal",
                key=loaded(self.key),
                at=NOON,
                salt=lambda size: next(salts).to_bytes(size, "big"),
                **options,
            )


def loaded(path: Path):
    from cautery.adapters.person_keys import load_approver

    return load_approver(path)


def watched(
    folder: Path,
    *,
    seed: int = 1,
    shown: int | None = None,
    aligned: bool = False,
    world: World | None = None,
    aes: bytes | None = None,
    hidden: Collection[int] = (),
) -> Made:
    """Make a case: two probes of one stream, their bases, the verdict; then close it.

    As in every case of a watch, the playlists are encrypted with the case's keys.

    ``shown`` is another content that takes the place of the stream's after it was scored; with
    ``aligned`` the reference's own media around the last probe are sealed; in a ``world`` others
    vouch for its times before the probes, after the verdict, and once it is closed. With an ``aes``
    key the media are fetched from the lab's stream under AES-128; of the probes of these numbers they
    are ``hidden``: sealed encrypted, as media are that hold personal data.
    """
    store = FolderStore(KeyFolder(folder / "keys"))
    clock = FixedClock(NOON) if world is None else world.clock
    case = open_case(folder / "case", store=store, clock=clock)
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    begin_case(MANDATE, ledger=case.ledger, journal=journal, key=str(case.verifier))
    vouched = [] if world is None else [timekeeper(case, world)]
    for keeper in vouched:
        asyncio.run(keeper.turn(journal))
    for minute, addresses in enumerate((("192.0.2.1",), ("192.0.2.1",), ("192.0.2.2", "::1"))):
        journal.write(
            AssetFacts(
                host="edge.pirate.example", addresses=addresses, asn=64500, country="NL",
                organisation="Example Hosting", shared=(), certificate=None, registration=None,
                at=NOON + timedelta(minutes=minute),
            )
        )  # fmt: skip
    observations, bases = [], Bases(journal)
    for number, from_s in enumerate((20, 34)):
        data = segment(seed, from_s, from_s + 12)
        sealed = data if shown is None else segment(shown, from_s, from_s + 12)
        exhibits = journal.seal_exchanges(
            [exchange(sealed, number)], what="segment", confidential=number in hidden
        ) + journal.seal_exchanges(
            [exchange(b"#EXTM3U\n%d.ts\n" % number, number)], what="playlist", confidential=True
        )
        pieces = (MediaPiece(payload=digest_of(sealed)),)
        if aes is not None:
            exhibits, pieces = fetched_under(aes, data, number, journal, folder)
        at = NOON + timedelta(seconds=14 * number)
        media = decoded(data)
        media_at_s = T0 + from_s + LATE_S
        observation, kept = in_turn(
            observing(media, references(seed), media_at_s=media_at_s, at=at, exhibits=exhibits)
        )
        fetched = Fetched(
            data=data, sound=None, available_s=media_at_s, at=at, live=True, target_s=4.0,
            hops=(URL,), address="192.0.2.1", pieces=pieces,
        )  # fmt: skip
        probed = Probed(
            fetched=fetched, decoded=media, observation=observation, media_at_s=media_at_s,
            kept=kept, within=media,
        )  # fmt: skip
        journal.write(
            ProbeDone(
                url=URL, at=at, observation=observation, failed=None,
                exhibits=tuple(ExhibitId(name) for name in exhibits),
            )
        )  # fmt: skip
        asyncio.run(bases.hold(URL, [probed], until=probed))
        observations.append(observation)
    asyncio.run(bases.seal(URL))
    if aligned:
        own = journal.seal(
            segment(seed, 36, 44), what="reference", media_type="video/mp2t", at=NOON
        )
        journal.write(
            AlignmentShown(
                url=URL, reference="event:m", kind="picture", delay_s=LATE_S, suspect_at_s=7.0,
                reference_at_s=T0 + 40, reference_media=own, reference_media_s=5.0,
                lags_s=(3.9, 4.0, 4.1), strength=(0.1, 0.9, 0.1),
            )
        )  # fmt: skip
    verdict = decide(
        RedactedUrl(URL), observations, mandate=MANDATE, host="edge.pirate.example",
        at=NOON + timedelta(seconds=20),
    )  # fmt: skip
    journal.write(replace(verdict, recipe="r"))
    for keeper in vouched:
        asyncio.run(world.clock.sleep(30))
        asyncio.run(keeper.turn(journal))
    close_case(case, at=NOON + timedelta(minutes=1))
    case.leave()
    if world is not None:
        asyncio.run(world.clock.sleep(60))
        asyncio.run(prove_closed(folder / "case", store=store, log=world.log))
    key = folder / "legal.pem"
    create_approver(key)
    return Made(folder / "case", store, verdict, key)


def timekeeper(case: Case, world: World) -> Timekeeper:
    return Timekeeper(
        world.log,
        ledger=case.ledger,
        vault=case.vault,
        clock=world.clock,
        verifier=case.verifier,
        checkpoint=lambda: case.ledger.checkpoint(case.signer, at=world.clock.now()),
        budget=Budget(most=None),
        sleep=world.clock.sleep,
    )


@dataclass(frozen=True)
class Vouched:
    """A case for whose times others vouch, and those others."""

    made: Made
    world: World

    def stamp(self, listed: bytes, at: datetime = NOON + timedelta(minutes=5)) -> bytes:
        request, _ = stamp_request(listed)
        return self.world.authorities["one.example"].answer_at(request, at=at)

    def dossier(self, out: Path, audience: Audience = Audience.COURT, **options) -> Dossier:
        given = {"stamp": self.stamp, "trusted": trusted_files(self.world.trust)} | options
        return self.made.dossier(out, audience, **given)


@pytest.fixture(scope="session")
def vouched(tmp_path_factory: pytest.TempPathFactory) -> Vouched:
    folder = tmp_path_factory.mktemp("vouched")
    world = made_world(folder / "world")
    world.clock.at = NOON
    return Vouched(watched(folder, aligned=True, world=world), world)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return watched(tmp_path_factory.mktemp("made"))
