"""A made-up case, as the ledger of a match night would hold it: no real name in it."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import sign
from cautery.errors import BrokenSealError
from cautery.evidence.leaf import leaf_of, record_of
from cautery.evidence.note import NoteVerifier
from cautery.model import (
    Acknowledgement,
    ActionPlan,
    Approval,
    Approver,
    Asset,
    BlockEntry,
    Channel,
    ClockOffset,
    Collateral,
    ContentAtOnce,
    CourtOrder,
    CriminalNetwork,
    DarkProbe,
    Decision,
    Edge,
    Effect,
    Entry,
    ErrorRate,
    Estimate,
    Event,
    Exhibit,
    ExhibitId,
    Finding,
    GuardVerdict,
    Intermediary,
    Intervention,
    Lever,
    Link,
    Mandate,
    Membership,
    Observation,
    Override,
    Partner,
    Reason,
    RedactedUrl,
    Referral,
    Regime,
    Role,
    Source,
    SupplyGraph,
    Verdict,
    Window,
    Witness,
    digest,
    digest_of,
    referral_id,
    to_json,
)
from cautery.workflows.case.opening import opening_in

START = datetime(2026, 11, 24, 20, 30, tzinfo=UTC)
END = START + timedelta(minutes=14)
HOSTILE = '<script>alert(1)</script>"\u202egnp.exe\x00 &amp; Sport'
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)
    for n, name in enumerate(("A. Legal", "B. Desk", "case"), 1)
}
CASE = NoteVerifier("cautery/case-made", KEYS["case"].public_key().public_bytes_raw())


def public_key(name: str) -> str:
    return base64.b64encode(KEYS[name].public_key().public_bytes_raw()).decode()


NETWORKS = ("network-1", "network-2", "network-3")


class MemoryLedger:
    """Entries in a list."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def append(self, kind: str, body: Any, *, at: datetime) -> Entry:
        leaf = leaf_of(kind, to_json(body), at)
        self.entries.append(Entry(index=len(self.entries), record=record_of(leaf), leaf=leaf))
        return self.entries[-1]

    def read(self, *, since: int = 0, kinds: Sequence[str] = ()) -> Iterator[Entry]:
        for entry in self.entries[since:]:
            if not kinds or entry.record.kind in kinds:
                yield entry

    def size(self) -> int:
        return len(self.entries)


class MemoryVault:
    """Bytes in a dictionary; a missing exhibit is a broken seal."""

    def __init__(self) -> None:
        self.kept: dict[ExhibitId, bytes] = {}

    def seal(
        self,
        data: bytes,
        *,
        media_type: str,
        at: datetime,
        clock: ClockOffset,
        subject: str | None = None,
    ) -> Exhibit:
        name = ExhibitId(digest_of(data))
        self.kept[name] = data
        return Exhibit(
            id=name,
            size=len(data),
            media_type=media_type,
            sealed_at=at,
            clock=clock,
            confidential=subject is not None,
            subject=subject,
        )

    def read(self, exhibit: ExhibitId) -> bytes:
        if exhibit not in self.kept:
            raise BrokenSealError(exhibit, sealed=exhibit, found="nothing")
        return self.kept[exhibit]

    def open(self, exhibit: ExhibitId, *, subject: str) -> bytes:
        return self.read(exhibit)


