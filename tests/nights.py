"""Records of a made-up night: streams that appear, are judged, move and go dark, and their acts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tests.lists import entry, referral

from cautery.model import (
    Acknowledgement,
    Approval,
    DarkProbe,
    Digest,
    Effect,
    Exhibit,
    ExhibitId,
    Finding,
    RedactedUrl,
    Verdict,
)
from cautery.model.message import as_written
from cautery.model.records import (
    AlignmentShown,
    ApprovalGiven,
    AssetFacts,
    EntryExpired,
    ExhibitSealed,
    ProbeDone,
    ReferralPublished,
    StreamAppeared,
    StreamResolved,
    StreamVanished,
)
from cautery.model.times import ClockOffset

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
URLS = tuple(f"http://edge-{number}.p.example/live/{number}.ts" for number in range(5))
REFERRAL = referral(entry("edge-1.p.example"))
SIGNED = Approval(subject=Digest("sha256:o"), approver="A", role="legal", at=NOON, signature="")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def appeared(url: str, title: str, minutes: float = 0, *, host: str | None = None) -> object:
    return StreamAppeared(
        url=url,
        title=title,
        source="http://p.example/all.m3u",
        host=host or url.split("/")[2],
        at=at(minutes),
        offer=None,
    )


def probed(url: str, minutes: float) -> object:
    return ProbeDone(
        url=url,
        at=at(minutes),
        observation=None,
        failed=as_written("the server answers with 403"),
        hosts=(url.split("/")[2], "cdn.example"),
    )


def judged(url: str, finding: Finding, minutes: float) -> object:
    return Verdict(
        url=RedactedUrl(url), finding=finding, at=at(minutes), channels=("fr",), event="match"
    )


def sealed(number: int, url: str | None = None) -> object:
    exhibit = Exhibit(
        id=ExhibitId(f"sha256:{number:064x}"),
        size=number,
        media_type="text/plain",
        sealed_at=NOON,
        clock=ClockOffset(seconds=None, uncertainty_s=None, method="none"),
    )
    return ExhibitSealed(exhibit=exhibit, what="page", url=url)


def looked_up(host: str, *addresses: str) -> object:
    return AssetFacts(
        host=host,
        addresses=addresses,
        asn=None,
        organisation=None,
        country=None,
        shared=(),
        certificate=None,
        registration=None,
        at=NOON,
    )


def night() -> Sequence[object]:
    """Return one record of each kind that a list heeds, in an order that tries them."""
    a, b, c, d, _ = URLS
    return [
        appeared(a, "Arena Sport 1"),
        sealed(1, a),
        probed(a, 1),
        judged(a, Finding.UNREACHABLE, 1),
        appeared(b, "Arena Sport 2 FHD", 2),
        looked_up("edge-1.p.example", "192.0.2.1", "192.0.2.2"),
        judged(b, Finding.PROVEN, 3),
        AlignmentShown(
            url=b, reference="fr", kind="sound", delay_s=4.0, lags_s=(4.0,), strength=(9.0,)
        ),
        StreamVanished(url=a, source="http://p.example/all.m3u", at=at(4)),
        appeared(a, "Arena Sport 1 backup", 5, host="edge-9.p.example"),
        judged(a, Finding.PROVEN, 6),
        REFERRAL,
        ApprovalGiven.of(REFERRAL.id, SIGNED),
        ReferralPublished(
            referral=REFERRAL.id, intermediary="isp", targets=("edge-1.p.example",), at=at(7)
        ),
        Acknowledgement(
            referral=REFERRAL.id, intermediary="isp", effect=Effect.APPLIED, received_at=at(8)
        ),
        DarkProbe(
            url=b,
            target="edge-1.p.example",
            intermediary="isp",
            at=at(9),
            dark=True,
            why=as_written("asked"),
        ),
        judged(b, Finding.UNREACHABLE, 10),
        probed(c, 11),
        StreamResolved(url=d, offer=None, at=at(12)),
        looked_up("edge-1.p.example"),
        judged(b, Finding.PROVEN, 13),
        sealed(2),
        EntryExpired(
            referral=REFERRAL.id, target="edge-1.p.example", intermediary="isp", at=at(60)
        ),
    ]
