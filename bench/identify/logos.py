"""Marks that pirates lay over a licensee's pictures: found, told from one another, and from none.

Run: ``python bench/identify/logos.py [--seeds 1 2 3 4] [--cache FOLDER]``; rendering takes minutes
a world.

*Encoded*: worlds of one event with three licensees, rendered, copied, coded anew, decoded and
placed by their sound: two feeds whose mark three copies carry, at other sizes and qualities and
over two licensees; eight with marks of their own; three without, which have the licensee's own; a
ticker, a crop, covers. On seeds 1 and 2 the limits were set.
*Drawn*: over the decoded pictures of copies without a mark, marks that only differ by their text,
six in one place, size and tint, each over two licensees: what a stranger's mark is at its worst.
"""

from __future__ import annotations

import argparse
import asyncio
import io
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import av
import numpy as np
from graphics_lab import (
    CACHE,
    KICK_OFF,
    T0,
    TIMING,
    decoded_of,
    held_by,
    part_of,
    render_case,
    render_feed,
    world,
)
from numpy.typing import NDArray

from cautery.adapters.decoder import ChildDecoder
from cautery.graph.logos import same_logo
from cautery.identify.logos import logo_of
from cautery.identify.observe import observe
from cautery.identify.references.held import References
from cautery.lab.encode import Rendered
from cautery.lab.encode_options import Coding
from cautery.lab.pictures import HEIGHT, WIDTH, Canvas
from cautery.lab.pirate import content_at
from cautery.lab.spec import FeedSpec, Plan, StreamSpec
from cautery.model import Decoded, ErrorRate, Observation
from cautery.model.logo import Logo
from cautery.model.media import LUMA_SHAPE

TUNED = (1, 2)
STARTS_S = (0.0, 14.0, 28.0)
LEAST_PICTURES = 60
SIZES = ((320, 180), (256, 144), (426, 240), (320, 180))
FAMILIES, TEXTS = 8, 6
LETTERS = "ABCDEFGHKLMNPRSTUVXYZ0123456789"


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe of a copy, placed against the references."""

    stream: StreamSpec
    decoded: Decoded
    observation: Observation
    media_at_s: float

    def logo(self, references: References) -> Logo | None:
        """Return what lies over the licensee's pictures."""
        return logo_of(
            self.decoded, self.observation, references, str(self.stream.content),
            media_at_s=self.media_at_s,
        )  # fmt: skip


def copies(plan: Plan) -> list[StreamSpec]:
    """Draw the copies of a world; those of one feed have its mark."""
    rng = np.random.default_rng([plan.seed, 77])
    licensees = [one for one in plan.channels if one.role == "licensee"]
    made: list[StreamSpec] = []

    def add(
        name: str, whose: int, disguise: str, feed: FeedSpec | None, size: tuple[int, int]
    ) -> None:
        coding = Coding(
            segment_s=int(rng.integers(2, 5)), crf=int(rng.integers(29, 37)),
            width=size[0], height=size[1],
        )  # fmt: skip
        made.append(
            StreamSpec(
                id=name,
                host="",
                path="",
                title="",
                kind="rebroadcast",
                delivery="hls",
                content=licensees[whose % 3].id,
                event=plan.event,
                feed=feed,
                delay_s=round(float(rng.uniform(5, 24)), 2),
                disguise=(disguise,),
                coding=coding,
                seed=plan.seed * 1000 + len(made),
            )
        )

    for number in range(2):
        feed = FeedSpec(id=f"f{number}", seed=plan.seed * 100 + number * 37 + 5)
        for k in range(3):
            whose = number + k if k == 2 else number
            add(f"same{number}-{k}", whose, "logo", feed, SIZES[number + k])
    for k in range(8):
        add(f"own-{k}", k, "logo", None, SIZES[0])
    for k in range(3):
        add(f"none-{k}", k, "re-encode", None, SIZES[0])
    for k, disguise in enumerate(("ticker", "crop", "covered-graphics", "covered-graphics")):
        add(f"{disguise}-{k}", k, disguise, None, SIZES[0])
    return made


async def probed(plan: Plan, cache: Path) -> tuple[References, list[Probe]]:
    """Return the references and all probes of a world, rendered where that is not done."""
    found: list[Probe] = []
    for channel in plan.channels:
        render_feed(plan, channel, cache / channel.id)
    async with ChildDecoder(1, seconds=60) as decoder:
        feeds = {one.id: await decoded_of(cache / one.id, decoder) for one in plan.channels}
        references, _ = held_by(plan, feeds)
        for stream in copies(plan):
            render_case(stream, cache / str(stream.content), cache / stream.id)
            whole = await decoded_of(cache / stream.id, decoder)
            begin_s = T0 + content_at(stream, TIMING, 0.0) + (stream.delay_s or 0.0)
            for start_s in STARTS_S:
                part = part_of(whole, start_s)
                if len(part.luma) >= LEAST_PICTURES:
                    at_s = begin_s + start_s
                    seen = observe(part, references, media_at_s=at_s, at=KICK_OFF)
                    found.append(Probe(stream, part, seen, at_s))
    return references, found


