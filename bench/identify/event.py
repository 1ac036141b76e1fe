"""The event rows of ``identify.py``: one event, several licensees, told by pictures and by sound.

An event's clean feed carries its pictures and the ambience; each of three licensees lays its own
commentary over that. Probes are stretches of ten seconds whose pictures go through the table's
disguises of pictures and whose sound goes through those of :data:`SOUNDS`; the product's own
commands build the references and answer.

Pictures: opencv-doc's films, of which ``vtest`` is the wide static shot, and the lab's matches.
Commentary: prompts of asterisk-core-sounds-en-wav and -fr-wav, each second of them in one feed
only; strangers speak Spanish. Ambience: the lab's crowds, 8 dB under the commentary.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import footage
import numpy as np
import system
import video
from audio import RIGHT_S, interval
from media import RATE_HZ, Library, Sound, at_once, cache
from numpy.typing import NDArray
from probes import PROBE_S, disguises
from scipy.signal import resample_poly

import cautery

if TYPE_CHECKING:
    from settings import Run

STATIC = footage.STATIC_SHOT
SEEDS = {"dev": 13, "test": 17}
"""By the first, what is asked of a licensee's sound was chosen (identify/confirm.py)."""
LICENSEES = 3
SOUNDS = ("aac64", "aac32", "mix6", "speed2")
"""Of the licensee's sound, in turn; ``speed2`` is done to the pictures as well."""
GOALS = {"static": 0.90, "licensee": 0.95}
LEVELS = {"crowd": 0.05, "talk": 0.126}
"""Root mean squares: commentary 8 dB over the ambience, as broadcast mixes have it."""
_LAB_S = 60.0
_LAB_PROBED, _LAB_BESIDE = 8, 8
"""Matches that probes are cut from, and further ones that are only in the references; those have
synthetic voices, since real speech is short."""
_UNSEEN = 4
"""Matches of the lab that are in no reference."""
_SENTENCE_S, _PAUSE_S = (3.0, 8.0), (0.3, 2.5)
_STRANGERS, _CLEAN = 3, 6
"""A so-manieth of as many probes are of the event's pictures with nobody's sound, and of its clean
feed; at least one of each."""
_FEED_HZ = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event and the folder of its feeds: ``clean.mkv`` and one for each licensee."""

    id: str
    seconds: float
    probed: bool

    def feed(self, name: str) -> Path:
        """Return a feed's file."""
        return cache() / "event" / "feeds" / self.id / f"{name}.mkv"

    @property
    def licensees(self) -> tuple[str, ...]:
        """Ids of those who may show it."""
        return tuple(f"{self.id}-{k + 1}" for k in range(LICENSEES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One disguised stretch of ten seconds.

    Parameters
    ----------
    which : str
        Set that it was drawn for.
    group : str
        ``licensee``, ``clean``, ``stranger`` (the event's pictures, nobody's sound) or ``nobody``.
    feed : str
        Whose sound it has.
    """

    which: str
    group: str
    number: int
    event: Event
    feed: str
    pictures: str
    sound: str
    start_s: float
    talk_s: float

    @property
    def path(self) -> Path:
        """Where it is kept."""
        name = f"{self.group}-{self.pictures}-{self.sound}-{self.event.id}-{self.number:03d}.mp4"
        return cache() / "event" / f"probes-{self.which}" / name


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A probe and the line that the product gave for it."""

    probe: Probe
    line: dict[str, Any]

    @property
    def found(self) -> bool:
        """Whether the event is named, at the right place."""
        at = self.line["offset_s"]
        right = at is not None and abs(at - self.probe.start_s) <= RIGHT_S
        return self.line["event"] == self.probe.event.id and right

    @property
    def licensee(self) -> str | None:
        """Who is named."""
        said: str | None = self.line["licensee"]
        return said


def rows(run: Run) -> list[str]:
    """Measure events and their licensees."""
    films = footage.found()
    if STATIC not in films or footage.BACKGROUND not in films:
        return [f"Not measured: no {STATIC} or {footage.BACKGROUND} (see _identify_footage.py)."]
    speech = {
        name: [one for one in run.library.sources.values() if one.id.startswith(f"speech-{name}-")]
        for name in ("en", "fr", "es")
    }
    if not all(speech.values()):
        return ["Not measured: asterisk-core-sounds-en-wav, -fr-wav and -es-wav are wanted."]
    quick = run.asked.quick
    events = _events(films, 2 if quick else _LAB_PROBED, 2 if quick else _LAB_BESIDE)
    talk = _Talk(run.library)
    progress, tell = run.bar("event feeds", len(events) + _UNSEEN)
    with progress:
        for event in events:
            _make_feeds(event, films, talk)
            tell(1)
        unseen = [Event(id=f"unseen-{k}", seconds=_LAB_S, probed=False) for k in range(_UNSEEN)]
        for number, event in enumerate(unseen):
            _pictures(event, films, 1000 + number)
            tell(1)
    probes = planned(events, unseen, run.sizes["event"], run.asked.set)
    progress, tell = run.bar("event probes", len(probes))
    with progress:
        work = functools.partial(_make, films=films, library=run.library)
        for _ in at_once(work, probes, run.asked.jobs):
            tell(1)
    held = _built(events)
    lines = _answers(held, [one.path for one in probes], run.asked.jobs)
    cases = [Case(probe=one, line=lines[str(one.path)]) for one in probes]
    partners = _partners(held, events, cases, run.asked.set, run.asked.jobs)
    return _table(run, events, cases, partners)


def _events(films: dict[str, Path], probed: int, beside: int) -> list[Event]:
    """Return the events: real films, matches to be probed, and matches that are only held."""
    real = [
        Event(id=name, seconds=video.films()[name].seconds, probed=True)
        for name in footage.REFERENCES if name in films
    ]  # fmt: skip
    matches = [
        Event(id=f"match-{number:02d}", seconds=_LAB_S, probed=number < probed)
        for number in range(probed + beside)
    ]
    return [*real, *matches]


class _Talk:
    """Deals out speech: every second of it once."""

    def __init__(self, library: Library) -> None:
        self._sources = {
            name: [one for one in library.sources.values() if one.id.startswith(f"speech-{name}-")]
            for name in ("en", "fr")
        }
        self._at = {"en": 0.0, "fr": 0.0}

    def take(self, language: str, rng: np.random.Generator, seconds: float) -> Sound:
        """Return sentences and pauses, 8 kHz, as loud as :data:`LEVELS` says while they last."""
        out = np.zeros(round(seconds * RATE_HZ), np.float32)
        at_s = float(rng.uniform(*_PAUSE_S)) / 2
        while at_s < seconds - 1:
            length_s = min(float(rng.uniform(*_SENTENCE_S)), seconds - at_s)
            sentence = self._next(language, length_s)
            first = round(at_s * RATE_HZ)
            room = out[first : first + len(sentence)]
            room += sentence[: len(room)]
            at_s += length_s + float(rng.uniform(*_PAUSE_S))
        loud = out[out != 0]
        out *= np.float32(LEVELS["talk"] / np.sqrt(np.mean(loud**2)))
        return out

    def _next(self, language: str, seconds: float) -> Sound:
        into_s = self._at[language]
        self._at[language] += seconds
        for one in self._sources[language]:
            if into_s + seconds <= one.seconds:
                return one.sound(into_s, seconds)
            into_s = max(0.0, into_s - one.seconds)
        raise SystemExit(f"the {language} speech is too short for so many licensees")


def _make_feeds(event: Event, films: dict[str, Path], talk: _Talk) -> None:
    """Make the clean feed and the licensees', one after the other: speech is dealt in order."""
    from cautery.lab import sounds  # noqa: PLC0415 - heavy, and only when something is made

    seed = zlib.crc32(event.id.encode())
    voices = []
    for number in range(LICENSEES):
        rng = np.random.default_rng([11, seed, number])
        if event.probed:
            said = resample_poly(talk.take(("en", "fr")[number % 2], rng, event.seconds), 2, 1)
        else:
            voice = sounds.speech(rng, event.seconds, sounds.Voice.of(rng))
            said = sounds.level(voice, LEVELS["talk"])
        voices.append(said)
    names = ("clean", *event.licensees)
    if all(event.feed(name).exists() for name in names):
        return
    pictures = _pictures(event, films, seed % 1000)
    crowd = sounds.crowd(np.random.default_rng([12, seed]), event.seconds)
    crowd = sounds.level(crowd, LEVELS["crowd"])
    for name, over in zip(names, (np.zeros(1, np.float32), *voices), strict=True):
        whole = crowd.copy()
        whole[: len(over)] += over[: len(whole)]
        _mux(pictures, whole, event.feed(name))


def _pictures(event: Event, films: dict[str, Path], seed: int) -> Path:
    """Return an event's pictures alone, as a clean feed is encoded."""
    path = event.feed("pictures")
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.mkv")
    if event.id in films:
        _ffmpeg(
            "-i", films[event.id], "-an", "-vf", "scale=trunc(iw/2)*2:trunc(ih/2)*2", "-c:v",
            "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", part,
        )  # fmt: skip
    else:
        paint(seed, event.seconds, part)
    part.rename(path)
    return path


def paint(seed: int, seconds: float, out: Path) -> None:
    from cautery.lab.match import Match  # noqa: PLC0415 - as above
    from cautery.lab.pictures import FPS, HEIGHT, WIDTH, Canvas  # noqa: PLC0415 - as above

    frames = round(seconds * FPS)
    match, canvas = Match(seed, frames), Canvas()
    with av.open(str(out), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "20"}
        for index in range(frames):
            match.paint(index, canvas)
            frame = av.VideoFrame.from_ndarray(canvas.planes, format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _mux(pictures: Path, sound: NDArray[np.float32], out: Path) -> None:
    part = out.with_suffix(".part.mkv")
    pcm = np.clip(sound, -1, 1).astype(np.float32).tobytes()
    _ffmpeg(
        "-i", pictures, "-f", "f32le", "-ar", _FEED_HZ, "-ac", "1", "-i", "-", "-c:v", "copy",
        "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2", part, given=pcm,
    )  # fmt: skip
    part.rename(out)


def _ffmpeg(*told: object, given: bytes | None = None) -> None:
    command = ["nice", "-n", "10", "ffmpeg", "-v", "error", "-y", *map(str, told)]
    subprocess.run(command, input=given if given is not None else b"", check=True)


def planned(
    events: Sequence[Event], unseen: Sequence[Event], count: int, which: str
) -> list[Probe]:
    """Draw ``count`` probes a disguise of pictures of the static shot, as many of the others."""
    static = [one for one in events if one.id == STATIC]
    others = [one for one in events if one.probed and one.id != STATIC]
    few, plain = max(1, count // _STRANGERS), max(1, count // _CLEAN)
    cells: list[tuple[str, Sequence[Event], int]] = [
        ("licensee", static, count), ("licensee", others, count),
        ("clean", static, plain), ("clean", others, plain),
        ("stranger", static, few), ("stranger", others, few), ("nobody", unseen, few),
    ]  # fmt: skip
    probes = []
    for at, disguise in enumerate(disguises().VIDEO):
        for cell, (group, among, size) in enumerate(cells):
            for number in range(size):
                rng = np.random.default_rng(
                    [SEEDS[which], zlib.crc32(disguise.encode()), cell, number]
                )
                event = among[(number + at * size) % len(among)]
                sound = SOUNDS[(at + number) % len(SOUNDS)]
                room_s = event.seconds - PROBE_S * _rate(sound) - 0.3
                whose = event.licensees[int(rng.integers(LICENSEES))]
                feed = {"licensee": whose, "clean": "clean", "stranger": "clean"}.get(group, "")
                probes.append(
                    Probe(
                        which=which, group=group, number=number + 100 * cell, event=event,
                        feed=feed,
                        pictures=disguise, sound=sound, talk_s=float(rng.uniform(0, 100)),
                        start_s=round(float(rng.uniform(0, max(0.0, room_s))), 2),
                    )
                )  # fmt: skip
    return probes


def _rate(sound: str) -> float:
    return float(disguises().AUDIO[sound][0])


def _make(probe: Probe, films: dict[str, Path], library: Library) -> None:
    if probe.path.exists():
        return
    probe.path.parent.mkdir(parents=True, exist_ok=True)
    table, rate = disguises(), _rate(probe.sound)
    with tempfile.TemporaryDirectory(prefix="identify-") as folder:
        shown, heard, whole = (f"{folder}/{name}" for name in ("v.mp4", "a.wav", "whole.mp4"))
        table.video_probe(
            str(probe.event.feed("pictures")), probe.start_s, PROBE_S * rate, probe.pictures,
            shown, bg=str(films[footage.BACKGROUND]),
        )  # fmt: skip
        strangers = [one for one in library.sources.values() if one.id.startswith("speech-es-")]
        foreign = strangers[probe.number % len(strangers)]
        if probe.group in {"stranger", "nobody"}:
            source, start_s = f"{folder}/strange.wav", 0.0
            table.write_wav(_strange(probe, foreign), source, RATE_HZ)
        else:
            source, start_s = str(probe.event.feed(probe.feed)), probe.start_s
        table.audio_probe(
            source, start_s, PROBE_S, probe.sound, heard, fg=(foreign.path, probe.talk_s)
        )
        _ffmpeg(
            "-itsscale", 1 / rate, "-i", shown, "-i", heard, "-map", "0:v", "-map", "1:a",
            "-c:v", "copy", "-c:a", "aac", "-b:a", "96k", "-ac", "2", "-t", PROBE_S, whole,
        )  # fmt: skip
        part = probe.path.with_suffix(".part")
        part.write_bytes(Path(whole).read_bytes())
        part.rename(probe.path)


def _strange(probe: Probe, foreign: Any) -> Sound:
    """Return Spanish over a crowd: the event's own where the number is even, else another."""
    from cautery.lab import sounds  # noqa: PLC0415 - as above

    seconds = PROBE_S * 1.1 + 0.5
    said = foreign.sound(probe.talk_s + 120, seconds)
    said = said * np.float32(LEVELS["talk"] / np.sqrt(np.mean(said**2) + 1e-9))
    if probe.group == "stranger" and probe.number % 2 == 0:
        with av.open(str(probe.event.feed("clean"))) as container:
            resampler = av.AudioResampler("flt", "mono", RATE_HZ)
            parts = [
                one.to_ndarray()[0]
                for frame in container.decode(audio=0) for one in resampler.resample(frame)
            ]  # fmt: skip
        first = round(probe.start_s * RATE_HZ)
        crowd = np.concatenate(parts)[first : first + len(said)]
    else:
        rng = np.random.default_rng([14, probe.number])
        crowd = sounds.level(sounds.crowd(rng, seconds), LEVELS["crowd"])[::2]
    mixed: Sound = said.astype(np.float32)
    mixed[: len(crowd)] += crowd[: len(mixed)]
    return mixed


def _command(*told: object) -> list[str]:
    return [sys.executable, "-m", "cautery", *map(str, told)]


def _built(events: Sequence[Event]) -> Path:
    """Build the references by the product's own command, anew when what it keeps changes."""
    kept = hashlib.sha256(system.RECIPE.name.encode() + repr(events).encode())
    for folder in ("fingerprint", "adapters"):
        for one in sorted((Path(cautery.__file__).parent / folder).glob("*.py")):
            kept.update(one.read_bytes())
    out = cache() / "event" / f"{kept.hexdigest()[:12]}.ref"
    if not out.exists():
        listed = out.with_suffix(".csv")
        with listed.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("path", "channel", "event", "feed"))
            for event in events:
                table.writerow((event.feed("clean"), f"{event.id}-clean", event.id, "clean"))
                for name in event.licensees:
                    table.writerow((event.feed(name), name, event.id, name))
        subprocess.run(_command("references", "build", "--map", listed, "-o", out), check=True)
    return out


def _answers(
    held: Path, probes: Sequence[Path | str], jobs: int, *more: object
) -> dict[str, dict[str, Any]]:
    """Ask by the product's own command; it goes on where it was stopped."""
    asked = hashlib.sha256(repr(sorted(map(str, probes))).encode() + system.search_code())
    out = held.with_name(f"{held.stem}-{asked.hexdigest()[:8]}.jsonl")
    done = subprocess.run(
        _command("identify", *probes, "--references", held, "-o", out, "--jobs", jobs, *more),
        stdout=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    if done.returncode not in {0, 1}:
        raise SystemExit(f"cautery identify ended with {done.returncode}")
    told = [json.loads(line) for line in out.read_text().splitlines()]
    return {one["probe"]: one for one in told}


MANDATE = """
[mandate]
id = "bench"
who = "bench"
regime = "gdpr"
legal_basis = "the bench's own media"
start = {start}
end = {end}
territories = ["FR"]
lab = true
{events}
[[partner]]
name = "Partner"
hosts = ["127.0.0.1"]
channels = {channels}
[network]
allow = ["127.0.0.0/8"]
rate_per_host = 1000
"""


def _partners(
    held: Path, events: Sequence[Event], cases: Sequence[Case], which: str, jobs: int
) -> list[tuple[Case, bool]]:
    """Ask again for probes on a partner's host; return each and whether the partner may show it.

    The partner is licensed for the first licensee's feeds only.
    """
    asked = [one.probe for one in cases if one.probe.group == "licensee" and one.found][::4]
    now = datetime.now(UTC)
    told = "".join(
        f'[[event]]\nid = "{one.id}"\nname = "{one.id}"\nkick_off = {now:%Y-%m-%dT%H:%M:%SZ}\n'
        + "".join(
            f'[[channel]]\nid = "{name}"\nnames = ["{name}"]\nterritory = "FR"\n'
            f'event = "{one.id}"\n'
            for name in one.licensees
        )
        for one in events
    )
    allowed = [one.licensees[0] for one in events]
    mandate = held.with_suffix(".toml")
    mandate.write_text(
        MANDATE.format(
            start=f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
            end=f"{now + timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}",
            events=told, channels=json.dumps(allowed),
        )
    )  # fmt: skip
    with _served(cache() / "event" / f"probes-{which}") as port:
        urls = {f"http://127.0.0.1:{port}/{one.path.name}": one for one in asked}
        lines = _answers(held, list(urls), jobs, "--mandate", mandate)
    return [(Case(probe=one, line=lines[url]), one.feed in allowed) for url, one in urls.items()]


@contextmanager
def _served(folder: Path) -> Iterator[int]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *told: object) -> None:
            del format, told

    handler = functools.partial(Quiet, directory=os.fspath(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def _table(
    run: Run, events: Sequence[Event], cases: Sequence[Case], partners: Sequence[tuple[Case, bool]]
) -> list[str]:
    mine = [one for one in cases if one.probe.group == "licensee"]
    static = [one for one in mine if one.probe.event.id == STATIC]
    real = [one for one in mine if one.probe.event.id in footage.REFERENCES]
    lab = [one for one in mine if one.probe.event.id not in footage.REFERENCES]
    clean = [one for one in cases if one.probe.group == "clean"]
    strange = [one for one in cases if one.probe.group == "stranger"]
    nobody = [one for one in cases if one.probe.group == "nobody"]

    def line(title: str, goal: str, of: Sequence[Case], good: Callable[[Case], bool]) -> str:
        hits = sum(map(good, of))
        low, high = interval(hits, len(of)) if of else (0.0, 1.0)
        run.note(f"event.{title}", [hits, len(of)])
        share = f"{hits / len(of):.3f}" if of else "-"
        return f"| {title} | {goal} | {share} ({low:.2f}-{high:.2f}) | {hits} of {len(of)} |"

    def right(one: Case) -> bool:
        return one.licensee == one.probe.feed

    def wrong(one: Case) -> bool:
        return one.licensee not in {None, one.probe.feed}

    def none(one: Case) -> bool:
        return one.licensee is None

    seconds = sum(one.seconds for one in events)
    films = ", ".join(one.id for one in events if one.id in footage.REFERENCES)
    about = (
        f"{len(events)} events ({films} real; the other pictures and all crowds are the lab's), "
        f"each a clean feed and {LICENSEES} licensees, {seconds:.0f} s in all; commentary is real "
        f"speech for the {sum(one.probed for one in events)} that probes are cut from. Probes: "
        f"10 s, twelve disguises of pictures, sound by {', '.join(SOUNDS)} in turn; the foreground "
        "of mix6 is speech in no reference. Right: the event, within 0.5 s."
    )
    lines = [
        about,
        "",
        "| event | goal | share | N |",
        "| --- | --- | --- | --- |",
        line("event from a wide static shot (vtest)", "0.90", static, lambda one: one.found),
        line("event, real films", "-", real, lambda one: one.found),
        line("event, the lab's matches", "-", lab, lambda one: one.found),
        line("its licensee named, all", "0.95", mine, right),
        line("its licensee named, wide static shot", "0.95", static, right),
        line("a wrong licensee named", "0", mine, wrong),
        line("clean feed: event", "-", clean, lambda one: one.found),
        line("clean feed: no licensee named", "1", clean, none),
        line("a stranger's sound: event", "-", strange, lambda one: one.found),
        line("a stranger's sound: event, vtest", "-",
             [one for one in strange if one.probe.event.id == STATIC], lambda one: one.found),
        line("a stranger's sound: no licensee named", "1", strange, none),
        line("nobody's pictures and sound: nothing named", "1", nobody,
             lambda one: one.line["event"] is None and not one.line["channels"]),
        line("licensed partner: said to be licensed", "1",
             [one for one, may in partners if may], _licensed),
        line("partner with another's feed: not said to be licensed", "1",
             [one for one, may in partners if not may], lambda one: not _licensed(one)),
    ]  # fmt: skip
    lines += ["", "| pictures | event, vtest | event, others | licensee named |"]
    lines.append("| --- " * 4 + "|")
    for disguise in disguises().VIDEO:
        here = [one for one in mine if one.probe.pictures == disguise]
        still = [one for one in here if one.probe.event.id == STATIC]
        moving = [one for one in here if one.probe.event.id != STATIC]
        cells = [
            f"{sum(one.found for one in still)} of {len(still)}",
            f"{sum(one.found for one in moving)} of {len(moving)}",
            f"{sum(right(one) for one in here)} of {len(here)}",
        ]
        lines.append(f"| {disguise} | {' | '.join(cells)} |")
    lines += ["", "| sound | event | licensee named | wrong one |", "| --- " * 4 + "|"]
    for sound in SOUNDS:
        here = [one for one in mine if one.probe.sound == sound]
        cells = [
            f"{sum(one.found for one in here)} of {len(here)}",
            f"{sum(right(one) for one in here)} of {len(here)}",
            f"{sum(wrong(one) for one in here)}",
        ]
        lines.append(f"| {sound} | {' | '.join(cells)} |")
    return lines


def _licensed(one: Case) -> bool:
    return "is licensed for it" in one.line["reason"]
