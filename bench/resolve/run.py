"""Resolve labelled titles: accuracy, abstaining, calibration, decoration, titles per second.

Run: python bench/resolve/run.py [FOLDER with the shared data] [--split dev]

Accuracy counts ``best`` on the whole catalogue. The open set drops the hidden ids from the
catalogue, where the right answer is "none", and counts what is answered at the default threshold.
"New channels" are names that joined the catalogue after March 2026, looked for in March's
catalogue. rapidfuzz is measured beside where it is installed (``pip install rapidfuzz``).
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import lzma
import os
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from labels import (
    Label,
    bare,
    calibration_error,
    decorated,
    hidden_ids,
    labels,
    right_or_none,
)

from cautery.adapters.clock import SystemClock
from cautery.catalogue import Catalogue, Listing, Resolution, Resolver
from cautery.workflows.files.catalogue import read_catalogue

_PEER_TITLES = 300


def closed(name: str, told: Sequence[Label], resolver: Resolver) -> None:
    found = list(resolver.resolve_all(one.listing for one in told))
    right = [
        got.best is not None and got.best.id == one.channel
        for got, one in zip(found, told, strict=True)
    ]
    hard = [good for good, one in zip(right, told, strict=True) if not one.exact]
    error = calibration_error([got.best.probability if got.best else 0 for got in found], right)
    print(
        f"{name}: N={len(told)} accuracy {np.mean(right):.4f}, of {len(hard)} not equal to a name "
        f"{np.mean(hard):.4f}, calibration error {error:.4f}"
    )


def opened(name: str, told: Sequence[Label], resolver: Resolver, catalogue: Catalogue) -> None:
    found = list(resolver.resolve_all(one.listing for one in told))
    truth = right_or_none(told, catalogue)
    _counted(name, found, truth)


def _counted(name: str, found: Sequence[Resolution], truth: Sequence[str | None]) -> None:
    answered = [(got.right, want) for got, want in zip(found, truth, strict=True) if got.right]
    good = sum(got == want for got, want in answered)
    nones = sum(want is None for want in truth)
    accepted = sum(want is None for _, want in answered)
    print(
        f"{name}: N={len(truth)} precision {good / max(1, len(answered)):.4f} at recall "
        f"{good / max(1, len(truth) - nones):.4f}, wrongly accepted "
        f"{accepted / max(1, nones):.4f} of {nones}"
    )


def new_channels(folder: Path) -> None:
    """Look for channels that did not exist in a catalogue of before."""
    march = folder / "iptv-catalogue" / "channels-2026-03-13.csv.xz"
    catalogue = read_catalogue(march, now=SystemClock().now())
    with lzma.open(
        folder / "playlist-labels" / "new-since-2026-03-13.csv.xz", "rt", encoding="utf-8"
    ) as file:
        new = [Listing(title=row["name"], country=row["country"]) for row in csv.DictReader(file)]
    found = list(Resolver(catalogue).resolve_all(new))
    _counted("new channels, March's catalogue", found, [None] * len(new))


def speed(folder: Path, resolver: Resolver) -> None:
    with lzma.open(
        folder / "playlist-labels" / "unlabelled.csv.xz", "rt", encoding="utf-8"
    ) as file:
        titles = [
            Listing(title=row["title"], source=row["source"], language=row["lang"] or None)
            for row in csv.DictReader(file)
        ]
    began, used = time.perf_counter(), time.process_time()
    count = sum(1 for _ in resolver.resolve_all(titles))
    print(
        f"speed: {count / (time.process_time() - used):.0f} titles a second of CPU, "
        f"{count / (time.perf_counter() - began):.0f} by the clock"
    )


def peer(told: Sequence[Label], catalogue: Catalogue) -> None:
    """Let rapidfuzz find the nearest name, as the open matchers of playlists do."""
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415 - only where it is installed

    names = [(name, one.id) for one in catalogue.rights for name in one.names]
    texts = [utils.default_process(name) for name, _ in names]
    some = random.Random(0).sample(list(told), _PEER_TITLES)
    used = time.process_time()
    right = []
    for one in some:
        got = process.extractOne(
            utils.default_process(one.listing.title), texts, scorer=fuzz.WRatio
        )
        right.append(got is not None and names[got[2]][1] == one.channel)
    rate = _PEER_TITLES / (time.process_time() - used)
    hard = [good for good, one in zip(right, some, strict=True) if not one.exact]
    print(
        f"rapidfuzz WRatio: N={_PEER_TITLES} accuracy {np.mean(right):.3f}, not equal to a name "
        f"{np.mean(hard):.3f}, {rate:.0f} titles a second of CPU"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path(os.environ.get("CAUTERY_DATA", "../shared/data")),
    )
    parser.add_argument("--split", default="dev")
    given = parser.parse_args()
    folder: Path = given.folder
    used = time.process_time()
    catalogue = read_catalogue(
        folder / "iptv-catalogue" / "channels.csv.xz", now=SystemClock().now()
    )
    resolver = Resolver(catalogue)
    print(f"{len(catalogue.rights)} channels, loaded in {time.process_time() - used:.1f} s of CPU")
    told = labels(folder, given.split)
    panels = decorated(told, catalogue, seed=11)
    closed("closed", told, resolver)
    closed("closed, decorated", panels, resolver)
    alone = [replace(one, listing=Listing(title=one.listing.title)) for one in told]
    closed("closed, no source told", alone, resolver)
    speed(folder, resolver)
    for name, cut in (
        ("open", catalogue.without(hidden_ids(folder))),
        ("open, no table of feeds", bare(catalogue.without(hidden_ids(folder)))),
    ):
        resolver = Resolver(cut)
        opened(name, told, resolver, cut)
        opened(f"{name}, decorated", panels, resolver, cut)
    new_channels(folder)
    if importlib.util.find_spec("rapidfuzz"):
        peer(told, catalogue)


if __name__ == "__main__":
    main()