def frames(probe: Probe, folder: Path) -> NDArray[np.float32]:
    """Return the full light of a probe's kept pictures."""
    held = Rendered.load(folder)
    assert held is not None
    data = b"".join((folder / piece.file).read_bytes() for piece in held.pieces)
    found, wanted = [], iter(probe.decoded.luma_s)
    at_s = next(wanted)
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= at_s - 1e-3:
                found.append(frame.to_ndarray(format="gray").astype(np.float32))
                following = next(wanted, None)
                if following is None:
                    break
                at_s = following
    return np.array(found)


def drawn(rng: np.random.Generator, scale: int) -> Iterator[tuple[NDArray[np.bool_], Canvas]]:
    """Yield the marks of one family: where each lies, and its canvas."""
    letters = int(rng.integers(3, 6))
    high, wide = 7 * scale + 8, 6 * scale * letters + 10
    top = 6 if rng.random() < 0.5 else HEIGHT - high - 6
    left = 6 if rng.random() < 0.5 else WIDTH - wide - 6
    colour = (int(rng.integers(20, 140)), 128, 128)
    for _ in range(TEXTS):
        canvas = Canvas()
        text = "".join(rng.choice(list(LETTERS), letters).tolist())
        canvas.box(top, left, high, wide, colour)
        canvas.words(top + 4, left + 5, text, scale=scale)
        mask = np.zeros((HEIGHT, WIDTH), np.bool_)
        mask[top : top + high, left : left + wide] = True
        yield mask, canvas


def cells(pictures: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return cell means, as a decoder keeps them."""
    rows, columns = LUMA_SHAPE
    shape = (len(pictures), rows, HEIGHT // rows, columns, WIDTH // columns)
    made: NDArray[np.uint8] = np.rint(pictures.reshape(shape).mean(axis=(2, 4))).astype(np.uint8)
    return made


class Table:
    """Counts of pairs, by what they are."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])

    def add(self, what: str, *, tied: bool) -> None:
        """Count one."""
        self._rows[what][0] += tied
        self._rows[what][1] += 1

    def print(self) -> None:
        """Print all rows, each with the bound of its rate."""
        print("| what | tied or seen, of | 95 % bound |\n| --- | --- | --- |")
        for what, (tied, count) in self._rows.items():
            rate = ErrorRate(what=what, errors=tied, trials=count, source="bench")
            print(f"| {what} | {tied:,} of {count:,} | {rate.upper_bound:.1e} |")


def encoded(table: Table, plan: Plan, references: References, probes: Sequence[Probe]) -> None:
    """Count what the world's encoded copies show and share."""
    state = "set on" if plan.seed in TUNED else "unseen"
    logos = [one.logo(references) for one in probes]
    for probe, logo in zip(probes, logos, strict=True):
        name = probe.stream.id.split("-")[0].rstrip("01")
        table.add(f"{state}: a mark is seen, probes of {name}", tied=logo is not None)
    services: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    feed = {one.stream.id: one.stream.feed.id for one in probes if one.stream.feed is not None}
    for (a, one), (b, other) in combinations(zip(probes, logos, strict=True), 2):
        if a.stream.id != b.stream.id:
            same = one is not None and other is not None and same_logo(one, other)
            services[a.stream.id, b.stream.id].append(same)
    for pair, tied in services.items():
        true = None not in (feeds := [feed.get(name) for name in pair]) and len(set(feeds)) == 1
        what = "services of one feed" if true else "strangers"
        table.add(f"{state}: {what}, all probes", tied=any(tied))
        for one_tied in tied:
            table.add(f"{state}: {what}, pairs of probes", tied=one_tied)


def alike(
    table: Table, plan: Plan, references: References, probes: Sequence[Probe], cache: Path
) -> None:
    """Count marks that differ by their text alone."""
    state = "set on" if plan.seed in TUNED else "unseen"
    rng = np.random.default_rng([plan.seed, 78])
    first = {one.stream.id: one for one in reversed(probes) if one.stream.id.startswith("none")}
    under = [first["none-0"], first["none-1"]]
    light = [frames(one, cache / one.stream.id) for one in under]
    for scale in (1, 2, 3):
        for _ in range(FAMILIES):
            shown: list[list[Logo | None]] = []
            for mask, canvas in drawn(rng, scale):
                row = []
                for probe, pictures in zip(under, light, strict=True):
                    over = np.where(mask, canvas.luma.astype(np.float32), pictures)
                    decoded = replace(probe.decoded, luma=cells(over))
                    row.append(replace(probe, decoded=decoded).logo(references))
                shown.append(row)
            for k, row in enumerate(shown):
                table.add(f"{state}: letters of {7 * scale} lines, the same", tied=_same(*row))
                for other in shown[:k]:
                    table.add(
                        f"{state}: letters of {7 * scale} lines, another",
                        tied=_same(row[0], other[1]),
                    )


def _same(one: Logo | None, other: Logo | None) -> bool:
    return one is not None and other is not None and same_logo(one, other)


def main() -> None:
    """Print one row for each kind of pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4])
    parser.add_argument("--cache", type=Path, default=CACHE / "logos")
    asked = parser.parse_args()
    table = Table()
    for seed in asked.seeds:
        folder = asked.cache / str(seed)
        folder.mkdir(parents=True, exist_ok=True)
        plan = world(seed)
        references, probes = asyncio.run(probed(plan, folder))
        encoded(table, plan, references, probes)
        alike(table, plan, references, probes, folder)
    table.print()


if __name__ == "__main__":
    main()
