"""Does identification reach what issue 4 asks, and what do its peers reach on the same rows?

Rows: ``audio`` (recall by disguise at 10 s and 5 s, false accepts, calibration),
``video`` (the same for pictures), ``peers`` (other fingerprints of sound, then of pictures, on the
same probes),
``event`` (an event from its pictures, the licensee from its sound), ``cost`` (ratios measured
alternately in one process), ``loopback`` (probes a minute and core, fetched). Media, probes, index
and answers are kept in a cache (``~/.cache/cautery/bench/identify``, or
``CAUTERY_BENCH_CACHE``); a run that was stopped goes on. Media: see ``_identify_media.py``.

    python bench/identify.py [--rows audio,video,...] [--quick] [--jobs 2] [--write]

``--quick`` takes fewer probes and says how many; ``--set dev`` measures on the development side.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

sys.path.insert(0, str(Path(__file__).parent))
# Peers are installed apart (pip install --target), so that they cannot change what is measured.
sys.path += [one for one in os.environ.get("CAUTERY_BENCH_PEERS", "").split(os.pathsep) if one]

import _identify_audio as audio
import _identify_cost as cost
import _identify_event as event
import _identify_index as index
import _identify_loopback as loopback
import _identify_media as media
import _identify_pdq as pdq
import _identify_peers as peers
import _identify_probes as probes
import _identify_system as system
import _identify_video_rows as video
from _identify_audio_table import table

RESULTS = Path(__file__).parent / "RESULTS.md"
SECTION = "## Identification at full size: `python bench/identify.py`"
ROWS = ("audio", "video", "peers", "event", "cost", "loopback")
FULL = {
    "audio": 200, "negatives": 4000, "short_negatives": 4000, "video": 100,
    "look_alikes": 1000,
    "channels": index.CHANNELS,
    "peer_audio": 50, "peer_negatives": 500, "peers": 20, "event": 6, "loopback": 60,
}  # fmt: skip
QUICK = {
    "audio": 10, "negatives": 200, "short_negatives": 200, "video": 4, "channels": 630,
    "look_alikes": 50,
    "peer_audio": 10,
    "peer_negatives": 200, "peers": 3, "event": 1, "loopback": 12,
}  # fmt: skip
TALK = Console(stderr=True)


class Cautery:
    """The product, over the index of full size."""

    name = "cautery"

    def __init__(self, entries: tuple[index.Entry, ...]) -> None:
        codes = hashlib.sha256(system.search_code() + entries[-1].path.parent.name.encode())
        self.key = f"{self.name}-{codes.hexdigest()[:12]}-{len(entries)}"
        self.entries = entries
        self.held = system.references((one.id, one.load()) for one in entries)

    def least(self, seconds: float) -> float:
        """Return the score from which a probe of so many seconds is named."""
        return system.least(self.held, seconds)

    def ask(self, sound: media.Sound, hint: str | None) -> system.Answer:
        """Ask one probe."""
        return system.ask(self.held, sound, hints=() if hint is None else (hint,))


class Run:
    """What all rows share: the size of it, the library, progress, and the figures so far."""

    def __init__(self, asked: argparse.Namespace) -> None:
        self.asked = asked
        self.sizes = dict(QUICK if asked.quick else FULL)
        for name in self.sizes:
            given = getattr(asked, name)
            self.sizes[name] = self.sizes[name] if given is None else given
        self.figures: dict[str, object] = {}
        self.channels = self.sizes["channels"]
        self.library = media.library(TALK.print)

    def note(self, name: str, figure: object) -> None:
        """Keep a figure for the JSON."""
        self.figures[name] = figure

    def bar(self, title: str, total: int) -> tuple[Progress, Callable[[int], None]]:
        """Return a progress bar and what moves it on."""
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        progress = Progress(*columns, TimeRemainingColumn(), console=TALK)
        task = progress.add_task(title, total=total)
        return progress, lambda count: progress.advance(task, count)

    def entries(self) -> tuple[index.Entry, ...]:
        """Return the index's channels."""
        progress, tell = self.bar(f"index of {self.channels:,} channels", self.channels)
        with progress:
            return index.entries(self.library, self.channels, lambda: tell(1), self.asked.jobs)

    def cautery(self) -> Cautery:
        """Return the product over that index."""
        return Cautery(self.entries())


