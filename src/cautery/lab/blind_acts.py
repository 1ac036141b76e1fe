"""Attacks on the gate: a case with decoys in which everything happens in a random order.

Streams are proven and mapped, referrals and notices drafted, approved by people and by forgers, the
keeper answers, is silent or lies, records are forged, the watch is stopped and goes on, decoys are
revealed. Whatever leaves is looked through for decoys.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import random
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import draft, list_subject, order_of, sign, terms_digest
from cautery.act.lumen import lumen_notice
from cautery.act.notice_mail import notice_mail
from cautery.errors import CauteryError, EvidenceError, UnrevealedError
from cautery.evidence.decoys import key_id_of
from cautery.lab.blind_case import (
    CheckingProvider,
    MemoryClock,
    MemoryJournal,
    MemoryLedger,
    MemorySigner,
)
from cautery.lab.keeper import LabKeeper, Mood, lab_keeper
from cautery.model import (
    ActionPlan,
    Addressee,
    AddresseeKind,
    Approver,
    Asset,
    Collateral,
    CourtOrder,
    CriminalNetwork,
    Decision,
    DecoysPolicy,
    Edge,
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
    Notice,
    Observation,
    OwnLocation,
    Reason,
    RedactedUrl,
    Referral,
    Regime,
    Role,
    SupplyGraph,
    Verdict,
    Window,
    digest,
    digest_of,
)
from cautery.model.act import ReferralInPart
from cautery.model.decoys import Decoy, DecoyKind, RevealedBy
from cautery.model.ledger import contents
from cautery.model.message import as_written
from cautery.model.notice import NoticeInPart
from cautery.model.ports import Ledger
from cautery.model.records import (
    ApprovalGiven,
    AssetFacts,
    CaseOpened,
    DecoyRevealed,
    DecoysAnswered,
    DecoysPlanned,
    ExhibitSealed,
    Failure,
    NoticeApproved,
    NoticeSent,
    ProbeDone,
    ReferralPublished,
    SendMeans,
    StreamAppeared,
    kinds_of,
)
from cautery.projections.figures import Figures
from cautery.projections.without_decoys import outward
from cautery.workflows.case.notice_drafting import draft_into
from cautery.workflows.case.notice_sending import approved_to_ask, ready_to_send
from cautery.workflows.case.notices import notices_of
from cautery.workflows.case.opening import signed_in
from cautery.workflows.case.public_figures import figures_file, shown_figures
from cautery.workflows.case.report import write_report
from cautery.workflows.decoys.gate import KeeperGate
from cautery.workflows.dossier.audiences import SHOWN
from cautery.workflows.dossier.extract import extract_of
from cautery.workflows.networks.case_links import links_of_case
from cautery.workflows.watch.acting.filing import Filing
from cautery.workflows.watch.acting.lists import Lists
from cautery.workflows.watch.after_reveal import computed_anew
from cautery.workflows.watch.opening import begin_case
from cautery.workflows.watch.resume import EarlierRuns, restored_streams

START = datetime(2026, 11, 24, 20, 45, tzinfo=UTC)
END = START + timedelta(hours=3)
WINDOW = Window(start=START - timedelta(hours=1), end=END)
NIGHT = Window(start=START, end=START + timedelta(hours=2))
_ACTS = frozenset(("the list of a provider", "a notice"))
"""Ways out that name what they act against."""
PEOPLE = ("A. Legal", "B. Duty")
"""Who approves."""
_KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([at]) * 32)
    for at, name in enumerate(PEOPLE, start=1)
}
_PLANNER = Ed25519PrivateKey.from_private_bytes(b"p" * 32)
_STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
_CASE = Ed25519PrivateKey.from_private_bytes(b"c" * 32)
_HOSTER = Addressee(
    kind=AddresseeKind.HOSTING, name="Example Hosting", asn=64500, contact="abuse@hoster.example"
)


def _approver(name: str) -> Approver:
    raw = _KEYS[name].public_key().public_bytes_raw()
    return Approver(name=name, role="legal", public_key=base64.b64encode(raw).decode())


MANDATE = Mandate(
    id="m",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=WINDOW,
    territories=("FR",),
    events=(Event(id="derby", name="Home v Away", kick_off=START, legal_basis="rights"),),
    orders=(
        CourtOrder(
            id="o", authority="Court", territory="FR", window=WINDOW, targets_rule="services"
        ),
    ),
    approvers=tuple(map(_approver, PEOPLE)),
    intermediaries=(
        Intermediary(name="isp", territory="FR", list_url=OwnLocation("http://isp.example/list")),
    ),
    lab=True,
    keep_open=True,
    decoys=DecoysPolicy(
        sealed=OwnLocation("/night/sealed.json"),
        keeper="http://127.0.0.1:1/",
        planner=base64.b64encode(_PLANNER.public_key().public_bytes_raw()).decode(),
        own=("own.example", "192.0.2.0/24"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A stream of the lab, a decoy or not; its host stands at one address."""

    url: str
    host: str
    address: str
    decoy: Decoy | None


