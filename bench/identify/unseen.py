"""Media and disguises that nothing was tuned on: those of the validation, and of the joint trial.

Fetch the packages into the folder ``unseen`` of the cache; no file of them has a role elsewhere::

    apt-get download supertuxkart-data marsshooter-data supertux-data freeorion-data \
        asterisk-core-sounds-ru-wav widelands-data colobot-common-sounds openclonk-data \
        megaglest-data trackballs-data redeclipse-data extremetuxracer-data
    pip download --no-deps gradio

Four kinds of content. *Music*: the tracks of two games; those of two others are in no reference.
*Talk*: Russian prompts, half of them references. *Match*: matches by the lab, of seeds of their
own, with their own crowd and voices. *Film*: every other one of the films on which thresholds were
tested, and one of gradio, with music of a third game under them.

The disguises are recipes of ffmpeg of its own, not those of the shared generators.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache as once
from pathlib import Path

import footage
import media
import numpy as np
import system
from media import RATE_HZ, Pcm, Sound, Source

MUSIC = {
    "supertuxkart-data": "reference", "marsshooter-data": "reference",
    "supertux-data": "negative", "freeorion-data": "negative",
    **dict.fromkeys(
        ("widelands-data", "colobot-common-sounds", "openclonk-data", "megaglest-data",
         "trackballs-data", "redeclipse-data", "extremetuxracer-data"), "other",
    ),
}  # fmt: skip
"""Those of ``other`` games are of the joint trial alone."""
TALK = "asterisk-core-sounds-ru-wav"
FILM = "world.mp4"
MATCHES, OTHER_MATCHES = range(7001, 7006), range(7101, 7109)
MATCH_S = 90.0
"""Sound of a match costs a third of a second for each 60 s."""
FILMS = tuple(sorted(footage.TESTING)[::2])
"""References here; elsewhere they are negatives that thresholds were tested on."""
SOUND = {
    "as it is": "anull",
    "telephone": "highpass=f=300,lowpass=f=3400,acompressor=threshold=0.05:ratio=6",
    "muffled": "lowpass=f=1500",
    "filmed off a set": "highpass=f=250,aecho=0.8:0.7:25|43:0.4|0.25,acompressor=ratio=4",
    "3 % faster": "asetrate=44100*1.03,aresample=44100",
    "4 % slower": "asetrate=44100*0.96,aresample=44100",
    "tempo 3 % slower": "atempo=0.97",
    "half a semitone up": "asetrate=44100*1.03,aresample=44100,atempo=1/1.03",
    "gaps of a quarter": "volume=0:enable='lt(mod(t,1),0.25)'",
    "chorus": "chorus=0.6:0.9:50|60:0.4|0.32:0.25|0.4:2|1.3",
    "crushed to 6 bits": "acrusher=bits=6:mode=lin:mix=1",
    "hiss": "anoise", "crowd": "acrowd", "talk": "atalk",
}  # fmt: skip
"""By name, filters of sound; the last three lay something over it."""
SPEED = {"3 % faster": 1.03, "4 % slower": 0.96, "tempo 3 % slower": 0.97}
LAID_DB = {"hiss": 3.0, "crowd": 0.0, "talk": 0.0}
PICTURES = {
    "as it is": "null",
    "grey": "hue=s=0",
    "small and coarse": "scale=320:-2,noise=alls=12:allf=t",
    "framed": "scale=iw*0.8:ih*0.8,pad=iw/0.8:ih/0.8:(ow-iw)/2:(oh-ih)/3",
    "cut by 12 %": "crop=iw*0.88:ih*0.88",
    "turned by 2 degrees": "rotate=2*PI/180,crop=iw*0.93:ih*0.93",
    "filmed off a set": "perspective=x0=0.03*W:y0=0.04*H:x1=0.96*W:y1=0:x2=0:y2=0.97*H:x3=W:"
    "y3=0.95*H,eq=gamma=1.25:contrast=0.85,noise=alls=15:allf=t",
    "a box and a ticker": "drawbox=x=iw*0.72:y=ih*0.05:w=iw*0.22:h=ih*0.16:c=white:t=fill,"
    "drawbox=x=0:y=ih*0.88:w=iw:h=ih*0.09:c=navy:t=fill",
    "light that pulses": "eq=brightness='0.08*sin(4*t)':eval=frame",
    "10 pictures a second": "fps=10",
    "squeezed": "scale=iw*0.75:ih,pad=iw/0.75:ih:(ow-iw)/2:0",
    "blurred": "gblur=sigma=4",
}  # fmt: skip
_EVEN = "scale=trunc(iw/2)*2:trunc(ih/2)*2"
CONTENT = ("match", "film", "music", "talk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A reference: a file with sound, and pictures if it is a match or a film."""

    id: str
    content: str
    path: Path
    seconds: float

    @property
    def pictured(self) -> bool:
        """Whether it has pictures."""
        return self.content in {"match", "film"}

    def sound(self) -> Sound:
        """Return its sound, 8 kHz."""
        kept = _folder() / "pcm" / f"{self.id}.npy"
        if not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            media.save_array(kept, _decoded(self.path))
        return media.as_sound(np.load(kept))

    def film(self) -> system.Film:
        """Return its pictures."""
        kept = _folder() / "films" / f"{self.id}.npz"
        if not kept.exists():
            system.film(self.path.read_bytes()).save(kept)
        return system.Film.load(kept)


