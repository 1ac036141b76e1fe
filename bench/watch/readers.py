"""Readers: M3U entries a second and core beside its peers, WHOIS and RDAP fields beside truth.

Run: python bench/watch/readers.py [FOLDER with the shared data] [FOLDER of the bench cache]

The peers are installed into the bench cache, never into the project: ``m3u-ipytv`` (the package
that is imported as ``ipytv``) and ``m3u8`` from PyPI, ``@iptv/playlist`` and
``iptv-playlist-parser`` from npm; each is left out where it cannot be had. All read the same file,
the best of some runs by CPU time each, in this run; peers build a list in memory, ours yields.

The truth beside the WHOIS answers is another parser's output, checked by hand by its makers: where
the two differ each difference is printed, so that a reader can judge who is right.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import tarfile
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cautery.errors import SourceError
from cautery.formats import PlaylistEntry, read_m3u, read_registration, read_whois
from cautery.model import Registration

REPEATS = 3
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DATES = {"created_date": "created", "updated_date": "changed", "expiration_date": "expires"}


def main(data: Path, cache: Path) -> None:
    playlists(data, cache)
    memory()
    whois(data)
    rdap(data)


def playlists(data: Path, cache: Path) -> None:
    with tarfile.open(data / "iptv-streams" / "playlists.tar.xz") as archive:
        files = (archive.extractfile(member) for member in archive)
        texts = [file.read().strip() for file in files if file is not None]
    cache.mkdir(parents=True, exist_ok=True)
    for name, kept, times in (
        ("one list of 5,000", 5_000, 1), ("all lists in one", 1 << 30, 1),
        ("three times over, as long as a panel's", 1 << 30, 3),
    ):  # fmt: skip
        joined = b"#EXTM3U\n" + b"\n".join(text.partition(b"\n")[2] for text in texts * times)
        lines = joined.split(b"\n")
        ends = [at for at, line in enumerate(lines, start=1) if line and not line.startswith(b"#")]
        lines = lines[: ends[min(kept, len(ends)) - 1]]
        path = cache / "list.m3u"
        path.write_bytes(b"\n".join(lines) + b"\n")
        rates = {"cautery": ours(path)} | python_peers(path, cache) | npm_peers(path, cache)
        print(f"M3U, {name}: {path.stat().st_size} bytes")
        for peer, (entries, rate) in rates.items():
            ratio = rates["cautery"][1] / rate if rate else float("nan")
            print(
                f"  {peer:24} {entries:7} entries {rate:10.0f} a second and core; ours {ratio:.2f}x"
            )


def best_of(read: Callable[[], int]) -> tuple[int, float]:
    """Return the entries and the best rate, by the CPU time of this process and its children."""
    best, entries = 0.0, 0
    for _ in range(REPEATS):
        began = cpu_s()
        entries = read()
        best = max(best, entries / (cpu_s() - began))
    return entries, best


def cpu_s() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    mine = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in mine)


def ours(path: Path) -> tuple[int, float]:
    def read() -> int:
        with path.open("rb") as file:
            chunks = iter(lambda: file.read(1 << 20), b"")
            return sum(isinstance(one, PlaylistEntry) for one in read_m3u(chunks))

    return best_of(read)


def python_peers(path: Path, cache: Path) -> dict[str, tuple[int, float]]:
    there = cache / "readers-peers-py"
    if not there.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(there)]
        subprocess.run([*pip, "m3u-ipytv", "m3u8"], check=False)
    sys.path.append(str(there))
    found = {}
    try:
        from ipytv import playlist  # noqa: PLC0415 - installed a line above

        # As it comes it parses lists of 30,000 lines and more in several processes, whose CPU time
        # counts; then in one, so that a core is compared with a core.
        found["ipytv, as it comes"] = best_of(lambda: len(playlist.loadf(str(path)).get_channels()))
        usual = playlist._parallel_parsing_min_rows  # noqa: SLF001
        playlist._parallel_parsing_min_rows = lambda: 1 << 60  # noqa: SLF001
        found["ipytv, one process"] = best_of(lambda: len(playlist.loadf(str(path)).get_channels()))
        playlist._parallel_parsing_min_rows = usual  # noqa: SLF001
    except Exception as error:  # noqa: BLE001 - a peer may fail in any way
        print(f"  ipytv: {type(error).__name__}: {str(error)[:120]}")
    try:
        import m3u8  # noqa: PLC0415 - installed a line above

        # It is made for HLS, and refuses attributes before the comma: only durations and titles.
        text = re.sub(
            r"(?m)^#EXTINF:\s*(-?\d+)[^,\n]*", r"#EXTINF:\1", path.read_text("utf-8", "replace")
        )
        found["m3u8 (attributes cut)"] = best_of(lambda: len(m3u8.loads(text).segments))
    except Exception as error:  # noqa: BLE001 - a peer may fail in any way
        print(f"  m3u8: {type(error).__name__}: {str(error)[:120]}")
    return found


def npm_peers(path: Path, cache: Path) -> dict[str, tuple[int, float]]:
    there = cache / "readers-peers-npm"
    try:
        if not (there / "node_modules").exists():
            there.mkdir(parents=True, exist_ok=True)
            (there / "package.json").write_text("{}")
            npm = ["npm", "install", "--silent", "@iptv/playlist", "iptv-playlist-parser"]
            subprocess.run(npm, cwd=there, check=True)
        script = Path(__file__).parent / "readers_peers.mjs"
        asked = ["node", str(script), str(path), str(there), str(REPEATS)]
        said = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=600).stdout
    except (OSError, subprocess.SubprocessError) as error:
        print(f"  npm: {type(error).__name__}: {str(error)[:120]}")
        return {}
    rows = [json.loads(line) for line in said.splitlines()]
    return {row["name"]: (row["entries"], row["rate"]) for row in rows}


def memory() -> None:
    entry = b'#EXTINF:-1 tvg-id="a" group-title="G",Arena 1\nhttp://p.example:8080/live/u/p/1.ts\n'

    def chunks(count: int) -> Iterator[bytes]:
        for _ in range(count // 1000):
            yield entry * 1000

    for count in (10_000, 1_000_000):
        tracemalloc.start()
        read = sum(1 for _ in read_m3u(chunks(count)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"M3U memory: {read} entries, peak {peak / 1e6:.2f} MB")


def registration(data: bytes) -> Registration | None:
    return read_whois([data], redact=lambda _: "~", seen_at=NOON).registration


def whois(data: Path) -> None:
    with tarfile.open(data / "whois-rdap" / "whois.tar.xz") as archive:
        held = {
            one.name: file.read()
            for one in archive
            if (file := archive.extractfile(one)) is not None
        }
    asked: Counter[str] = Counter()
    right: Counter[str] = Counter()
    extra: Counter[str] = Counter()
    zones: defaultdict[str, list[bool]] = defaultdict(list)
    for name, truth in sorted(held.items()):
        if "/noterror/" not in name or not name.endswith(".json"):
            continue
        found = registration(held[name.removesuffix(".json")])
        zone = Path(name).name.partition("_")[0]
        for field, wanted, got, same in compared(json.loads(truth), found):
            if not wanted:
                extra[field] += bool(got)
                continue
            asked[field] += 1
            right[field] += same
            zones[zone].append(same)
            if not same:
                print(f"  differs: {Path(name).name}: {field}: truth {wanted!r}, ours {got!r}")
    for field, count in asked.items():
        print(
            f"WHOIS {field}: {right[field]} of {count} = {right[field] / count:.4f}; "
            f"said where the truth says nothing {extra[field]}"
        )
    total = sum(asked.values())
    mean = sum(sum(one) / len(one) for one in zones.values()) / len(zones)
    print(
        f"WHOIS all: {right.total()} of {total} = {right.total() / total:.4f}; "
        f"mean over {len(zones)} registries {mean:.4f}"
    )
    told: Counter[tuple[str, str]] = Counter()
    for name, answer in held.items():
        kinds = {
            "status_registered": "registered",
            "status_available": "free",
            "/notfound/": "free",
        }
        kind = next((kinds[key] for key in kinds if key in name), None)
        if kind is None or name.endswith((".json", ".pre")):
            continue
        try:
            told[kind, "free" if registration(answer) is None else "registered"] += 1
        except SourceError:
            told[kind, "refused"] += 1
    print("WHOIS, whether anybody has the name (truth, ours):", dict(sorted(told.items())))


def compared(truth: dict, found: Registration | None) -> Iterator[tuple[str, object, object, bool]]:
    domain, registrar = truth.get("domain") or {}, truth.get("registrar") or {}
    for field, ours_ in DATES.items():
        wanted, got = domain.get(field), getattr(found, ours_, None)
        yield ours_, wanted, got, bool(wanted and got and got in moments(wanted))
    wanted, got = registrar.get("name"), getattr(found, "registrar", None)
    yield "registrar", wanted, got, plain(wanted or "") == plain(got or "")
    wanted, said = domain.get("status"), getattr(found, "status", ())
    yield (
        "status",
        wanted,
        said,
        {plain(one) for one in wanted or ()} == {plain(one) for one in said},
    )


def plain(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()


FORMS = (
    "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%d-T%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d", "%Y%m%d", "%Y%m%d %H:%M:%S", "%d-%b-%Y", "%d %B %Y", "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y", "%Y.%m.%d %H:%M:%S", "%Y/%m/%d", "%Y. %m. %d.", "%Y/%m/%d %H:%M:%S%z", "%d-%m-%Y",
    "%m/%d/%Y",
)  # fmt: skip


def moments(text: str) -> set[datetime]:
    """Read a date of the truth with the standard library alone, in every form that fits it."""
    text = re.sub(r" #\d+$| \(YYYY-MM-DD\)$", "", text)
    text = re.sub(r" \(JST\)$", "+0900", text)
    text = re.sub(
        r" \((?:UTC|GMT)\+(\d{1,2})(?::\d+)?\)$", lambda found: f"+{int(found[1]):02}00", text
    )
    text = re.sub(r"([+-]\d\d)$", r"\g<1>00", text) if " " in text else text
    found = set()
    for form in FORMS:
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is set below
        except ValueError:
            continue
        found.add(
            (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
            .astimezone(UTC)
            .replace(microsecond=0)
        )
    return found


def rdap(data: Path) -> None:
    read: Counter[str] = Counter()
    with tarfile.open(data / "whois-rdap" / "rdap.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is None or not member.name.startswith(("rdap/", "./rdap/")):
                continue
            try:
                one = read_registration([file.read()], redact=lambda _: "~", seen_at=NOON)
                read["read"] += 1
                print(f"RDAP {one.domain}: {one.registrar}, {one.created}, {one.expires}")
            except SourceError:
                read["no domain, refused"] += 1
    print("RDAP answers:", dict(read))


if __name__ == "__main__":
    folder = Path(os.environ.get("CAUTERY_DATA", Path(__file__).parents[3] / "shared" / "data"))
    home = Path.home() / ".cache" / "cautery" / "bench"
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else folder,
        Path(sys.argv[2]) if len(sys.argv) > 2 else home,
    )
