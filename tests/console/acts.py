"""A case that is being worked on: a referral, a list, notices and complaints, and two key files."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.adapters.person_keys import create_approver
from cautery.model import (
    Acknowledgement,
    Addressee,
    AddresseeKind,
    Approver,
    BlockEntry,
    Collateral,
    CourtOrder,
    Decision,
    Digest,
    Effect,
    Event,
    ExhibitId,
    Finding,
    GuardVerdict,
    Intermediary,
    KeyedPseudonyms,
    Lever,
    Mandate,
    Observation,
    Override,
    Reason,
    RedactedUrl,
    Referral,
    Regime,
    Verdict,
    Window,
    referral_id,
)
from cautery.model.message import as_written
from cautery.model.records import (
    AssetFacts,
    ComplaintFiled,
    ComplaintMeans,
    EntryExpired,
    ListSent,
    ReferralPublished,
    StreamAppeared,
)
from cautery.workflows.case.close import close_case
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.notice_drafting import draft_into
from cautery.workflows.case.notices import notices_of
from cautery.workflows.case.open import Case, open_case
from cautery.workflows.watch.opening import begin_case

PEOPLE = ("A. Legal", "B. Desk")
ISP = "ISP North"
HOST, ALONE = "edge-7.pirate.example", "alone.pirate.example"
LIST = "L-" + "5" * 12


def key_of(folder: Path, name: str) -> Path:
    return folder / f"{name[0].lower()}.pem"


def guard(target: str, at: datetime, *, override: Override | None = None) -> GuardVerdict:
    text = "The name serves nothing but mandated streams; nobody else is known on it."
    code, collateral = "own-name", Collateral(high=0)
    if override is not None:
        text, code = "Facts about its address are 40 days old.", "stale-facts"
        collateral = Collateral(names=("bakery.example",), low=1, high=3)
    return GuardVerdict(
        target=target,
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        reasons=(
            Reason(code=code, text=as_written(text), fact="passive DNS", fact_date=at.date()),
        ),
        collateral=collateral,
        valid_until=at + timedelta(minutes=50),
        override=override,
    )


def referral(at: datetime, exhibit: ExhibitId, *targets: GuardVerdict) -> Referral:
    until = at + timedelta(minutes=45)
    drafted = Referral(
        id="",
        order="TJ-2026-118",
        event="home-away",
        territory="FR",
        window=Window(start=at, end=until),
        statement="Names that serve the match without licence, each with its exhibits and an end.",
        entries=tuple(
            BlockEntry(
                target=each.target,
                lever=each.lever,
                valid_until=until,
                guard=each,
                exhibits=(exhibit,),
            )
            for each in targets
        ),
    )
    return replace(drafted, id=referral_id(drafted))


class Work:
    """The case, and what a watch or a stranger appends to it."""

    def __init__(
        self, folder: Path, at: datetime, *, keys: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.at = folder, at
        self.cases = folder / "cases"
        self.path = self.cases / "md34"
        raw = {
            name: base64.b64encode(
                create_approver(key_of(folder, name)).public_key().public_bytes_raw()
            ).decode()
            for name in PEOPLE
        } | dict(keys or {})
        window = Window(start=at - timedelta(hours=1), end=at + timedelta(hours=2))
        order = CourtOrder(
            id="TJ-2026-118",
            authority="Tribunal judiciaire de Paris",
            territory="FR",
            window=Window(start=at - timedelta(days=9), end=at + timedelta(days=9)),
            targets_rule="services not yet identified",
        )
        mandate = Mandate(
            id="league-md34",
            who="Example League",
            regime=Regime.GDPR,
            legal_basis="exclusive rights 2026/27",
            window=window,
            territories=("FR",),
            lab=True,
            events=(Event(id="home-away", name="Home v Away", kick_off=at, legal_basis="rights"),),
            orders=(order,),
            approvers=tuple(
                Approver(name=name, role=role, public_key=raw[name])
                for name, role in zip(PEOPLE, ("legal", "operations"), strict=True)
            ),
            intermediaries=(
                Intermediary(name=ISP, territory="FR", list_url="http://north.example/list"),
            ),
        )
        case, journal = self._open()
        begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
        self.exhibit = journal.seal(
            b"segment", what="media segment", media_type="video/mp2t", at=at
        )
        case.leave()

    def _open(self) -> tuple[Case, Journal]:
        store = FolderStore(KeyFolder(self.folder / "keys"), patience_s=2.0)
        case = open_case(self.path, store=store, clock=FixedClock(self.at))
        pseudonyms = KeyedPseudonyms(b"k" * 32)
        return case, Journal(case.ledger, case.vault, case.clock, pseudonyms=pseudonyms)

    def write(self, *records: object) -> None:
        case, journal = self._open()
        for record in records:
            journal.write(record)
        case.leave()

    def closed(self) -> None:
        """Close the case for good."""
        case, _ = self._open()
        close_case(case, at=case.clock.now())

    def proven(self, number: int, host: str = HOST) -> str:
        """Record a proven stream at a host, and return its URL."""
        url, seen = f"http://{host}/live/{number}.ts", self.at - timedelta(minutes=4)
        self.write(
            StreamAppeared(
                url=url, title=f"Arena {number}", source="list", host=host, at=seen, offer=None
            ),
            AssetFacts(
                host=host,
                addresses=("192.0.2.7",),
                asn=64500,
                organisation="Example Hosting",
                country="NL",
                shared=(),
                certificate=None,
                registration=None,
                at=seen,
            ),
            Verdict(
                url=RedactedUrl(url),
                finding=Finding.PROVEN,
                at=seen,
                event="home-away",
                log10_lr=6.4,
                observations=(Observation(at=seen, exhibits=(self.exhibit,)),),
            ),
        )
        return url

    def plain_referral(self) -> Referral:
        """Record a draft of a referral of one name, that nobody overrode."""
        verdict = guard(HOST, self.at)
        drafted = referral(self.at, self.exhibit, verdict)
        self.write(verdict, drafted)
        return drafted

    def referral(self) -> Referral:
        """Record a draft of a referral: a name of its own, and one that two people overrode."""
        override = Override(
            target=ALONE,
            by=PEOPLE,
            reason="Seen alone in its rack on the day of the match.",
            at=self.at - timedelta(minutes=5),
            until=self.at + timedelta(minutes=50),
            bystanders=1,
        )
        verdicts = (guard(HOST, self.at), guard(ALONE, self.at, override=override))
        drafted = referral(self.at, self.exhibit, *verdicts)
        self.write(*verdicts, drafted)
        return drafted

    def notice(
        self, *, name: str = "C. Drafter", contact: str | None = "abuse@hoster.example"
    ) -> str:
        """Record a draft of a notice about what is proven at the host; return its id."""
        case, _ = self._open()
        drafted = draft_into(
            case.ledger,
            Addressee(
                kind=AddresseeKind.HOSTING, name="Example Hosting", asn=64500, contact=contact
            ),
            name=name,
            notifier_email="piracy@league.example",
            now=self.at,
        ).notice
        case.leave()
        return drafted.id

    def notice_from(self, before: str) -> str:
        """Record a draft that completes another one; return its id."""
        case, _ = self._open()
        earlier = notices_of(case.ledger).draft(before)
        drafted = draft_into(
            case.ledger,
            replace(earlier.addressee, contact="abuse@hoster.example"),
            name="C. Drafter",
            notifier_email=earlier.notifier_email,
            now=self.at,
            replaces=before,
        ).notice
        case.leave()
        return drafted.id

    def complaint(
        self,
        target: str = HOST,
        *,
        due_min: float = 20,
        number: str = "C-" + "7" * 12,
        referrals: tuple[str, ...] = (),
    ) -> str:
        """Record a complaint; return its number."""
        self.write(
            ComplaintFiled(
                complaint=number,
                means=ComplaintMeans.FORM,
                received_at=self.at - timedelta(minutes=40),
                receipt_at=self.at - timedelta(minutes=40),
                target=target,
                referrals=referrals,
                due_at=self.at + timedelta(minutes=due_min),
                key=number,
                exhibit=self.exhibit,
                at=self.at - timedelta(minutes=40),
            )
        )
        return number

    def published(self, subject: Referral, version: int = 1) -> None:
        """Record that a list with a referral was sent."""
        targets = tuple(entry.target for entry in subject.entries)
        self.write(
            ListSent(
                intermediary=ISP,
                list=LIST,
                version=version,
                digest=Digest("sha256:" + "a" * 64),
                referrals=(subject.id,),
                exhibit=self.exhibit,
                effect=Effect.PENDING,
                at=self.at,
            ),
            ReferralPublished(referral=subject.id, intermediary=ISP, targets=targets, at=self.at),
        )

    def acknowledged(self, subject: Referral) -> None:
        """Record that the provider says it applies a referral."""
        self.write(
            Acknowledgement(
                referral=subject.id,
                intermediary=ISP,
                effect=Effect.APPLIED,
                received_at=self.at,
                applied_at=self.at,
            )
        )

    def expired(self, subject: Referral) -> None:
        """Record that the time of each entry ended."""
        self.write(
            *(
                EntryExpired(
                    referral=subject.id,
                    target=entry.target,
                    intermediary=ISP,
                    at=subject.window.end,
                )
                for entry in subject.entries
            )
        )
