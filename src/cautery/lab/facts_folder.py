"""Writes the facts folder of a world: the files that ``network.facts`` reads, and their dates."""

from __future__ import annotations

import csv
import ipaddress
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cautery.lab.spec import Plan
from cautery.lab.underworld import HOSTERS

_FILES: tuple[tuple[str, str, str], ...] = (
    ("asn-ipv4", "ip-asn/asn-ipv4.csv", "asn-ranges"),
    ("asn-names", "ip-asn/asn-names.csv", "asn-names"),
    ("country-ipv4", "ip-asn/country-ipv4.csv", "country-ranges"),
    ("ranges", "cdn-hosting-ranges/ranges.csv", "shared-ranges"),
    ("popular", "popular-domains/popular.csv", "popular-names"),
    ("bank-website", "popular-domains/bank-website.csv", "protected-names"),
    ("university_domains", "popular-domains/university_domains.csv", "protected-names"),
    ("protected-names", "protected-names.csv", "protected-names"),
    ("passive-dns", "passive-dns.csv", "passive-dns"),
    ("dedicated", "dedicated.csv", "dedicated-addresses"),
)


def write_facts(
    plan: Plan, folder: Path, now: datetime, *, rented: Sequence[tuple[str, str]] = ()
) -> Path:
    """Write all facts of a world, as of ``now``, and return the folder.

    ``rented`` are further addresses with the one service that each is dedicated to, as of decoys.

    The columns are those of the shared data: ``start,end,asn`` as integers, ``cidr,provider,
    class,source``, and so on; ``facts.toml`` gives each file's path, kind, date and validity.
    """
    today = now.date()
    yesterday = (today - timedelta(days=1)).isoformat()
    long_ago = (today - timedelta(days=240)).isoformat()
    ranges = [(ipaddress.ip_network(f"{hoster.prefix}.0.0/16"), hoster) for hoster in HOSTERS]
    spans = [(int(net[0]), int(net[-1]), hoster) for net, hoster in ranges]
    tables: dict[str, tuple[Sequence[str], Iterable[Sequence[object]]]] = {
        "asn-ipv4": (("start", "end", "asn"), [(a, b, hoster.asn) for a, b, hoster in spans]),
        "asn-names": (("asn", "org"), [(hoster.asn, hoster.organisation) for hoster in HOSTERS]),
        "country-ipv4": (
            ("start", "end", "country"),
            [(a, b, hoster.country) for a, b, hoster in spans],
        ),
        "ranges": (
            ("cidr", "provider", "class", "source"),
            [
                (net, hoster.organisation, hoster.kind, "lab")
                for net, hoster in ranges
                if hoster.kind
            ],
        ),
        "popular": (("domain", "lists"), [(name, "lab") for name in plan.popular]),
        "bank-website": (("value",), _protected(plan, "bank")),
        "university_domains": (("value",), _protected(plan, "university")),
        "protected-names": (("name", "kind"), plan.protected),
        "passive-dns": (
            ("address", "name", "first_seen", "last_seen"),
            [
                (host.address, host.name, long_ago, yesterday)
                for host in plan.hosts
                if host.resolves and not host.name[0].isdigit()
            ]
            + list(plan.past),
        ),
        "dedicated": (
            ("address", "dedicated_to", "evidence", "evidence_date"),
            [
                (address, who, "hoster's written reply", yesterday)
                for address, who in (*plan.dedicated, *rented)
            ],
        ),
    }
    lines = []
    for name, path, kind in _FILES:
        header, rows = tables[name]
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(rows)
        lines += [f"[facts.{name}]", f'path = "{path}"', f'kind = "{kind}"']
        lines += [f"date = {today.isoformat()}", "valid_days = 30", ""]
    (folder / "facts.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def _protected(plan: Plan, kind: str) -> list[tuple[str]]:
    return [(name,) for name, protection in plan.protected if protection == kind]