def audio_rows(run: Run) -> list[str]:
    """Measure recall, false accepts and calibration of sound."""
    library, asked = run.library, run.asked
    count, negatives = run.sizes["audio"], run.sizes["negatives"]
    wanted = [one for name in probes.EVERY
              for one in probes.planned(library, asked.set, name, count)]  # fmt: skip
    for which in ("tune", "test"):
        wanted += probes.negatives(library, which, negatives)
    progress, tell = run.bar("disguises", len(wanted))
    with progress:
        probes.make(library, wanted, lambda: tell(1), asked.jobs)
        progress.update(progress.task_ids[0], completed=len(wanted))
    ours = run.cautery()
    entries, shorts = ours.entries, min(negatives, run.sizes["short_negatives"])
    progress, tell = run.bar(ours.name, 2 * (len(probes.EVERY) * count + negatives + shorts))
    with progress:
        made = audio.outcome(
            library, ours, per_cell=count, negatives=negatives, short_negatives=shorts,
            width=asked.jobs, tell=tell, which=asked.set, own=ours.least,
        )  # fmt: skip
    judge = audio.Judge(library)
    told = media.cache() / f"cases-{asked.set}.jsonl"
    with told.open("w", encoding="utf-8") as out:
        for case in audio.fitting(made, judge, asked.set, len(entries)):
            out.write(json.dumps(case) + "\n")
    TALK.print(f"{told}: for identify_scores.py --cases")
    real = sum(one.real for one in entries)
    sources = {p.source for c in library.channels for p in c.pieces}
    kinds = [library.sources[one].kind for one in sources]
    about = (
        f"Sound: {count} probes a cell of set `{asked.set}`, {negatives:,} negatives to set the "
        f"thresholds and {negatives:,} others ({shorts:,} of "
        f"each at 5 s); index of {len(entries):,} channels of 10 min: "
        f"{real} real ones (of {kinds.count('music')} tracks of music, {kinds.count('speech')} "
        f"recordings of joined prompts and {kinds.count('lab')} of the lab's), "
        f"{len(entries) - real:,} warped from them. All ten minutes are searched; silent places "
        "(either half under -55 dB) are not drawn."
    )
    return [about, "", *table([made], judge, run.note)]


def peer_rows(run: Run) -> list[str]:
    """Measure other fingerprints, of sound and of pictures."""
    return [*peers.rows(run), "", *pdq.rows(run)]


def environment(run: Run) -> list[str]:
    """Say where and on what this was measured."""
    return [
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {run.asked.jobs} processes, Python "
        f"{platform.python_version()}, recipe {system.RECIPE.name}."
        + (" **Quick run.**" if run.asked.quick else ""),
        *(f"Left out: {one}." for one in run.library.left_out),
        "",
    ]


def save(section: str) -> None:
    """Put the section into RESULTS.md, in place of the one before."""
    text = RESULTS.read_text()
    head, found, tail = text.partition(SECTION)
    later = tail.partition("\n## ")[2] if found else ""
    RESULTS.write_text(
        head.rstrip() + "\n\n" + section.rstrip() + "\n" + (f"\n## {later}" if later else "")
    )


def main() -> None:
    """Measure."""
    ask = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ask.add_argument("--rows", default=",".join(ROWS))
    ask.add_argument("--quick", action="store_true", help="fewer of everything")
    ask.add_argument("--set", choices=("test", "dev"), default="test")
    ask.add_argument("--channels", type=int, help="of the index")
    ask.add_argument("--audio", type=int, help="probes a cell of sound")
    ask.add_argument("--negatives", type=int, help="windows of other content, of either side")
    ask.add_argument("--look-alikes", type=int, help="windows of matches that look alike")
    ask.add_argument("--short-negatives", type=int, help="of them, asked with 5 s too")
    ask.add_argument("--peer-audio", type=int, help="probes a cell that peers of sound are asked")
    ask.add_argument("--peer-negatives", type=int, help="negatives that they are asked")
    ask.add_argument("--video", type=int, help="probes a cell of pictures")
    ask.add_argument("--pictures", dest="peers", type=int, help="probes a cell of their peers")
    ask.add_argument("--event", type=int, help="probes a disguise, of vtest and of the others each")
    ask.add_argument("--loopback", type=int, help="streams served")
    ask.add_argument("--jobs", type=int, default=2)
    ask.add_argument("--write", action="store_true", help="refresh the section of RESULTS.md")
    asked = ask.parse_args()
    parts = {
        "audio": audio_rows, "video": video.rows, "peers": peer_rows, "event": event.rows,
        "cost": cost.rows, "loopback": loopback.rows,
    }  # fmt: skip
    run = Run(asked)
    lines = environment(run)
    for name in asked.rows.split(","):
        if name not in parts:
            ask.error(f"{name}: the rows are {', '.join(ROWS)}")
        lines += [f"### {name.capitalize()}", "", *parts[name](run), ""]
    section = "\n".join([SECTION, "", *lines])
    print(section)
    media.write_json(media.cache() / "figures.json", run.figures)
    TALK.print(f"figures: {media.cache() / 'figures.json'}")
    if asked.write:
        save(section)


if __name__ == "__main__":
    main()