class BlindActs:
    """One case under attack, made from a seed.

    Parameters
    ----------
    seed : int
        Of everything that is random in it.

    Attributes
    ----------
    left, shut : Counter of str
        By the way out, how often something left it, and how often it was shut.
    escaped : list of str
        Decoys that were found in what left, and in what: none may be.
    lost : list of str
        Pirates that were proven and are not among what is left after the reveal: none may be, for
        whatever they write into their URLs.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.left: Counter[str] = Counter()
        self.shut: Counter[str] = Counter()
        self.escaped: list[str] = []
        self.lost: list[str] = []
        self._drafted = self._bodies_read = 0
        self.rng = random.Random(seed)
        self.clock = MemoryClock(START + timedelta(minutes=5))
        self.ledger = MemoryLedger()
        self.journal = MemoryJournal(self.ledger, self.clock)
        self.signer = MemorySigner(_CASE)
        self.suspects = [self._suspect(number) for number in range(self.rng.randint(4, 8))]
        if all(suspect.decoy is None for suspect in self.suspects):
            self.suspects.append(self._suspect(99, is_decoy=True))
        self.suspects = list(self._sly(random.Random(f"sly {seed}")))
        self.keeper: LabKeeper = lab_keeper(
            [suspect.decoy for suspect in self.suspects if suspect.decoy is not None],
            mandate=MANDATE,
            terms=terms_digest(MANDATE),
            window=NIGHT,
            at=START - timedelta(hours=2),
            key=_PLANNER,
            seed=self.seed,
        )
        begin_case(
            MANDATE,
            ledger=self.ledger,
            journal=self.journal,  # type: ignore[arg-type]
            key=self.signer.key,
        )
        self.signed_for = signed_in(self.ledger, MANDATE, key=str(self.signer.key))
        self.provider = CheckingProvider("isp", "FR", MANDATE.approvers, self.clock)
        self.publisher = self.provider
        self.case: Any = SimpleNamespace(ledger=self.ledger, clock=self.clock)
        self._seat()

    # -- what there is -----------------------------------------------------------------------

    def _suspect(self, number: int, *, is_decoy: bool | None = None) -> Suspect:
        rng = self.rng
        if is_decoy is None:
            is_decoy = rng.random() < 0.5
        host = f"tv{number}.{'own' if is_decoy else 'pirate'}.example"
        address = f"{'192.0.2' if is_decoy else '198.51.100'}.{number + 1}"
        url = f"http://{host}:8080/live/{number}/index.m3u8"
        decoy = None
        if is_decoy:
            kind = rng.choice(list(DecoyKind))
            shows = kind in (DecoyKind.OWN_STREAM, DecoyKind.PARTNER)
            decoy = Decoy(
                kind=kind,
                url=url,
                addresses=(address,),
                offered_as="Derby LIVE",
                event="derby" if shows else None,
                disguise="none",
                delay_s=20.0,
                appears_at=NIGHT.start,
                vanishes_at=NIGHT.end,
            )
        return Suspect(url=url, host=host, address=address, decoy=decoy)

    def _sly(self, rng: random.Random) -> Iterator[Suspect]:
        """Let some pirates write a decoy's host, which stands in public lists, into their own."""
        decoys = [suspect for suspect in self.suspects if suspect.decoy is not None]
        for suspect in self.suspects:
            if suspect.decoy is not None or rng.random() < 0.5:
                yield suspect
                continue
            decoy, host = rng.choice(decoys), suspect.host
            match rng.randrange(6):
                case 0:
                    url = f"http://{host}:8080/{decoy.host}/live.m3u8"
                case 1:
                    url = f"http://{host}:8080/{decoy.address}/{decoy.host}.m3u8"
                case 3:
                    url = f"http://{host}:8080/live.m3u8?u=http%3A%2F%2F{decoy.host}%2Fx"
                case 4:
                    url = f"http://{host}:8080/{wide(decoy.host)}/live.m3u8"
                case 2:
                    url = f"http://{decoy.host}@{host}:8080/live/{decoy.host.upper()}/index.m3u8"
                case _:
                    host = f"{decoy.host}.{host}"
                    url = f"http://{host}:8080/live/index.m3u8"
            yield replace(suspect, url=url, host=host)

    def _seat(self) -> None:
        """Begin the watch's part that acts, or go on with it after a stop."""
        self.gate = KeeperGate(
            self.ledger,
            keeper=self.keeper,
            signed_for=self.signed_for,
            journal=self.journal,  # type: ignore[arg-type]
            random=self.rng.randbytes,
        )
        earlier = EarlierRuns().read_on(self.ledger)
        streams = restored_streams(earlier.streams)
        self.filing = Filing(
            MANDATE,
            _Streams(self, streams),
            signed_for=self.signed_for,
            cuts=lambda _target, _stream: False,
            on_published=lambda _referral, _to: None,
            on_taken=lambda _version: None,
            lists=Lists(
                MANDATE.intermediaries,
                signer=self.signer,
                publisher=self.publisher,
                journal=self.journal,  # type: ignore[arg-type]
            ),
            confirmed=dict,
            gate=self.gate,
            journal=self.journal,  # type: ignore[arg-type]
        )
        self.filing.restore(earlier.acts, earlier.safeguards.withdrawals)
        for filed in self.filing:
            self.filing.leave_out(filed)
        self._next_index = self.ledger.size()

    # -- what happens ------------------------------------------------------------------------

    def plan(self) -> None:
        """Record the sealed plan, as a watch does at its opening."""
        sealed = self.keeper.sealed
        self.journal.write(
            DecoysPlanned(
                sealed=sealed,
                exhibit=ExhibitId(digest_of(b"sealed")),
                key=key_id_of(sealed),
                at=self.clock.now(),
            )
        )

    def prove(self, which: int) -> None:
        """Prove one stream: the watch cannot know what it is."""
        suspect, now = self.suspects[which % len(self.suspects)], self.clock.now()
        exhibit = ExhibitId(digest_of(suspect.url.encode()))
        sealed = Exhibit(
            id=exhibit,
            size=1,
            media_type="video/mp2t",
            sealed_at=now,
            clock=self.clock.offset(),
        )
        observation = Observation(at=now, exhibits=(exhibit,))
        self.journal.write_all(
            (
                ExhibitSealed(exhibit=sealed, what="segment", url=suspect.url),
                AssetFacts(
                    host=suspect.host,
                    addresses=(suspect.address,),
                    asn=64500,
                    organisation="Example Hosting",
                    country="FR",
                    shared=(),
                    certificate=None,
                    registration=None,
                    at=now,
                ),
                ProbeDone(
                    url=suspect.url,
                    observation=observation,
                    failed=None,
                    hosts=(suspect.host,),
                    exhibits=(exhibit,),
                    at=now,
                ),
                Verdict(
                    url=RedactedUrl(suspect.url),
                    finding=Finding.PROVEN,
                    at=now,
                    event="derby",
                    log10_lr=6.0,
                    observations=(observation,),
                ),
                Link(
                    subject=suspect.host,
                    kind="address",
                    value=suspect.address,
                    first_seen=now,
                    last_seen=now,
                    source="watch",
                ),
                Link(
                    subject=suspect.host,
                    kind="certificate",
                    value="one for all",
                    first_seen=now,
                    last_seen=now,
                    source="watch",
                ),
            )
        )

    def note(self) -> None:
        """Record something, by a person or a program, that mentions a decoy in some form."""
        decoy = self.rng.choice([each for each in self.suspects if each.decoy is not None])
        pirates = [each for each in self.suspects if each.decoy is None]
        beside = self.rng.choice(pirates or [decoy])
        text = self.rng.choice(
            [
                f"We took down:\n{decoy.host}\n{decoy.address}",
                f"host\t{decoy.host}\u000b{decoy.address}",
                f"{beside.url} <{decoy.url}>",
                f"{decoy.host.upper()}, beside {beside.host}",
                f"at http://{int(ipaddress.ip_address(decoy.address))}/ or {wide(decoy.host)}",
                f"[::ffff:{decoy.address}]:80",
            ]
        )
        now = self.clock.now()
        self.journal.write_all(
            (
                Failure(what="reply", where=beside.url, error="E", message=text, hint="", at=now),
                StreamAppeared(
                    url=beside.url,
                    title=text,
                    source=decoy.url,
                    host=beside.host,
                    offer=None,
                    at=now,
                ),
            )
        )
        self.ledger.append("note", {"text": text, decoy.host: [decoy.url, beside.url]}, at=now)

    def map(self) -> None:
        """Draw a map of all that is proven: one network, decoys and all."""
        proven = self._proven()
        hosts = tuple(Asset(kind="host", value=suspect.host, role=Role.EDGE) for suspect in proven)
        places = tuple(Asset(kind="address", value=suspect.address) for suspect in proven)
        members = tuple(
            Membership(
                host=suspect.host, probability=0.9, why=(as_written(f"beside {neighbour.host}"),)
            )
            for suspect, neighbour in zip(proven, proven[1:] + proven[:1], strict=True)
        )
        self.journal.write(
            SupplyGraph(
                assets=hosts + places,
                edges=tuple(
                    Edge(
                        source=f"host:{suspect.host}",
                        relation="resolves-to",
                        target=f"address:{suspect.address}",
                    )
                    for suspect in proven
                ),
                networks=(CriminalNetwork(id="N-1", members=members),) if members else (),
            )
        )

    def refer(self, *, everything: bool = False, together: bool = False) -> None:
        """Plan for some or all of what is proven, and draft referrals of what is on none yet.

        Parameters
        ----------
        together : bool
            In one referral, as earlier versions drafted them.
        """
        proven = self._proven()
        count = len(proven) if everything else self.rng.randint(0, len(proven))
        sample = self.rng.sample(proven, count)
        acts = tuple(self._act(suspect) for suspect in sample)
        plan = ActionPlan(
            chosen=acts,
            refused=(),
            served_before=len(proven),
            served_after=len(proven) - len(sample),
            cost=float(len(acts)),
            bound=float(len(acts)),
            seed=0,
            method=as_written("lab"),
            uncovered=tuple(suspect.url for suspect in proven if suspect not in sample),
        )
        self.journal.write(plan)
        if together:
            self.journal.write(self._in_one(plan))
            self._seat()
        else:
            self.filing.draft(plan)

    def _in_one(self, plan: ActionPlan) -> Referral:
        exhibits = {each.url: (ExhibitId(digest_of(each.url.encode())),) for each in self.suspects}
        return draft(
            plan,
            order=MANDATE.orders[0],
            event=MANDATE.events[0],
            window=WINDOW,
            at=self.clock.now(),
            exhibits=exhibits,
        )

    def notice(self) -> None:
        """Draft a notice of some of what is proven."""
        urls = [suspect.url for suspect in self._proven()]
        sample = self.rng.sample(urls, self.rng.randint(0, len(urls)))
        self._drafted += 1
        self._try(
            lambda: draft_into(
                self.ledger,
                _HOSTER,
                name="C. Desk",
                notifier_email=f"piracy+{self._drafted}@league.example",
                now=self.clock.now(),
                urls=sample,
                event=None if sample else "derby",
            )
        )

    def approve(self, who: int, *, forged: bool = False) -> None:
        """Let a person, or somebody with another key, sign a draft and those of the same plan."""
        name = PEOPLE[who % len(PEOPLE)]
        key = _STRANGER if forged else _KEYS[name]
        drafts = self._drafts()
        if not drafts:
            return
        signed_act = self.rng.choice(drafts[-2:])
        for act in drafts:
            if act is signed_act or (not forged and _is_beside(act, signed_act)):
                self._sign(act, name, key, forged=forged)

    def _sign(self, act: Any, name: str, key: Ed25519PrivateKey, *, forged: bool) -> None:
        is_referral = isinstance(act, Referral)
        subject = list_subject(act, order_of(act, MANDATE)) if is_referral else digest(act)
        approval = sign(
            subject,
            approver=_approver(name),
            key=_KEYS[name],
            at=self.clock.now(),
            signed_for=self.signed_for,
        )
        if forged:
            signature = base64.b64encode(key.sign(b"anything")).decode()
            approval = replace(approval, signature=signature)
        shape = ApprovalGiven if is_referral else NoticeApproved
        self.journal.write(shape.of(act.id, approval))

    def forge(self, what: int) -> None:
        """Append a record that somebody with the case's file has made up."""
        sealed, now = self.keeper.sealed, self.clock.now()
        drafts = self._drafts()
        answers = [
            entry.content
            for entry in self.ledger.entries
            if isinstance(entry.content, DecoysAnswered)
        ]
        match what % 4:
            case 0:  # another plan, by another key
                forged_plan = replace(sealed, root="0" * 64, count=1)
                self.journal.write(
                    DecoysPlanned(
                        sealed=forged_plan, exhibit=ExhibitId(digest_of(b"x")), key="0" * 16, at=now
                    )
                )
            case 1 if drafts and answers:  # an answer to another question
                answer = self.rng.choice(answers)
                self.journal.write(replace(answer, act=self.rng.choice(drafts).id))
            case 2 if answers:  # an answer of which the openings were taken out
                answer = self.rng.choice(answers)
                emptied = replace(answer.answer, openings=())
                self.journal.write(replace(answer, answer=emptied))
            case 3:  # an opening that turns a pirate into a decoy
                opening = self.rng.choice(self.keeper.everything())
                turned = replace(opening.decoy, url="http://tv1.pirate.example/live/1/index.m3u8")
                self.journal.write(
                    DecoyRevealed(
                        night=sealed.night,
                        root=sealed.root,
                        how=RevealedBy.GATE,
                        opening=replace(opening, decoy=turned),
                        at=now,
                    )
                )

    def set_mood(self, mood: Mood) -> None:
        """Let the keeper answer in another way."""
        self.keeper.mood = mood

    async def hear(self) -> None:
        """Let the watch take up what people signed, and hand in what two have approved."""
        for entry in self.ledger.read(since=self._next_index):
            self._next_index = entry.index + 1
            if isinstance(entry.content, ApprovalGiven):
                approval = entry.content
                self._try(lambda approval=approval: self.filing.approved(approval))
            elif isinstance(entry.content, DecoyRevealed):
                for filed in self.filing:
                    self.filing.leave_out(filed)
        await self.filing.publish_all(list(self.filing.ready()))
        await self.filing.send(patience_s=None)
        for body in self.provider.received[self._bodies_read :]:
            self._look("the list of a provider", body.decode())
        self._bodies_read = len(self.provider.received)

    async def send(self) -> None:
        """Send each notice that somebody else has approved."""
        for number in tuple(notices_of(self.ledger).notices.drafts):
            try:
                act, approvals = approved_to_ask(self.case, number, remind=False, confirmed={})
                if self.rng.random() < 0.8:
                    await self.gate.ask(act, approvals)
                sending = ready_to_send(self.case, number, remind=False, confirmed={})
            except CauteryError:
                self.shut["a notice"] += 1
                continue
            mail = notice_mail(
                sending.approved,
                sender="piracy@league.example",
                message_id=f"<{number}@league.example>",
                at=self.clock.now(),
            )
            self._look("a notice", mail.decode("ascii", "replace"))
            self.journal.write(
                NoticeSent(
                    notice=number,
                    means=SendMeans.MAIL,
                    to=str(_HOSTER.contact),
                    message_id=f"<{number}@league.example>",
                    by="C. Desk",
                    exhibit=ExhibitId(digest_of(mail)),
                    reminder=False,
                    tries=1,
                    at=self.clock.now(),
                )
            )

    def resume(self) -> None:
        """Stop the watch, and let it go on from its records alone."""
        self._seat()

    def reveal(self, *, abandoned: bool) -> None:
        """Open all leaves that are not open yet."""
        sealed = self.keeper.sealed
        before = {
            entry.content.opening.index
            for entry in self.ledger.entries
            if isinstance(entry.content, DecoyRevealed)
        }
        self.journal.write_all(
            DecoyRevealed(
                night=sealed.night,
                root=sealed.root,
                how=RevealedBy.ABANDONED if abandoned else RevealedBy.REVEAL,
                why="the keeper's machine failed" if abandoned else "",
                opening=opening,
                at=self.clock.now(),
            )
            for opening in self.keeper.everything()
            if opening.index not in before or self.rng.random() < 0.2
        )
        self._try(lambda: self.journal.write_all(tuple(computed_anew(MANDATE, self.ledger))))

    # -- every way out -----------------------------------------------------------------------

    def leave(self) -> None:
        """Try all that is computed from the case for others, and look through what is given."""
        self._give("all records", self._all_records)
        self._give("figures", self._figures)
        self._give("an export for Lumen", self._lumen)
        self._give("a report", self._report)
        self._give("networks", lambda: str(links_of_case(outward(self.ledger, what="-"), _VAULT)))
        self._give("maps, plans, estimates and referrals", self._records)
        for audience, rule in SHOWN.items():
            self._give(f"a dossier for {audience}", lambda rule=rule: self._extract(rule))

    def _report(self) -> str:
        """Return the page without the account of the blind test, which names what it is about.

        It takes the longest, so not each time.
        """
        outward(self.ledger, what="a report")
        if self.rng.random() < 0.7:
            return ""
        page = write_report(self.ledger, _VAULT, at=END)
        before, _, account = page.partition("<h3>Blind test</h3>")
        return before + account.partition("</section>")[2]

    def _figures(self) -> str:
        public_figures = shown_figures(Figures(), self.ledger)
        if public_figures is None:
            raise UnrevealedError("figures")
        return figures_file(public_figures, MANDATE, self.clock.now()).decode()

    def _lumen(self) -> str:
        filed = notices_of(outward(self.ledger, what="an export for Lumen"))
        rows = [
            lumen_notice(
                filed.draft(number), sent_at=sendings[0].at, event_name="Derby", approvers=()
            )
            for number, sendings in filed.notices.sent.items()
        ]
        return json.dumps(rows)

    def _records(self) -> str:
        """Return records that others compute with, as they are written and as they are read."""
        shapes = SupplyGraph, ActionPlan, Estimate, Referral, ReferralPublished
        entries = outward(self.ledger, what="-").read(kinds=kinds_of(*shapes))
        return "\n".join(f"{entry.record.body} {_shown(entry.content)}" for entry in entries)

    def _all_records(self) -> str:
        """Return every record as others may read it."""
        shown = outward(self.ledger, what="-")
        self._look_for_pirates(shown)
        entries = [entry for entry in shown.read() if not isinstance(entry.content, CaseOpened)]
        return "\n".join(
            f"{entry.record.body} {_shown(entry.content)} {entry.leaf.decode()}"
            for entry in entries
        )

    def _extract(self, rule: Any) -> str:
        decoys = self.gate.decoys
        outward(self.ledger, what="a dossier")
        leaves = [(entry.index, entry.record.kind, entry.leaf) for entry in self.ledger.entries]
        extract = extract_of(leaves, rule, hosts=frozenset(), salt=bytes, decoys=decoys)
        return b"\n".join(leaf for _, _, leaf, _ in extract.shown).decode()

    def _give(self, way: str, make: Any) -> None:
        try:
            text = make()
        except UnrevealedError:
            self.shut[way] += 1
            return
        self._look(way, text)

    def _look(self, way: str, text: str) -> None:
        """Look through what left one way: no decoy may be in it."""
        if text:
            self.left[way] += 1
        text = self._without_pirates(_one_spelling(text), act=way in _ACTS)
        for suspect in self.suspects:
            if suspect.decoy is None:
                continue
            number = str(int(ipaddress.ip_address(suspect.address)))
            if suspect.host in text or _has(suspect.address, text) or _has(number, text):
                self.escaped.append(f"{way}: {suspect.host} (seed {self.seed})")

    def _without_pirates(self, text: str, *, act: bool) -> str:
        """Return a text without the hosts of pirates, whose names may begin with a decoy's.

        What is acted against is named by its URL, whatever stands in that.
        """
        decoys = {suspect.host for suspect in self.suspects if suspect.decoy is not None}
        pirates = [suspect for suspect in self.suspects if suspect.decoy is None]
        # One's host may be the end of another's, so the longest goes first.
        for pirate in sorted(pirates, key=lambda pirate: len(pirate.host), reverse=True):
            text = text.replace(_one_spelling(pirate.url), " ") if act else text
            text = text.replace(pirate.host, " ")
            for length in range(len(pirate.host) - 1, 0, -1):  # as a picture cuts it short
                begun = pirate.host[:length]
                if begun.rstrip(".") not in decoys:
                    text = text.replace(f"{begun}...", " ")
        return text

    def _look_for_pirates(self, shown: Ledger) -> None:
        """Look for each pirate that was proven: it may not vanish beside the decoys."""
        left = {verdict.url.host for _, verdict in contents(shown, Verdict)}
        self.lost += [
            f"{suspect.url} (seed {self.seed})"
            for suspect in self._proven()
            if suspect.decoy is None and suspect.host not in left
        ]

    # -- small things ------------------------------------------------------------------------

    def _try(self, act: Any) -> None:
        try:
            act()
        except CauteryError:
            self.shut["an act of a person"] += 1

    def _drafts(self) -> list[Any]:
        contents = (entry.content for entry in self.ledger.entries)
        return [content for content in contents if isinstance(content, Referral | Notice)]

    def _proven(self) -> list[Suspect]:
        """Return what is proven: the watch cannot know what it is."""
        proven = {
            entry.content.url.text
            for entry in self.ledger.entries
            if isinstance(entry.content, Verdict)
        }
        return [suspect for suspect in self.suspects if suspect.url in proven]

    def _act(self, suspect: Suspect) -> Intervention:
        by_address = self.rng.random() < 0.4
        target = suspect.address if by_address else suspect.host
        lever = Lever.ADDRESS if by_address else Lever.NAME
        guard = GuardVerdict(
            target=target,
            lever=lever,
            decision=Decision.ALLOW,
            collateral=Collateral(high=0),
            reasons=(Reason(code="clear", text=as_written("nobody else is there")),),
            valid_until=END,
        )
        self.journal.write(guard)
        return Intervention(target=target, lever=lever, streams=(suspect.url,), cost=1, guard=guard)


