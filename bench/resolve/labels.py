"""The shared labels, and what an illicit panel makes of a title; for ``resolve.py`` and its fit."""

from __future__ import annotations

import csv
import lzma
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cautery.catalogue import Catalogue, Listing
from cautery.catalogue.places import source_country

_CODES = {
    "gb": ("UK", "UK", "GB", "ENG"), "us": ("US", "USA"), "de": ("DE", "GER"), "fr": ("FR", "FRA"),
    "es": ("ES", "ESP"), "it": ("IT", "ITA"), "pt": ("PT", "POR"), "nl": ("NL", "NED"), "pl": ("PL",
    "POL"), "ro": ("RO", "ROM"), "se": ("SE", "SWE"), "dk": ("DK", "DEN"), "tr": ("TR", "TUR"),
    "gr": ("GR", "GRE"),
}  # fmt: skip
_HEADS = (
    "{code}: {title}", "{code}| {title}", "|{code}| {title}", "{code} | {title}",
    "[{code}] {title}", "{code} - {title}", "({code}) {title}", "★ {code} ★ {title}",
    "{code}▎{title}", "┃{code}┃ {title}", "{code}:{title}", "{flag} {title}", "#{code}# {title}",
    "{code} » {title}", "{code}✦ {title}",
)  # fmt: skip
_QUALITIES = (
    "HD", "FHD", "UHD", "4K", "SD", "HEVC", "FHD HEVC", "H265", "RAW", "HD 50FPS", "1080p", "HQ",
    "LQ", "8K", "HDR", "UHD 4K",
)  # fmt: skip
_TAILS = (
    "(b)", "[backup]", "[backup 2]", "VIP", "◉", "ᴴᴰ", "ᵁᴴᴰ", "ᴿᴬᵂ", "[Multi-Audio]", "(BK)", "★",
    "²⁴/⁷", "(S)", "(D)", "ᶠᴴᴰ",
)  # fmt: skip
_TIDY = re.compile(r"\s*(?:\(\d{3,4}p\)|\[[^\]]*\])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A title, where it stood, and what the public contributors of iptv-org say it is."""

    listing: Listing
    channel: str
    exact: bool
    hidden: bool


def labels(folder: Path, split: str) -> list[Label]:
    """Read ``train`` or ``dev``."""
    path = folder / "playlist-labels" / f"{split}.csv.xz"
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return [
            Label(
                listing=Listing(
                    title=row["title"], source=row["source"] or None, language=row["lang"] or None
                ),
                channel=row["channel"],
                exact=row["exact"] == "1",
                hidden=row["openset_hidden"] == "1",
            )
            for row in csv.DictReader(file)
        ]


def hidden_ids(folder: Path) -> frozenset[str]:
    path = folder / "playlist-labels" / "openset-hidden-ids.txt.xz"
    with lzma.open(path, "rt", encoding="utf-8") as file:
        return frozenset(line.strip() for line in file)


def decorated(
    told: Sequence[Label], catalogue: Catalogue, *, seed: int, from_panels: float = 0.0
) -> list[Label]:
    """Write titles as panels do: capitals, a country's code, quality, backups.

    Parameters
    ----------
    from_panels : float
        The share of titles that lose their source and language and stand in one of 40 mixed lists.
    """
    rng = random.Random(seed)
    home = {one.id: one.country for one in catalogue.rights}
    out = []
    for one in told:
        listing = one.listing
        away = source_country(listing.source) if listing.source else None
        country = home.get(one.channel) if rng.random() < 0.7 else away
        listing = replace(listing, title=decorate(listing.title, country, rng))
        if rng.random() < from_panels:
            listing = replace(listing, source=f"list{rng.randrange(40)}", language=None)
        out.append(replace(one, listing=listing))
    return out


def decorate(title: str, country: str | None, rng: random.Random) -> str:
    """Write one title as a panel does.

    Examples
    --------
    >>> decorate("Sky Arena 1 (720p)", "gb", random.Random(4))
    'GB: SKY ARENA 1 LQ'
    """
    title = _TIDY.sub("", title).strip() or title
    if rng.random() < 0.6:
        title = title.upper()
    if country and rng.random() < 0.8:
        code = rng.choice(_CODES.get(country, (country.upper(),)))
        flag = "".join(chr(0x1F1E6 + ord(letter) - ord("a")) for letter in country)
        title = rng.choice(_HEADS).format(code=code, title=title, flag=flag)
    if rng.random() < 0.75:
        title += " " + rng.choice(_QUALITIES)
    if rng.random() < 0.4:
        title += " " + rng.choice(_TAILS)
    return title


def bare(catalogue: Catalogue) -> Catalogue:
    """Forget what a table of feeds told."""
    return Catalogue(
        tuple(replace(one, areas=(), languages=(), feeds=()) for one in catalogue.rights)
    )


def right_or_none(told: Iterable[Label], catalogue: Catalogue) -> list[str | None]:
    """Return the right answers on a catalogue that may lack them."""
    known = {one.id for one in catalogue.rights}
    return [one.channel if one.channel in known else None for one in told]


def calibration_error(odds: npt.ArrayLike, right: npt.ArrayLike) -> float:
    """Return the expected calibration error over ten equal bins."""
    odds, right = np.asarray(odds), np.asarray(right, float)
    place = np.minimum((odds * 10).astype(int), 9)
    gaps = [
        (place == one).sum() * abs(odds[place == one].mean() - right[place == one].mean())
        for one in range(10)
        if (place == one).any()
    ]
    return float(sum(gaps) / len(odds))
