"""A case whose network was struck, the mandate that follows it, and what is seen afterwards."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import SystemClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.person_keys import create_approver
from cautery.formats.seen import seen_lines
from cautery.lab.descent import DescentWorld
from cautery.model import (
    Approver,
    Asset,
    CriminalNetwork,
    DecoysPolicy,
    Event,
    ExhibitId,
    Finding,
    KeyedPseudonyms,
    Link,
    Mandate,
    Membership,
    Observation,
    RedactedUrl,
    Regime,
    Role,
    SupplyGraph,
    Verdict,
    Window,
)
from cautery.model.descent import TraitKind, TraitSeen
from cautery.model.records import ReferralPublished
from cautery.projections.mandate import case_id
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case
from cautery.workflows.watch.opening import begin_case

NOW = datetime.now(UTC).replace(microsecond=0)
TODAY = NOW.date()
STRUCK = TODAY - timedelta(days=20)
EDGE, PANEL, SHOP = "edge.old-tv.example", "panel.old-tv.example", "oldstream24.example"
BYSTANDER = "blog.example"
CERTIFICATE = "c" * 64
ANALYTICS = "ga:G-OLD7"
MERCHANT = "merchant:SHOP 8F3A"
NEW = "new-tv.example"
STRANGER = "other-tv.example"
LINKS = (
    (EDGE, "certificate", CERTIFICATE),
    (PANEL, "certificate", CERTIFICATE),
    (SHOP, "analytics", ANALYTICS),
    (SHOP, "payment", MERCHANT),
    (SHOP, "payment", "BTC:1BoatSLRHtKNngkdXEeobR76b53LETtpyT"),
    (SHOP, "contact", "~0123456789abcdef"),
    (SHOP, "favicon", "sha256:" + "f" * 64),
    (PANEL, "asn", "64500"),
    (PANEL, "nameserver", "ns1.old-dns.example"),
    (BYSTANDER, "analytics", "ga:G-BLOG"),
)


def key_of(folder: Path, name: str) -> str:
    """Make a person's key in a folder; return its public half."""
    path = folder / f"{name}.pem"
    raw = create_approver(path).public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


def link(subject: str, kind: str, value: str, day: date = STRUCK) -> Link:
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=12)
    return Link(
        subject=subject, kind=kind, value=value, first_seen=at, last_seen=at, source="watch"
    )


def trait(
    entity: str, kind: TraitKind, value: str, *, days: int = 3, source: str = "watch"
) -> TraitSeen:
    """Return a trait that was seen some days after the act."""
    return TraitSeen(
        entity=entity, kind=kind, value=value, day=STRUCK + timedelta(days=days), source=source
    )


def seen_file(path: Path, seen: Iterable[TraitSeen]) -> Path:
    path.write_bytes(b"".join(seen_lines(seen)))
    return path


GROWN = (
    trait(NEW, TraitKind.CERTIFICATE, CERTIFICATE),
    trait(NEW, TraitKind.ANALYTICS, ANALYTICS),
    trait(NEW, TraitKind.PAYMENT_END, MERCHANT, days=4),
    trait(STRANGER, TraitKind.HOSTER, "as64502"),
    trait(STRANGER, TraitKind.ANALYTICS, "ga:G-OTHER"),
)
"""What grew back, and a stranger."""
STRANGERS = tuple(
    trait(f"site-{number}.example", kind, value, days=-20 + number % 21)
    for number in range(400)
    for kind, value in (
        (TraitKind.CERTIFICATE, f"{number:064x}"),
        (TraitKind.ANALYTICS, f"ga:G-{number}"),
        (TraitKind.PAYMENT_END, f"merchant:M{number}"),
        (TraitKind.HOSTER, f"as{64501 + number % 7}"),
    )
)
"""What others show meanwhile: without them nobody knows what is common."""