def png(pixels: Any) -> bytes:
    """Write an RGB picture, shape (rows, columns, 3), uint8, as PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows, columns, _ = pixels.shape
    raw = b"".join(b"\x00" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(raw, 6))
        + chunk(b"IEND", b"")
    )


def pitch(seed: int, *, suspect: bool) -> bytes:
    """Draw a moment of a match; the suspect's is darker, cropped and carries a logo."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:180, 0:320]
    picture = np.empty((180, 320, 3))
    stripes = ((columns + rows // 3) // 26) % 2
    picture[...] = np.stack([38 + 14 * stripes, 112 + 20 * stripes, 52 + 8 * stripes], -1)
    picture[:44] = np.stack([np.full((44, 320), level) for level in (46, 48, 66)], -1)
    picture[:44] += rng.normal(0, 26, (44, 320, 1))
    picture[44:52] = (214, 214, 220)
    for line in (np.abs(rows - 60) < 1, np.abs(columns - 150 - rows // 4) < 1):
        picture[line & (rows > 52)] = (226, 236, 226)
    ring = np.abs(np.hypot((columns - 176) / 1.7, rows - 116) - 27) < 0.8
    picture[ring & (rows > 52)] = (226, 236, 226)
    for player in range(18):
        x, y = rng.integers(20, 300), rng.integers(64, 168)
        tall = 5 + (y - 60) / 14
        body = (np.abs(columns - x) < tall / 3.2) & (np.abs(rows - y) < tall)
        picture[body] = (206, 38, 44) if player % 2 else (236, 232, 240)
        picture[(np.hypot(columns - x, rows - y + tall) < tall / 3)] = (84, 58, 44)
    picture[12:26, 16:92] = (20, 24, 60)
    picture[14:24, 20:36] = (250, 214, 70)
    picture[16:22, 42:86:4] = 255
    if suspect:
        picture = picture[6:174, 10:310][np.linspace(0, 167, 180).astype(int)][
            :, np.linspace(0, 299, 320).astype(int)
        ]
        picture = picture * 0.88 + rng.normal(0, 5, picture.shape)
        logo = (np.abs(columns - 284) < 22) & (np.abs(rows - 24) < 9)
        picture[logo] = picture[logo] * 0.35 + np.array([150, 20, 150])
    return png(np.clip(picture, 0, 255).astype(np.uint8))


def mandate(*, lab: bool = True) -> Mandate:
    basis = "exclusive rights 2026/27, annex 3"
    return Mandate(
        id="league-md34",
        who="Example League",
        regime=Regime.GDPR,
        legal_basis=basis,
        window=Window(start=START, end=END),
        territories=("FR", "IT", "GB"),
        lab=lab,
        events=(
            Event(
                id="home-away",
                name="Home v Away",
                kick_off=START + timedelta(minutes=2),
                clean_feed="http://feeds.example/clean/index.m3u8",
                legal_basis=basis,
            ),
        ),
        channels=tuple(
            Channel(
                id=f"licensee-{one.lower()}",
                names=(f"Licensee Sport {one}",),
                territory=one,
                event="home-away",
                reference=f"http://feeds.example/{one.lower()}/index.m3u8",
                legal_basis=basis,
            )
            for one in ("FR", "IT", "GB")
        ),
        partners=(
            Partner(name="Lawful Partner", hosts=("partner.example",), channels=("licensee-fr",)),
        ),
        orders=(
            CourtOrder(
                id="TJ-2026-118",
                authority="Tribunal judiciaire de Paris",
                territory="FR",
                window=Window(start=START - timedelta(days=90), end=END + timedelta(days=90)),
                targets_rule="services not yet identified, during the calendar's matches",
            ),
        ),
        approvers=(
            Approver(name="A. Legal", role="legal", public_key=public_key("A. Legal")),
            Approver(name="B. Desk", role="operations", public_key=public_key("B. Desk")),
        ),
        sources=(
            Source(location="http://list.example/playlist.m3u", kind="m3u"),
            Source(location="http://panel-1.example/", kind="page"),
        ),
        intermediaries=(
            Intermediary(
                name="ISP North",
                territory="FR",
                list_url="http://north.example/list",
                proxy="http://north.example:3128",
            ),
            Intermediary(name="ISP South", territory="FR", list_url="http://south.example/list"),
        ),
    )


@dataclass
class Case:
    """A ledger and a vault being filled."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    vault: MemoryVault = field(default_factory=MemoryVault)
    now: datetime = START

    def note(self, kind: str, body: Any, *, after_s: float = 0.4) -> None:
        self.now += timedelta(seconds=after_s)
        self.ledger.append(kind, body, at=self.now)

    def seal(
        self, data: bytes, what: str, *, url: str | None = None, known: bool = True
    ) -> ExhibitId:
        clock = ClockOffset(
            seconds=0.004 if known else None,
            uncertainty_s=0.02 if known else None,
            method="ntp" if known else "no time server answered",
        )
        exhibit = self.vault.seal(
            data, media_type="application/octet-stream", at=self.now, clock=clock
        )
        self.note("exhibit.sealed", {"exhibit": exhibit, "what": what, "url": url})
        return exhibit.id


def opened(*, lab: bool = True) -> Case:
    case = Case()
    case.note(
        "case.opened",
        {
            "mandate": mandate(lab=lab),
            "version": "0.1.0",
            "lab": lab,
            "key": str(CASE),
        },
    )
    case.note("watch.started", {"why": "window open", "at": case.now}, after_s=40)
    return case


def signed(case: Case, subject: Referral | Override, name: str) -> Approval:
    """Sign as one of the approvers."""
    opening = opening_in(case.ledger.entries[0])
    approver = next(one for one in opening.mandate.approvers if one.name == name)
    return sign(
        digest(subject),
        approver=approver,
        key=KEYS[name],
        at=case.now,
        signed_for=opening.signed_for,
    )


def guard(
    target: str, decision: Decision, text: str, *, lever: Lever = Lever.NAME, **rest: Any
) -> GuardVerdict:
    fact = rest.pop("fact", "facts folder, popular names")
    return GuardVerdict(
        target=target,
        lever=lever,
        decision=decision,
        reasons=(Reason(code=decision.value, text=text, fact=fact, fact_date=date(2026, 11, 20)),),
        valid_until=END,
        **rest,
    )


INSET = ContentAtOnce(
    kind="picture", reference="late-film", event=None, delay_s=-3.2, log10_lr=1.6, probes=2,
    part=(0.55, 0.5, 0.4, 0.4),
)  # fmt: skip
"""What a few of the proven streams show in a corner."""


def stream(
    case: Case,
    number: int,
    finding: Finding,
    *,
    title: str | None = None,
    host: str = "",
    stills: bool = True,
) -> str:
    """Record the whole course of one stream and return its key."""
    rng = np.random.default_rng(number)
    host = host or f"edge-{number % 9 + 1}.example"
    url = f"http://{host}:18080/live/~{rng.integers(16**8):08x}/~{rng.integers(16**8):08x}/{1000 + number}.m3u8"
    case.note(
        "stream.appeared",
        {
            "url": url,
            "title": title or f"SPORT {number} FHD | Home v Away",
            "source": "http://list.example/playlist.m3u",
            "host": host,
            "at": case.now,
            "offer": None,
        },
    )
    if finding is Finding.UNREACHABLE:
        failed = (
            "HTTP 404: the playlist is gone" if number % 2 else "redirect loop after 5 redirects"
        )
        case.note("probe.done", {"url": url, "at": case.now, "observation": None, "failed": failed})
        case.note(
            "verdict",
            Verdict(url=RedactedUrl(url), finding=finding, at=case.now, reasons=(failed,)),
        )
        return url
    lag = float(np.round(rng.uniform(5, 180), 2))
    claimed = finding in (Finding.PROVEN, Finding.LICENSED)
    lr = (
        float(rng.uniform(5.2, 11.5))
        if claimed
        else (1.6 if finding is Finding.UNDECIDED else -1.2)
    )
    place = ("fr", "it", "gb")[number % 3]
    seen = []
    for probe in range(2):
        capture = case.seal(
            f"segment {number} {probe}".encode() * 4000, "media segment", url=url, known=number != 7
        )
        sound = Witness(
            kind="sound",
            reference=f"licensee-{place}",
            score=218 if claimed else 11,
            runner_up=9,
            delay_s=lag,
            speed=1.02 if number % 11 == 0 else 1.0,
            coverage=0.94,
            probe_s=12.0,
            log10_lr=lr * 0.6,
        )
        picture = Witness(
            kind="picture",
            reference="event:home-away",
            score=0.93,
            runner_up=0.31,
            delay_s=lag + 0.04,
            speed=1.0,
            coverage=0.88,
            probe_s=12.0,
            log10_lr=lr * 0.4,
        )
        seen.append(
            Observation(
                at=case.now,
                witnesses=(sound, picture) if claimed else (sound,),
                exhibits=(capture,),
            )
        )
        case.note(
            "probe.done", {"url": url, "at": case.now, "observation": seen[-1], "failed": None}
        )
    named = finding is not Finding.NOTHING
    licensee = f"licensee-{place}" if claimed and number % 10 else None
    case.note(
        "verdict",
        Verdict(
            url=RedactedUrl(url),
            finding=finding,
            at=case.now,
            channels=(f"licensee-{place}",) if named else (),
            event="home-away" if named else None,
            licensee=licensee,
            territory=place.upper() if licensee else None,
            delay_s=lag if named else None,
            speed=seen[0].witnesses[0].speed,
            log10_lr=lr,
            partner="Lawful Partner" if finding is Finding.LICENSED else None,
            at_once=(INSET,) if finding is Finding.PROVEN and number % 5 == 1 else (),
            observations=tuple(seen),
            recipe="landmarks-1 + folded-video-1",
            reasons=(
                "two probes, 6.1 s apart, agree on content and on delay within 0.05 s",
                f"218 landmark votes for {place.upper()} commentary, runner-up 9",
                "picture follows the clean feed (correlation 0.93)",
            )
            if claimed
            else ("one witness, and no second probe agreed",),
        ),
    )
    if finding is Finding.PROVEN:
        lags = np.arange(-30, 300, 0.5)
        strength = rng.gamma(2.0, 2.2, lags.size) + 214 * np.exp(-(((lags - lag) / 0.8) ** 2))
        pair = (
            [case.seal(pitch(number % 5, suspect=one), "still") for one in (False, True)]
            if stills
            else [None, None]
        )
        case.note(
            "alignment",
            {
                "url": url,
                "reference": "event:home-away",
                "kind": "sound",
                "delay_s": lag,
                "suspect_still": pair[1],
                "reference_still": pair[0],
                "suspect_at_s": 3.2,
                "reference_at_s": case.now.timestamp() - lag,
                "lags_s": lags.tolist(),
                "strength": strength.tolist(),
            },
        )
    return url


def supply(hosts: int = 9) -> SupplyGraph:
    """Map three networks over six countries, with a shared address in front of a hospital."""
    countries = ("NL", "RO", "BG", "MD", "UA", "LU", "SC", "CY")
    assets = [
        Asset(
            kind="address",
            value="127.9.0.1",
            role=Role.SHARED,
            country="NL",
            shared="CDN range, 43 other names",
        )
    ]
    edges, networks = [], []
    plan = [
        (Role.ENCODER, 1),
        (Role.ORIGIN, 2),
        (Role.EDGE, hosts),
        (Role.PANEL, 3),
        (Role.SUPER_RESELLER, 1),
        (Role.RESELLER, 6),
        (Role.STOREFRONT, 6),
        (Role.PAYMENT, 2),
        (Role.PLAYLIST, 3),
        (Role.UNKNOWN, 3),
    ]
    for place, name in enumerate(NETWORKS):
        groups: dict[Role, list[Asset]] = {}
        for role, count in plan:
            groups[role] = [
                Asset(
                    kind="payment" if role is Role.PAYMENT else "host",
                    value=f"{role.value}-{place * 20 + one + 1}.example",
                    role=role,
                    country=None
                    if role is Role.PAYMENT and one
                    else countries[(place * 2 + one + len(role.value)) % (5 + place)],
                )
                for one in range(count)
            ]
            assets += groups[role]
        steps = [
            (Role.ENCODER, "feeds", Role.ORIGIN),
            (Role.ORIGIN, "serves", Role.EDGE),
            (Role.EDGE, "listed-by", Role.PANEL),
            (Role.PANEL, "sold-by", Role.RESELLER),
            (Role.RESELLER, "runs", Role.STOREFRONT),
            (Role.STOREFRONT, "paid-at", Role.PAYMENT),
            (Role.EDGE, "listed-by", Role.PLAYLIST),
        ]
        for source, relation, target in steps:
            for at, one in enumerate(groups[source]):
                there = groups[target][at % len(groups[target]) :: len(groups[source])]
                edges += [Edge(source=one.id, relation=relation, target=two.id) for two in there]
        edges.append(
            Edge(source=groups[Role.EDGE][0].id, relation="resolves-to", target="address:127.9.0.1")
        )
        members = [
            one
            for role in (Role.ORIGIN, Role.EDGE, Role.PANEL, Role.RESELLER, Role.STOREFRONT)
            for one in groups[role]
        ]
        networks.append(
            CriminalNetwork(
                id=name,
                services=(f"Brand {place + 1}",),
                members=tuple(
                    Membership(
                        host=one.value,
                        probability=0.97 - 0.004 * at,
                        why=(
                            "same panel fingerprint",
                            "same analytics id on 4 pages",
                            "same registrant pseudonym",
                        )[: 1 + at % 3],
                    )
                    for at, one in enumerate(members)
                ),
            )
        )
    return SupplyGraph(assets=tuple(assets), edges=tuple(edges), networks=tuple(networks))


def whole_case(*, streams: int = 50, lab: bool = True, stills: bool = True) -> Case:
    """Record a realistic case of ``streams`` streams, most of them proven."""
    case = opened(lab=lab)
    case.seal(b"#EXTM3U\n" * 300, "playlist")
    case.note(
        "source.read",
        {
            "source": "http://list.example/playlist.m3u",
            "kind": "m3u",
            "at": case.now,
            "status": 200,
            "entries": streams,
            "table": None,
            "exhibit": None,
            "warnings": [],
            "failed": None,
        },
    )
    case.note(
        "source.read",
        {
            "source": "http://panel-1.example/",
            "kind": "page",
            "at": case.now,
            "status": None,
            "entries": 0,
            "table": None,
            "exhibit": None,
            "warnings": [],
            "failed": "connection refused",
        },
    )
    rest = (
        [Finding.UNDECIDED] * 2
        + [Finding.LICENSED] * 2
        + [Finding.NOTHING] * 7
        + [Finding.UNREACHABLE] * 5
    )
    proven = []
    for number in range(streams):
        finding = (
            rest[number - (streams - len(rest))]
            if number >= streams - len(rest)
            else Finding.PROVEN
        )
        host = "tv.partner.example" if finding is Finding.LICENSED else ""
        url = stream(
            case, number, finding, host=host, title=HOSTILE if number == 1 else None, stills=stills
        )
        if finding is Finding.PROVEN:
            proven.append(url)
    case.note(
        "watch.resumed",
        {"why": "window open", "at": case.now + timedelta(seconds=95)},
        after_s=95,
    )
    case.note(
        "link.seen",
        Link(
            subject="edge-1.example",
            kind="certificate",
            value="sha256:aa",
            first_seen=case.now,
            last_seen=case.now,
            source="tls",
        ),
    )
    case.note("graph.mapped", supply())
    hospital = Collateral(
        names=(
            "st-anna-hospital.example",
            "first-bank.example",
            *(f"shop-{one}.example" for one in range(40)),
        ),
        popular=("first-bank.example",),
        kinds=("hospital", "bank"),
        low=42,
        high=43,
    )
    refuse = guard(
        "127.9.0.1",
        Decision.REFUSE,
        "A hospital, a bank and 40 shops are served from this address.",
        lever=Lever.ADDRESS,
        collateral=hospital,
        fact="passive DNS of the address",
    )
    narrow = guard(
        "cdn-shared.example",
        Decision.NARROW,
        "The name is a CDN's; only the label that carries the stream is the service's own.",
        narrow_to=("edge-1.cdn-shared.example",),
        collateral=Collateral(low=3, high=None),
        fact="published CDN names",
    )
    recycled = guard(
        "127.9.4.7",
        Decision.REFUSE,
        "The address changed hands eleven days ago; what it serves now is a school's page.",
        lever=Lever.ADDRESS,
        collateral=Collateral(names=("school.example",), kinds=("school",), low=1, high=1),
        fact="passive DNS, last seen 13 Nov 2026",
    )
    allowed = [
        guard(
            f"edge-{one}.example",
            Decision.ALLOW,
            "The name serves nothing but mandated streams; nobody else is known on it.",
        )
        for one in range(1, 10)
    ]
    for one in (refuse, narrow, recycled, *allowed):
        case.note("guard.decided", one)
    chosen = tuple(
        Intervention(
            target=one.target,
            lever=one.lever,
            streams=tuple(url for url in proven if one.target in url),
            cost=1.0,
            guard=one,
        )
        for one in allowed
    )
    case.note(
        "plan.made",
        ActionPlan(
            chosen=chosen,
            refused=(
                Intervention(
                    target=refuse.target,
                    lever=refuse.lever,
                    streams=tuple(proven[:6]),
                    cost=43.0,
                    guard=refuse,
                ),
            ),
            served_before=len(proven),
            served_after=0,
            cost=9.0,
            bound=9.0,
            seed=7,
            method="minimum-cost cover, mixed-integer, HiGHS",
        ),
    )
    drafted = Referral(
        id="",
        order="TJ-2026-118",
        event="home-away",
        territory="FR",
        window=Window(start=case.now, end=END),
        statement="Nine names that serve the match without licence, each with its exhibits and an end at the close of the window.\n"
        f"- name one.example; exhibits sha256:{'ab' * 32}, sha256:{'cd' * 32}.",
        entries=tuple(
            BlockEntry(target=one.target, lever=one.lever, valid_until=END, guard=one, exhibits=())
            for one in allowed
        ),
    )
    referral = replace(drafted, id=referral_id(drafted))
    case.note("referral.drafted", referral)
    for name, after_s in (("A. Legal", 50), ("B. Desk", 20)):
        case.note(
            "approval.given",
            {"referral": referral.id, **to_json(signed(case, referral, name))},
            after_s=after_s,
        )
    for isp in ("ISP North", "ISP South"):
        case.note(
            "referral.published",
            {
                "referral": referral.id,
                "intermediary": isp,
                "exhibit": case.seal(isp.encode() * 30, "published list"),
                "at": case.now,
            },
        )
        case.note(
            "acknowledgement",
            Acknowledgement(
                referral=referral.id,
                intermediary=isp,
                effect=Effect.APPLIED,
                received_at=case.now,
                applied_at=case.now,
            ),
        )
    for at, url in enumerate(proven):
        if at % 8 != 5:
            case.note(
                "dark.probed",
                DarkProbe(
                    url=url,
                    target=RedactedUrl(url).host,
                    intermediary="ISP North",
                    at=case.now,
                    dark=True,
                    why="the name no longer resolves there",
                ),
                after_s=7,
            )
    case.note(
        "budget.spent",
        {
            "event": "md34",
            "budget": 5,
            "spending": {"low": 0, "high": 3, "over": False, "unbounded": []},
            "left_out": ["crowded.example"],
            "at": case.now,
        },
    )
    case.note(
        "guard.revalidated",
        {"why": "before publication", "asked": ["a", "b"], "withdrawn": ["b"], "at": END},
    )
    case.note(
        "canary.probed",
        {
            "canary": "bakery.example",
            "intermediary": "ISP North",
            "targets": ["a"],
            "direct": True,
            "through": False,
            "at": case.now,
        },
    )
    case.note(
        "entry.withdrawn",
        {
            "referral": referral.id,
            "target": "sold.example",
            "reasons": [{"code": "recycled-name", "text": "it has a new owner"}],
            "published": ["ISP North"],
            "at": case.now,
        },
    )
    case.note(
        "rollback.proposed",
        {
            "target": "wide.example",
            "intermediary": "ISP South",
            "why": "2 of 3 unrelated names are dark",
            "dark": ["bakery.example"],
            "tried": 3,
            "at": case.now,
        },
    )
    override = Override(
        target="alone.example",
        by=("A. Legal", "B. Desk"),
        reason="seen alone in its rack",
        at=END - timedelta(hours=2),
        until=END,
        bystanders=1,
    )
    approvals = [signed(case, override, name) for name in override.by]
    case.note("override.given", {"override": override, "approvals": approvals})
    for one in allowed:
        case.note(
            "entry.expired",
            {"referral": referral.id, "target": one.target, "intermediary": "ISP North", "at": END},
        )
    case.note(
        "estimate",
        Estimate(
            quantity="concurrent viewers",
            unit="viewers",
            low=8200,
            mid=12400,
            high=19100,
            method="mark-recapture over two panels (Chapman)",
            coverage=0.95,
        ),
    )
    case.note(
        "estimate",
        Estimate(
            quantity="monthly revenue of Brand 1",
            unit="EUR",
            low=41000,
            mid=63000,
            high=118000,
            method="offered prices times estimated lines",
            coverage=None,
            note="Prices as offered on 4 storefronts.",
        ),
    )
    case.note(
        "error.rate",
        ErrorRate(
            what="another programme called a match",
            errors=0,
            trials=4200,
            source="bench, other channels",
        ),
    )
    case.note(
        "error.rate",
        ErrorRate(
            what="a true re-broadcast missed",
            errors=3,
            trials=412,
            source="bench, re-encoded copies",
        ),
    )
    for _ in range(3):
        case.note(
            "failure",
            {
                "what": "decoding",
                "where": proven[0],
                "error": "DecodeError",
                "message": "the decoder's child process died",
                "at": case.now,
            },
        )
    case.note(
        "watch.stopped",
        {"why": "window closed", "at": END},
        after_s=(END - case.now).total_seconds(),
    )
    return case
