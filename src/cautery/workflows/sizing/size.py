"""Size a network from the sources in a folder, and judge claims about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from cautery import estimate
from cautery.errors import InputError, SourceError
from cautery.estimate import PRIORS, Judged, Priors, Reconciled, Tornado
from cautery.formats import read_panel_dump
from cautery.messages import message
from cautery.model import Claim, PanelCount, SizingSources
from cautery.model.mandate import Regime
from cautery.model.message import Message
from cautery.packed import chunks_of
from cautery.workflows.sizing.files import KINDS, YEARS, find, read_kind

FARTHEST = 3
"""Months that a source may be from the month that is sized; a farther one is left out."""
_DATED = {
    "panels": "on",
    "recaptures": "on",
    "payments": "month",
    "names": "month",
    "surveys": "on",
    "sharing": "on",
    "visits": "month",
    "prices": "on",
}
_BY_COUNTRY = ("panels", "recaptures", "payments", "names", "surveys", "sharing", "visits")
MOST_COUNTRIES = 260
"""ISO 3166-1 has 249 codes; a few more are in use (XK, ZZ)."""
_T = TypeVar("_T")
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """A network's size by its sources, and how each claim sits with it.

    Parameters
    ----------
    month : date or None
        The month that was sized; ``None``: no sources, the published market stands in.
    across : tuple of Message
        What the claims mean for each other.
    notes : tuple of Message
        What was left out or taken from another month, and disagreements.
    tornado : mapping or None
        How far each prior moves users, payers and revenue; ``None`` without sources, or unasked.
    """

    month: date | None
    seed: int
    reconciled: Reconciled
    judged: tuple[Judged, ...]
    across: tuple[Message, ...]
    notes: tuple[Message, ...]
    tornado: Tornado | None = None


def read_sources(
    folder: Path, *, month: date | None = None
) -> tuple[SizingSources, tuple[Message, ...]]:
    """Read the CSVs of a folder, or of the ``sources`` in a world's folder.

    Parameters
    ----------
    month : date or None
        Any day of the month to be sized; ``None``: the last one that most kinds speak of.

    Returns
    -------
    tuple
        The sources of that month, and notes on what came from another month.

    Raises
    ------
    InputError
        If nothing is there, or a row breaks a rule.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: {_no_folder(folder)}")
    if month is not None and month.year not in YEARS:
        raise InputError(f"{month:%Y-%m}: the month must be from {YEARS[0]} to {YEARS[-1]}")
    place = _place(folder)
    rows = {kind: read_kind(path, kind) for kind in KINDS if (path := find(place, kind))}
    if not any(rows.get(kind) for kind in _DATED):
        raise InputError(
            f"{place}: the folder has no source",
            hint=(
                f"Provide at least one of {', '.join(f'{kind}.csv' for kind in _DATED)}, with rows."
            ),
        )
    countries = {row.country for kind in _BY_COUNTRY for row in rows.get(kind, ())}
    if len(countries) > MOST_COUNTRIES:
        raise InputError(f"{place}: {len(countries)} countries, but ISO 3166-1 has fewer")
    chosen_month = (month or _last_month(rows)).replace(day=1)
    notes: list[Message] = []
    by_kind: dict[str, tuple[Any, ...]] = {}
    for kind, field in _DATED.items():
        by_kind[kind], note = _of_month(rows.get(kind, []), field, chosen_month)
        notes += [message("sizing.note", source=kind, note=note)] if note else []
    return (
        SizingSources(
            month=chosen_month,
            purchases=tuple(rows.get("purchases", ())),
            rates=dict(rows.get("rates", ())),
            **by_kind,
        ),
        tuple(notes),
    )


def read_dumps(
    dumps: Path,
    sources: SizingSources,
    *,
    regime: Regime,
    folder: Path | None = None,
    progress: Progress = lambda _: None,
) -> tuple[SizingSources, tuple[Message, ...]]:
    """Count the seized panels' tables ``DIR/<panel>/users.csv`` in place of the panels' counts.

    Parameters
    ----------
    folder : Path or None
        Where ``panels.csv`` gives the day of each seizure (its last there) and the panel's share
        of traffic; a panel that is not in it is read as of the month's last day, share unknown.

    Raises
    ------
    InputError
        Under regime ``gdpr``, before a file is opened; if no dump is there; or if a seizure lies
        more than ``FARTHEST`` months from the month that is sized.
    """
    if regime is not Regime.LED:
        raise InputError(
            f"{dumps}: a seized panel's dump holds viewers' personal data: only a competent "
            "authority may read it (regime led, Directive (EU) 2016/680)",
            hint="If you are a competent authority, give --regime led.",
        )
    if not dumps.is_dir():
        raise InputError(f"{dumps}: {_no_folder(dumps)}")
    path = None if folder is None else find(_place(folder), "panels")
    panel_counts: dict[str, PanelCount] = {}
    shares: dict[str, float] = {}
    for row in sorted(read_kind(path, "panels") if path else (), key=lambda row: row.on):
        panel_counts[row.panel] = row
        if row.traffic_share:
            shares[row.panel] = row.traffic_share
    counts: list[PanelCount] = []
    notes: list[Message] = []
    for panel_folder in sorted(entry for entry in dumps.iterdir() if entry.is_dir()):
        path = find(panel_folder, "users")
        if path is None:
            continue
        stated_count = panel_counts.get(panel_folder.name)
        on = stated_count.on if stated_count else _next(sources.month) - timedelta(days=1)
        if abs(_apart(on, sources.month)) > FARTHEST:
            raise InputError(
                f"{panel_folder}: seized {on}, more than {FARTHEST} months from "
                f"{sources.month:%Y-%m}",
                hint=f"Give a month near it: --month {on:%Y-%m}.",
            )
        progress(f"reading {panel_folder.name}")
        try:
            dump = read_panel_dump(
                chunks_of(path),
                panel=panel_folder.name,
                on=on,
                regime=regime,
                traffic_share=shares.get(panel_folder.name),
            )
        except SourceError as error:
            raise InputError(f"{path}: {error}", hint=error.hint) from error
        counts += () if dump.cut_off else dump.counts
        notes.append(message("sizing.dump", panel=panel_folder.name, taken_on=on, rows=dump.words))
    if not notes:
        raise InputError(
            f"{dumps}: the folder has no dump", hint="Dumps must be at DIR/<panel>/users.csv."
        )
    return replace(sources, panels=tuple(counts)), tuple(notes)