def missing() -> list[str]:
    """Return the packages that are not there."""
    return [one for one in (*MUSIC, TALK, "gradio") if _package(one) is None]


def works(contents: Sequence[str]) -> list[Work]:
    """Return the references of these kinds, made if they are not there."""
    makers = {"match": _matches, "film": _scored_films, "music": _music, "talk": _spoken}
    return [work for content in contents for work in makers[content]()]


def _music() -> Iterator[Work]:
    met: Counter[str] = Counter()
    for package, role in MUSIC.items():
        for path, seconds in _tracks(package) if role == "reference" else ():
            met[path.stem] += 1
            name = path.stem if met[path.stem] == 1 else f"{path.stem}-{met[path.stem]}"
            yield Work(id=name, content="music", path=path, seconds=seconds)


def _spoken() -> Iterator[Work]:
    talk = _talk("reference")
    yield Work(id="talk", content="talk", path=Path(talk.path), seconds=talk.seconds)


def _matches() -> Iterator[Work]:
    for seed in MATCHES:
        yield Work(id=f"match-{seed}", content="match", path=_match(seed), seconds=MATCH_S)


def _scored_films() -> Iterator[Work]:
    music = [path for path, _ in _tracks("supertux-data")]
    for number, (name, path) in enumerate(_films().items()):
        whole, seconds = _scored(name, path, music[number]), footage.film(path).seconds
        yield Work(id=name, content="film", path=whole, seconds=seconds)


def alike(first: str | None, second: str | None) -> bool:
    """Tell whether two works are one piece: games hand tracks on, under their old names."""
    return first is not None and second is not None and _piece(first) == _piece(second)


def _piece(name: str) -> str:
    stem, _, number = name.rpartition("-")
    return (stem if number.isdigit() and len(number) == 1 else name).casefold()


def others(content: str) -> list[tuple[Path, float]]:
    """Return files of other content of a kind, and how long they are."""
    if content == "match":
        return [(_match(seed), MATCH_S) for seed in OTHER_MATCHES]
    if content == "film":
        music = [path for path, _ in _tracks("freeorion-data") + _tracks("widelands-data")]
        strange = {name: path for name, path in footage.found().items() if name in footage.TESTING}
        return [
            (_scored(f"other-{name}", path, music[number % len(music)]), footage.film(path).seconds)
            for number, (name, path) in enumerate(sorted(strange.items()))
            if name not in FILMS and footage.film(path).seconds > 11
        ]  # fmt: skip
    kind = "speech" if content == "talk" else "music"
    return [(Path(one.path), one.seconds) for one in sources("negative") if one.kind == kind]


def sources(role: str) -> list[Source]:
    """Return the sound of a role, decoded; what is not there is left out."""
    made = []
    for package, its in MUSIC.items():
        if its == role and _package(package) is not None:
            tracks = _tracks(package)
            # The first ones of that game lie under the films.
            tracks = tracks[len(FILMS) + 1 :] if package == "supertux-data" else tracks
            made += [_source(path, package, seconds) for path, seconds in tracks]
    if role != "other" and _package(TALK) is not None:
        made.append(_talk(role))
    return made


def _source(path: Path, package: str, seconds: float) -> Source:
    name = _name(path)
    kept = media.cache() / "pcm" / f"{name}.npy"
    if not kept.exists():
        media.save_array(kept, media.decoded(path))
    return Source(
        id=name, path=str(path), package=package, kind="music", role="unseen", seconds=seconds
    )


@once
def _tracks(package: str) -> tuple[tuple[Path, float], ...]:
    """Return a game's tracks of over 30 s by their length, each bytes once."""
    tree = _package(package)
    if tree is None:
        return ()
    listed = _folder() / "tracks" / f"{package}.json"
    if not listed.exists():
        known = {
            _name(path): [str(path), _seconds(path)]
            for path in sorted(tree.rglob("*.ogg"))
            if path.stat().st_size > 300_000
        }
        listed.parent.mkdir(parents=True, exist_ok=True)
        media.write_json(listed, known)
    found = (
        (Path(path), float(seconds)) for path, seconds in json.loads(listed.read_text()).values()
    )
    return tuple(sorted((one for one in found if one[1] > 30), key=lambda one: -one[1]))