class _Streams(dict[str, Any]):
    """The streams of a watch as its referrals need them: each with its verdict."""

    def __init__(self, acts: BlindActs, restored: dict[str, Any]) -> None:
        super().__init__(restored)
        self._acts = acts

    def __contains__(self, url: object) -> bool:
        return any(suspect.url == url for suspect in self._acts.suspects)

    def __getitem__(self, url: str) -> Any:
        observation = Observation(at=START, exhibits=(ExhibitId(digest_of(url.encode())),))
        return SimpleNamespace(
            verdict=SimpleNamespace(event="derby", observations=(observation,)), proven=True
        )


def _no_exhibit(_: ExhibitId) -> bytes:
    raise EvidenceError("no bytes are sealed in this lab")


_VAULT: Any = SimpleNamespace(read=_no_exhibit)


def _shown(content: object) -> object:
    """Return what people see of a record: of a part of an act, not what was signed."""
    for part, shape in ((ReferralInPart, Referral), (NoticeInPart, Notice)):
        if isinstance(content, part):
            return [getattr(content, each.name) for each in fields(shape)]
    return content


def _is_beside(act: Any, other: Any) -> bool:
    """Tell whether two acts are referrals that were drafted of one plan."""
    both = isinstance(act, Referral) and isinstance(other, Referral)
    return both and act.window == other.window


