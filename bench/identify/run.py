"""Does identification reach its goals, and what do its peers reach on the same rows?

Rows: ``audio`` (recall by disguise at 10 s and 5 s, false accepts, calibration), ``crowd`` (recall
under stadium crowds and voices, beside peers), ``speeds`` (as ``crowd``, of sound that runs up to
15 % faster or slower), ``stereo`` (of one channel turned over, and of the channels' difference),
``video`` (as ``audio``, for pictures), ``geometry`` (recall where the picture lies in an unusual
place), ``peers`` (other fingerprints of sound, then of pictures, on the same probes), ``event`` (an
event from its pictures, the licensee from its sound), ``cost`` (ratios measured alternately in one
process), ``loopback`` (probes a minute and core, fetched). Media, probes, index and answers are
kept in a cache (``~/.cache/cautery/bench/identify``, or ``CAUTERY_BENCH_CACHE``); a run that was
stopped goes on. Media: see ``_identify_media.py``.

    python bench/identify/run.py [--rows audio,video,...] [--quick] [--jobs 2] [--write]

``--quick`` takes fewer probes and says how many; ``--set dev`` measures on the development side.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as the product does
# Peers are installed apart (pip install --target), so that they cannot change what is measured.
sys.path += [one for one in os.environ.get("CAUTERY_BENCH_PEERS", "").split(os.pathsep) if one]

import audio
import cost
import crowd_rows as crowd
import event
import geometry_rows as geometry
import loopback
import media
import pdq
import peers
import probes
import speed_rows as speeds
import system
import video_rows as video
from audio_table import table
from settings import TALK, Run

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
SECTION = "## Identification at full size: `python bench/identify/run.py`"
ROWS = (
    "audio",
    "crowd",
    "speeds",
    "stereo",
    "video",
    "geometry",
    "peers",
    "event",
    "cost",
    "loopback",
)


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
    ask.add_argument("--crowd", type=int, help="probes a cell of crowds")
    ask.add_argument("--crowd-negatives", type=int, help="windows of other content under crowds")
    ask.add_argument("--speeds", type=int, help="probes a cell of speeds")
    ask.add_argument("--speed-negatives", type=int, help="windows of other content beside them")
    ask.add_argument("--negatives", type=int, help="windows of other content, of either side")
    ask.add_argument("--look-alikes", type=int, help="windows of matches that look alike")
    ask.add_argument("--short-negatives", type=int, help="of them, asked with 5 s too")
    ask.add_argument("--peer-audio", type=int, help="probes a cell that peers of sound are asked")
    ask.add_argument("--peer-negatives", type=int, help="negatives that they are asked")
    ask.add_argument("--video", type=int, help="probes a cell of pictures")
    ask.add_argument("--geometry", type=int, help="probes a cell of unusual pictures")
    ask.add_argument("--pictures", dest="peers", type=int, help="probes a cell of their peers")
    ask.add_argument("--event", type=int, help="probes a disguise, of vtest and of the others each")
    ask.add_argument("--loopback", type=int, help="streams served")
    ask.add_argument("--jobs", type=int, default=2)
    ask.add_argument("--write", action="store_true", help="refresh the section of RESULTS.md")
    asked = ask.parse_args()
    parts = {
        "audio": audio_rows, "crowd": crowd.rows, "speeds": speeds.rows,
        "stereo": speeds.stereo, "video": video.rows,
        "geometry": geometry.rows,
        "peers": peer_rows, "event": event.rows, "cost": cost.rows, "loopback": loopback.rows,
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