def _name(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _seconds(path: Path) -> float:
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout)


def _talk(role: str) -> Source:
    """Join the prompts of one half, a breath between them."""
    name = f"unseen-talk-{role}"
    if (held := media.cache() / "pcm" / f"{name}.npy").exists():
        seconds = len(np.load(held, mmap_mode="r")) / RATE_HZ
        path = media.cache() / "made" / f"{name}.wav"
        return Source(
            id=name, path=str(path), package=TALK, kind="speech", role=role, seconds=seconds
        )
    tree = _package(TALK)
    assert tree is not None
    pieces: list[Pcm] = []
    for path in sorted(tree.rglob("*.wav")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if (int(digest[:8], 16) % 2 == 0) == (role == "reference"):
            pcm = media.wav(path)
            if len(pcm) > RATE_HZ // 2:
                pieces += [pcm, np.zeros(RATE_HZ // 5, np.int16)]
    return media.made_source(name, np.concatenate(pieces), TALK, "speech", role)


@once
def match_sound(seed: int, seconds: float) -> Sound:
    """Return a match's crowd under a voice, 8 kHz."""
    from cautery.lab import sounds  # noqa: PLC0415 - heavy, and only when something is made

    kept = _folder() / "matches" / f"{seed}-{seconds:g}.npy"
    if not kept.exists():
        rng = np.random.default_rng([seed, 1])
        talk = sounds.speech(rng, seconds, sounds.Voice.of(rng))
        whole = sounds.level(sounds.crowd(rng, seconds), 0.05) + sounds.level(talk, 0.126)
        kept.parent.mkdir(parents=True, exist_ok=True)
        half = whole[: len(whole) // 2 * 2].reshape(-1, 2).mean(axis=1)
        media.save_array(kept, media.as_pcm(half))
    return media.as_sound(np.load(kept))


def _match(seed: int) -> Path:
    """Paint a match and lay its sound under it."""
    path = _folder() / "works" / f"match-{seed}.mp4"
    if not path.exists():
        from event import paint  # noqa: PLC0415 - heavy, and only when something is made

        with _made(path) as (folder, part):
            pictures = folder / "pictures.mp4"
            paint(seed, MATCH_S, pictures)
            sound = media.as_pcm(match_sound(seed, MATCH_S)).tobytes()
            _ffmpeg(
                "-i", pictures, "-f", "s16le", "-ar", RATE_HZ, "-ac", 1, "-i", "-", "-c:v", "copy",
                "-c:a", "aac", "-b:a", "128k", "-ar", 44100, "-shortest", part, given=sound,
            )  # fmt: skip
    return path


def _films() -> dict[str, Path]:
    found = {name: path for name, path in footage.found().items() if name in FILMS}
    found = {name: path for name, path in found.items() if footage.film(path).seconds > 11}
    tree = _package("gradio")
    if tree is not None:
        found[FILM] = next(tree.rglob(FILM))
    return found


def _scored(name: str, path: Path, music: Path) -> Path:
    """Lay music under a film."""
    out = _folder() / "works" / f"{name}.mp4"
    if not out.exists():
        with _made(out) as (_, part):
            _ffmpeg(
                "-i", path, "-ss", 5, "-i", music, "-map", "0:v", "-map", "1:a", "-vf",
                _EVEN, "-c:v", "libx264", "-preset", "veryfast",
                "-crf", 18, "-pix_fmt", "yuv420p", "-c:a", "aac", "-ar", 44100, "-shortest", part,
            )  # fmt: skip
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A disguised stretch of a work, or of other content, and its truth."""

    name: str
    content: str
    heard: str
    seen: str
    start_s: float
    of: str | None

    @property
    def speed(self) -> float:
        """Of what is heard, and shown, over the reference's."""
        return SPEED.get(self.heard, 1.0)

    @property
    def key(self) -> str:
        """Its name, and what it was drawn as: another draw has another key."""
        drawn = repr((self.of, self.heard, self.seen, self.start_s)).encode()
        return f"{self.name}-{hashlib.sha256(drawn).hexdigest()[:8]}"

    @property
    def kept(self) -> Path:
        """Where its ten seconds are kept, sound and small pictures."""
        return _folder() / "probes" / f"{self.key}.npz"


def make(probe: Probe, path: Path, over: Source, *, pictured: bool) -> None:
    """Disguise a stretch and keep its sound and small pictures."""
    if probe.kept.exists():
        return
    probe.kept.parent.mkdir(parents=True, exist_ok=True)
    length_s = 10.0 * probe.speed + 0.4
    cut = ["-ss", probe.start_s, "-t", length_s, "-i", path]
    with tempfile.TemporaryDirectory(prefix="unseen-") as folder:
        heard = Path(folder) / "heard.opus"
        filters = SOUND[probe.heard]
        if probe.heard in LAID_DB:
            filters = "anull"
        _ffmpeg(
            *cut, "-vn", "-af", f"aresample=44100,{filters}", "-ac", 1, "-c:a", "libopus", "-b:a",
            "24k", "-t", 10, heard,
        )  # fmt: skip
        sound = media.as_sound(_decoded(heard))
        if probe.heard in LAID_DB:
            rng = np.random.default_rng(
                int(hashlib.sha256(probe.name.encode()).hexdigest()[:8], 16)
            )
            sound = _laid(sound, probe.heard, over, rng)
        film = system.Film(luma=np.empty((0, 36, 64), np.uint8), times=np.empty(0))
        if pictured:
            shown = Path(folder) / "shown.mp4"
            pace = f",setpts=PTS/{probe.speed}" if probe.speed != 1 else ""
            _ffmpeg(
                *cut, "-an", "-vf", f"{PICTURES[probe.seen]}{pace},{_EVEN}", "-c:v", "libx264",
                "-preset", "veryfast", "-crf", 30, "-pix_fmt", "yuv420p", "-t", 10, shown,
            )  # fmt: skip
            film = system.film(shown.read_bytes())
        part = probe.kept.with_suffix(".part")
        with part.open("wb") as out:
            np.savez(out, sound=media.as_pcm(sound), luma=film.luma, times=film.times)
        part.rename(probe.kept)


def load(probe: Probe, seconds: float) -> tuple[Sound, system.Film]:
    """Return the first seconds of a probe that was made."""
    with np.load(probe.kept) as held:
        sound = media.as_sound(held["sound"])[: round(seconds * RATE_HZ)]
        return sound, system.Film(luma=held["luma"], times=held["times"]).cut(0.0, seconds)


def _laid(sound: Sound, what: str, over: Source, rng: np.random.Generator) -> Sound:
    if what == "hiss":
        noise = rng.standard_normal(len(sound)).astype(np.float32)
    else:
        noise = over.sound(float(rng.uniform(0, over.seconds - 11)), 10.5)[: len(sound)]
    sound = sound[: len(noise)]
    power, laid = (float(np.mean(one**2)) + 1e-12 for one in (sound, noise))
    noise = noise * np.float32(np.sqrt(power / laid) * 10 ** (-LAID_DB[what] / 20))
    mixed = sound + noise
    return np.asarray(mixed / max(1.0, float(np.abs(mixed).max())), np.float32)


class _made:  # noqa: N801 - a context, as contextlib's are
    """A file that is there whole or not at all."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._folder = tempfile.mkdtemp(prefix="unseen-", dir=path.parent)

    def __enter__(self) -> tuple[Path, Path]:
        return Path(self._folder), Path(self._folder) / self._path.name

    def __exit__(self, *failed: object) -> None:
        if failed[0] is None:
            (Path(self._folder) / self._path.name).rename(self._path)
        shutil.rmtree(self._folder)


def _ffmpeg(*told: object, given: bytes | None = None) -> None:
    command = ["ffmpeg", "-v", "error", "-y", *map(str, told)]
    subprocess.run(command, input=given if given is not None else b"", check=True)


def _decoded(path: Path) -> Pcm:
    """Return a file's sound as 8 kHz mono, at the niceness of the bench itself."""
    with tempfile.NamedTemporaryFile(prefix="unseen-", suffix=".s16") as plain:
        _ffmpeg("-i", path, "-vn", "-ac", 1, "-ar", RATE_HZ, "-f", "s16le", plain.name)
        return np.fromfile(plain.name, np.int16)


def _folder() -> Path:
    return media.cache() / "unseen"


@once
def _package(name: str) -> Path | None:
    """Return a package's media, unpacked; ``None``: it was not fetched."""
    tree = _folder() / "tree" / name
    packed = [*_folder().glob(f"{name}_*.deb"), *_folder().glob(f"{name}-*.whl")]
    if not tree.exists() and packed:
        part = tree.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        if packed[0].suffix == ".deb":
            tar = subprocess.run(
                ["dpkg-deb", "--fsys-tarfile", packed[0]], capture_output=True, check=True
            )  # fmt: skip
            sound = ["tar", "-x", "-C", part, "--wildcards", "*.ogg", "*.wav"]
            subprocess.run(sound, input=tar.stdout, stderr=subprocess.DEVNULL, check=False)
        else:
            with zipfile.ZipFile(packed[0]) as held:
                held.extractall(part, [one for one in held.namelist() if one.endswith(FILM)])
        part.rename(tree)
    return tree if tree.exists() else None
