"""The nine published incidents of over-blocking, as facts and targets that the guard judges again.

What was blocked, where and when is published; the passive DNS beside it is the lab's own stand-in
(``.example`` names, documentation addresses) where the publication names no neighbour. Each is
judged at its day, by facts of that day, so the guard knows no more than an agency could have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cautery.errors import InputError
from cautery.model import Decision, GuardVerdict
from cautery.model.ports import Facts
from cautery.plan import guard


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident: what was blocked, what was known, what happened.

    Parameters
    ----------
    targets : tuple of str
        What was blocked.
    suspects : tuple of str
        What it was meant to stop: names and URLs with evidence against them.
    hosting : tuple of (address, name, days since first seen, days since last seen)
        Passive DNS of that day.
    ranges, popular, dedicated : tuple
        Rows of the facts of that day; ``dedicated`` with the age of the evidence in days.
    """

    id: str
    where: str
    at: datetime
    happened: str
    rule: str
    targets: tuple[str, ...]
    suspects: tuple[str, ...] = ()
    hosting: tuple[tuple[str, str, int, int], ...] = ()
    ranges: tuple[tuple[str, str, str], ...] = ()
    popular: tuple[str, ...] = ("example.org",)
    dedicated: tuple[tuple[str, str, str, int], ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.targets:
            raise InputError(f"incident {self.id}: nothing was blocked")


_CLOUDFLARE = (("188.114.96.0/20", "cloudflare", "cdn"), ("104.16.0.0/13", "cloudflare", "cdn"))


def _utc(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


INCIDENTS: tuple[Incident, ...] = (
    Incident(
        id="at-2022-cdn",
        where="Austria",
        at=_utc(2022, 8, 28),
        happened="11 addresses of a CDN blocked to stop 14 sites; thousands down for two days",
        rule="an address in a shared range is refused; the names are proposed",
        targets=tuple(f"188.114.97.{last}" for last in range(1, 12)),
        suspects=tuple(f"site{n}.example" for n in range(1, 15)),
        hosting=tuple(
            (f"188.114.97.{n if n < 12 else n - 11}", f"site{n}.example", 200, 0)
            for n in range(1, 15)
        ),
        ranges=_CLOUDFLARE,
    ),
    Incident(
        id="fr-2023-messenger",
        where="France",
        at=_utc(2023, 5, 13),
        happened="the whole of t.me blocked for hours in place of single pages",
        rule="a popular name is refused; the URLs are proposed, with a second approver",
        targets=("t.me",),
        suspects=("https://t.me/example_channel",),
        popular=("t.me", "example.org"),
    ),
    Incident(
        id="nl-2023-data-centre",
        where="Netherlands",
        at=_utc(2023, 5, 23),
        happened="1,200 servers of one data centre shut down; holiday park, painters, dentist down",
        rule="a range is wider than one host; its tenants are counted and named",
        targets=("198.51.100.0/24",),
        suspects=("panel.pirate.example",),
        hosting=(
            ("198.51.100.7", "panel.pirate.example", 200, 0),
            ("198.51.100.8", "holiday-park.example", 900, 0),
            ("198.51.100.9", "painters.example", 900, 0),
            ("198.51.100.10", "dentist.example", 900, 0),
        ),
    ),
    Incident(
        id="it-2024-zenlayer",
        where="Italy",
        at=_utc(2024, 2, 15, 20),
        happened="over 400 addresses of the CDN Zenlayer in an evening; Cloud4C and others hit",
        rule="an address in a CDN's range is refused, with evidence of dedication or without",
        targets=("128.14.3.4", "128.14.3.5", "128.14.3.6"),
        suspects=("edge.pirate.example",),
        hosting=(("128.14.3.4", "edge.pirate.example", 20, 0),),
        ranges=(("128.14.0.0/16", "zenlayer", "cdn"),),
        dedicated=(("128.14.3.5", "pirate.example", "reverse DNS", 2),),
    ),
    Incident(
        id="it-2024-cloudflare",
        where="Italy",
        at=_utc(2024, 2, 24, 15, 13),
        happened="188.114.97.7 blocked for hours, in a network of 42 million domains",
        rule="the same rule; canaries fail, and a roll-back is proposed",
        targets=("188.114.97.7",),
        suspects=("stream.pirate.example",),
        hosting=(
            ("188.114.97.7", "stream.pirate.example", 30, 0),
            ("188.114.97.7", "school.example", 900, 0),
            ("188.114.97.7", "shop.example", 900, 0),
        ),
        ranges=_CLOUDFLARE,
    ),
    Incident(
        id="it-2024-recycled",
        where="Italy",
        at=_utc(2024, 3, 20),
        happened="15 addresses of Akamai; an address of OVH recycled to an innocent buyer",
        rule="judged again before every window: the former tenant has left, another has come",
        targets=("104.64.1.1", "203.0.113.7"),
        suspects=("edge3.pirate.example",),
        hosting=(
            ("203.0.113.7", "edge3.pirate.example", 200, 25),
            ("203.0.113.7", "bakery.example", 10, 0),
            ("104.64.1.1", "edge3.pirate.example", 20, 0),
        ),
        ranges=(("104.64.0.0/10", "akamai", "cdn"),),
        dedicated=(("203.0.113.7", "pirate.example", "the hoster's reply", 28),),
    ),
    Incident(
        id="it-2024-drive",
        where="Italy",
        at=_utc(2024, 10, 19, 16, 56),
        happened="drive.usercontent.google.com dark for six hours, at some providers for twelve",
        rule="a service name of a popular site is refused",
        targets=("drive.usercontent.google.com",),
        suspects=("https://drive.usercontent.google.com/download?id=x",),
        popular=("google.com", "example.org"),
    ),
    Incident(
        id="es-2025-matches",
        where="Spain",
        at=_utc(2025, 4, 8, 18),
        happened="shared CDN addresses at each match; 554,507 domains hit, January to June 2026",
        rule="no upper bound of bystanders is above every budget; the estimate stands beside it",
        targets=("172.67.196.60", "104.26.0.227"),
        suspects=("live.pirate.example",),
        hosting=(
            ("172.67.196.60", "live.pirate.example", 30, 0),
            ("172.67.196.60", "museum.example", 700, 0),
        ),
        ranges=(("172.64.0.0/13", "cloudflare", "cdn"), ("104.24.0.0/14", "cloudflare", "cdn")),
    ),
    Incident(
        id="it-2025-leaked-list",
        where="Italy",
        at=_utc(2025, 6, 1),
        happened="10,918 addresses and 42,664 names: legitimate sites, leased space, no IPv6",
        rule="leased space without fresh evidence is unknown; IPv6 is judged as IPv4 is",
        targets=("203.0.113.20", "2001:db8::20", "2002:bc72:6107::1", "library.example"),
        hosting=(
            ("203.0.113.20", "leased.example", 700, 0),
            ("2001:db8::20", "leased.example", 700, 0),
        ),
        ranges=_CLOUDFLARE,
        popular=("library.example", "example.org"),
    ),
)


def write_facts(incident: Incident, folder: Path) -> Path:
    """Write the facts of an incident's day, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    day = incident.at.date()

    def ago(days: int) -> str:
        return (day - timedelta(days=days)).isoformat()

    tables: dict[str, tuple[str, Sequence[Sequence[object]]]] = {
        "ranges": (
            "cidr,provider,class,source",
            # Something must stand in each list: an empty one would be no list.
            [(*range_, "lab") for range_ in (*incident.ranges, ("192.0.2.0/24", "nobody", "cdn"))],
        ),
        "popular": ("domain,lists", [(name, "lab") for name in incident.popular]),
        "passive-dns": (
            "address,name,first_seen,last_seen",
            [(address, name, ago(a), ago(b)) for address, name, a, b in incident.hosting],
        ),
        "dedicated": (
            "address,dedicated_to,evidence,evidence_date",
            [
                (address, to, evidence, ago(age))
                for address, to, evidence, age in incident.dedicated
            ],
        ),
    }
    lines: list[str] = []
    for name, (header, rows) in tables.items():
        text = "\n".join((header, *(",".join(map(str, row)) for row in rows)))
        (folder / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
        lines += [f"[facts.{name}]", f"date = {day}", "valid_days = 30", ""]
    (folder / "facts.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def judged(incident: Incident, facts: Facts) -> tuple[GuardVerdict, ...]:
    """Ask the guard about each target of an incident, at its moment."""
    return tuple(
        guard(target, facts=facts, at=incident.at, suspects=incident.suspects)
        for target in incident.targets
    )


def stopped(verdicts: Sequence[GuardVerdict]) -> bool:
    """Tell whether the guard would have stopped it: every target refused or narrowed."""
    return bool(verdicts) and all(verdict.decision is not Decision.ALLOW for verdict in verdicts)