def _one_spelling(text: str) -> str:
    """Return a text in small letters of common width, with nothing quoted as in URLs."""
    return unquote(unicodedata.normalize("NFKC", text)).lower()


def wide(host: str) -> str:
    """Return a host in letters of full width, which lead to the same one."""
    return "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in host)


def _has(address: str, text: str) -> bool:
    """Tell whether an address stands in a text, and not the beginning of a longer one."""
    _, separator, after = text.partition(address)
    return bool(separator) and not after[:1].isdigit()


async def run_at_random(acts: BlindActs, *, steps: int) -> None:
    """Let so many things happen in a random order, and try every way out between and after."""
    rng = acts.rng
    happens = [
        *(["prove"] * 5), *(["refer"] * 3), *(["notice"] * 2), *(["approve"] * 8), "forged",
        *(["hear"] * 5), *(["send"] * 3), *(["mood"] * 3), "resume", "forge", "map", "deaf",
        "pass", "leave", "note",
    ]  # fmt: skip
    planned = revealed = False
    for step in range(steps):
        if not planned and (step > 2 or rng.random() < 0.9):
            acts.plan()
            planned = True
        what = rng.choice(happens)
        if planned and not revealed and rng.random() < 0.02:
            acts.reveal(abandoned=True)
            revealed = True
        await _one(acts, what)
    acts.set_mood(rng.choice(list(Mood)))
    await acts.hear()
    await acts.send()
    acts.leave()
    if planned and (revealed or rng.random() < 0.8):
        acts.reveal(abandoned=False)
    await acts.hear()
    await acts.send()
    acts.leave()


async def _one(acts: BlindActs, what: str) -> None:
    rng = acts.rng
    match what:
        case "prove":
            acts.prove(rng.randrange(100))
        case "refer":
            acts.refer()
        case "notice":
            acts.notice()
        case "approve":
            for who in rng.sample(range(2), rng.choice((1, 2, 2))):
                acts.approve(who)
        case "forged":
            acts.approve(rng.randrange(2), forged=True)
        case "hear":
            await acts.hear()
        case "send":
            await acts.send()
        case "mood":
            acts.set_mood(rng.choice([Mood.HONEST, Mood.HONEST, *Mood]))
        case "resume":
            acts.resume()
        case "forge":
            acts.forge(rng.randrange(4))
        case "map":
            acts.map()
        case "note":
            acts.note()
        case "deaf":
            acts.provider.deaf = rng.random() < 0.3
        case "pass":
            acts.clock.pass_s(rng.uniform(1, 40))
        case _:
            acts.leave()