def size_network(
    sources: SizingSources | None,
    claims: Sequence[Claim] = (),
    *,
    seed: int = 0,
    notes: Sequence[Message] = (),
    rates: Mapping[str, float] | None = None,
    priors: Priors = PRIORS,
    with_tornado: bool = False,
    progress: Progress = lambda _: None,
) -> Sizing:
    """Size by every method, reconcile, and judge each claim.

    Parameters
    ----------
    sources : SizingSources or None
        ``None``: only the published sizing of the whole market speaks.
    seed : int
        Of the Monte Carlo; the same seed and sources give the same numbers.
    rates : mapping or None
        EUR for one unit of a currency, for claims; those of the sources come first.
    priors : mapping of str to Prior
        Of the biases; a user's own may stand in.
    with_tornado : bool
        Whether to see how far each prior moves the result; it takes some seconds.

    Raises
    ------
    InputError
        If no source says anything, or a claim cannot be brought to EUR a month.
    """
    rng = np.random.default_rng(seed)
    published = estimate.published()
    if sources is None:
        together = estimate.reconciled_from_published(rng=rng)
        low, high = published.arpu_range_eur
        paid = dict.fromkeys(("users", "payers"), (low, published.arpu_eur, high))
    else:
        sized = estimate.by_every_method(sources, rng=rng, priors=priors)
        together = estimate.reconcile(sized, rng=rng, priors=priors)
        paid = {measure: together.paid_by_each(measure) for measure in ("users", "payers")}
    prices = [together.price.list_price_eur] if together.price else []
    table = {**(rates or {}), **((sources.rates if sources else None) or {})}
    all_notes = [*notes, *(disagreement.words for disagreement in together.disagreements)]
    all_notes += [unusual.words for unusual in together.unusual]
    all_notes += estimate.by_sharing(sources, priors)[1] if sources else ()
    all_notes += [
        message("sizing.note", source=sized.method, note=note)
        for sized in together.sized
        for note in sized.notes
    ]
    if together.alone and sources is not None:
        all_notes.append(message("sizing.alone"))
    moved: Tornado | None = None
    if with_tornado and sources is not None:
        progress("moving each prior")
        moved = estimate.tornado(sources, together, seed=seed, priors=priors)
    return Sizing(
        month=sources.month if sources else None,
        seed=seed,
        reconciled=together,
        judged=tuple(estimate.judge_claim(claim, together, rates=table) for claim in claims),
        across=estimate.cross_check(
            claims, list_prices_eur=[*prices, published.list_price_eur], paid_eur=paid, rates=table
        ),
        notes=tuple(all_notes),
        tornado=moved,
    )


def _place(folder: Path) -> Path:
    """Return where the CSVs lie: a world of the lab keeps them in ``sources``."""
    return folder / "sources" if (folder / "sources").is_dir() else folder


def _last_month(rows: Mapping[str, Sequence[Any]]) -> date:
    """Return the last month of which as many kinds speak as of any."""
    speak: dict[date, int] = {}
    for kind, field in _DATED.items():
        for month in {getattr(row, field).replace(day=1) for row in rows.get(kind, ())}:
            speak[month] = speak.get(month, 0) + 1
    return max(speak, key=lambda month: (speak[month], month))


def _of_month(rows: Sequence[_T], field: str, month: date) -> tuple[tuple[_T, ...], Message | None]:
    """Return a month's rows, or else those of the nearest month that is near enough."""
    months = {getattr(row, field).replace(day=1) for row in rows}
    if not months:
        return (), None
    nearest = min(months, key=lambda candidate: (abs(_apart(candidate, month)), candidate))
    if abs(_apart(nearest, month)) > FARTHEST:
        return (), message("sizing.too-far", nearest=f"{nearest:%Y-%m}", months=FARTHEST)
    month_rows = tuple(row for row in rows if getattr(row, field).replace(day=1) == nearest)
    if nearest == month:
        return month_rows, None
    return month_rows, message(
        "sizing.other-month", nearest=f"{nearest:%Y-%m}", month=f"{month:%Y-%m}"
    )


def _apart(first: date, second: date) -> int:
    return (first.year - second.year) * 12 + first.month - second.month


def _next(month: date) -> date:
    # 32 days from the first of a month lie in the next one, however long it is.
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def _no_folder(path: Path) -> str:
    return "this is a file, not a folder" if path.exists() else "no such folder"