@dataclass(frozen=True, slots=True)
class StruckCase:
    """A case in which a stream was proven and its block was published.

    Parameters
    ----------
    path : Path
        Its folder.
    folder : Path
        With the keys, and for what a test writes.
    id : str
        The case's id.
    """

    path: Path
    folder: Path
    id: str

    @property
    def into(self) -> Path:
        return self.path.with_name(f"{self.path.name}-follow")

    def mandate(
        self, name: str = "follow.toml", *, regime: Regime = Regime.GDPR, **changes: Any
    ) -> Path:
        """Write a mandate that follows the case; ``changes`` are keys of its [follow]."""
        table = {
            "cases": [self.id],
            "purposes": ["find what grows back"],
            "look_at": ["watch", "certificate-log", "passive-dns", "playlist"],
            "review": TODAY + timedelta(days=90),
            "end": TODAY + timedelta(days=180),
        } | changes
        rows = "\n".join(
            f"{key} = {value if isinstance(value, date) else json.dumps(value)}"
            for key, value in table.items()
            if value is not None
        )
        path = self.folder / name
        path.write_text(
            f"""[mandate]
id = "follow-1"
who = "League"
regime = "{regime}"
legal_basis = "rights 2026/27"
start = {NOW - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}
end = {NOW + timedelta(days=200):%Y-%m-%dT%H:%M:%SZ}
territories = ["FR"]

[[approver]]
name = "Anna"
role = "analyst"
public_key = "{self.public("anna")}"

[[approver]]
name = "Bert"
role = "legal"
public_key = "{self.public("bert")}"

[follow]
{rows}
"""
        )
        return path

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def public(self, name: str) -> str:
        stored = self.folder / f"{name}.public"
        if not stored.exists():
            stored.write_text(key_of(self.folder, name))
        return stored.read_text()


def append_to(path: Path, folder: Path, *records: object) -> None:
    """Append records to a case, as whoever has its file and its keys can."""
    case = open_case(path, store=FolderStore(KeyFolder(folder / "keys")), clock=SystemClock())
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    for record in records:
        journal.write(record)
    case.leave()


def struck_case(
    folder: Path,
    *,
    links: Sequence[tuple[str, str, str]] = LINKS,
    hosts: Sequence[str] = (EDGE, PANEL, SHOP),
    struck: date = STRUCK,
    decoys: DecoysPolicy | None = None,
    regime: Regime = Regime.GDPR,
) -> StruckCase:
    """Make a case of a watch: a proven stream, its network, and the act.

    Parameters
    ----------
    hosts : sequence of str
        The network; the first one has the proven stream.
    struck : date
        The day of the act.
    decoys, regime
        Of its mandate.
    """
    mandate = Mandate(
        id="m",
        who="League",
        regime=regime,
        legal_basis="rights",
        window=Window(start=NOW - timedelta(days=30), end=NOW + timedelta(hours=2)),
        territories=("FR",),
        events=(
            Event(
                id="match",
                name="Home v Away",
                kick_off=NOW - timedelta(days=20),
                legal_basis="rights",
            ),
        ),
        approvers=(Approver(name="Anna", role="analyst", public_key=key_of(folder, "old-anna")),),
        decoys=decoys,
    )
    case = open_case(
        folder / "case", store=FolderStore(KeyFolder(folder / "keys")), clock=SystemClock()
    )
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
    at = datetime.combine(struck, datetime.min.time(), UTC) + timedelta(hours=20)
    exhibit: ExhibitId = journal.seal(b"segment", what="segment", media_type="video/mp2t", at=at)
    members = tuple(Membership(host=host, probability=0.9) for host in hosts)
    verdict = Verdict(
        url=RedactedUrl(f"http://{hosts[0]}/live/7.ts"),
        finding=Finding.PROVEN,
        at=at,
        event="match",
        log10_lr=5.25,
        observations=(Observation(at=at, exhibits=(exhibit,)),),
    )
    graph = SupplyGraph(
        assets=tuple(
            Asset(kind="host", value=host, role=Role.EDGE) for host in (*hosts, BYSTANDER)
        ),
        edges=(),
        networks=(CriminalNetwork(id="network-1", members=members),),
    )
    published = ReferralPublished(at=at, referral="R-0123456789ab", intermediary="isp")
    journal.write_all([verdict, *(link(*row, struck) for row in links), graph, published])
    of = case_id(str(case.verifier))
    case.leave()
    return StruckCase(case.path, folder, of)


def case_of_world(folder: Path, world: DescentWorld) -> StruckCase:
    """Make a case that knew what the first struck network of a lab's world shows."""
    (traits,) = [one for one in world.sets if one.of == "network-1"]
    hosts = traits.members
    rows = [
        (hosts[number % len(hosts)], trait.kind.value, trait.value)
        for trait in traits.traits
        for number in range(min(trait.times, len(hosts)))
    ]
    return struck_case(folder, links=rows, hosts=hosts, struck=traits.acted_on)
