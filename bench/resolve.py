"""Resolve the dev split of playlist-labels: accuracy, precision, and titles per second.

Run: python bench/resolve.py [FOLDER with the shared data]

"With country" gives the resolver the country of the playlist that a title stood in, as the watch
would; the open set drops the hidden ids from the catalogue, where the right answer is "none".
"""

from __future__ import annotations

import csv
import lzma
import os
import sys
import time
from pathlib import Path

from cautery.catalogue import Catalogue, Resolver


def main(folder: Path) -> None:
    began = time.perf_counter()
    catalogue = Catalogue.read_csv(folder / "iptv-catalogue" / "channels.csv.xz")
    with lzma.open(folder / "playlist-labels" / "openset-hidden-ids.txt.xz", "rt") as file:
        hidden = {line.strip() for line in file}
    with lzma.open(folder / "playlist-labels" / "dev.csv.xz", "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    resolver, opened = Resolver(catalogue), Resolver(catalogue.without(hidden))
    print(f"{len(catalogue.rights)} channels, two indexes in {time.perf_counter() - began:.1f} s")
    for name, used, place, wanted in (
        ("closed, title alone", resolver, False, lambda row: row["channel"]),
        ("closed, with country", resolver, True, lambda row: row["channel"]),
        (
            "open, with country",
            opened,
            True,
            lambda row: None if row["openset_hidden"] == "1" else row["channel"],
        ),
    ):
        began = time.perf_counter()
        right = top = claimed = claimed_right = none_right = nones = 0
        for row in rows:
            country = row["source"][:2] if place and row["kind"] == "m3u" else None
            found = used.resolve(row["title"], country=country)
            want = wanted(row)
            right += found.right == want
            top += found.best == want
            claimed += found.right is not None
            claimed_right += found.right is not None and found.right == want
            nones += want is None
            none_right += want is None and found.right is None
        took = time.perf_counter() - began
        total = len(rows)
        print(
            f"{name}: N={total} accuracy {right / total:.3f} top-1 {top / total:.3f} "
            f"precision {claimed_right / max(claimed, 1):.3f} of {claimed} claims"
            + (f" none-recall {none_right / nones:.3f} of {nones}" if nones else "")
            + f" {total / took:.0f} titles/s"
        )


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("CAUTERY_DATA", "../shared/data")
    main(Path(given))
