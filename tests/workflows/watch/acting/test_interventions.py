"""Approvals as the watch hears them: two real people suffice, a forger neither helps nor stops."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.lists import CaseKey

from cautery.act import Envelope, digest, list_subject, sign, terms_digest
from cautery.act.rules import Rule, confirm_rule, rules_for, unconfirmed
from cautery.adapters.facts_folder import FactsFolder, LatestFacts
from cautery.errors import InputError, SourceError
from cautery.evidence.note import NoteVerifier
from cautery.model import (
    Approver,
    BlockEntry,
    Channel,
    CourtOrder,
    Decision,
    Digest,
    Effect,
    Entry,
    ExhibitId,
    GuardVerdict,
    Intermediary,
    Lever,
    ListAnswer,
    Mandate,
    OrderKind,
    Override,
    Place,
    Reason,
    Record,
    Referral,
    Regime,
    RuleConfirmation,
    SignedFor,
    Window,
    digest_of,
    referral_id,
    to_json,
)
from cautery.model.ledger import contents, filed
from cautery.model.message import as_written
from cautery.model.records import (
    ActRefused,
    ApprovalGiven,
    CaseOpened,
    ComplaintDecided,
    EntryWithdrawn,
    GuardRevalidated,
    ListSent,
    OverrideGiven,
    OverrideSigned,
    ReferralPublished,
)
from cautery.workflows.case.opening import signed_in
from cautery.workflows.case.referral import filed_referrals
from cautery.workflows.decoys.gate import KeeperGate
from cautery.workflows.watch.acting.confirming import Confirming, confirmed_in
from cautery.workflows.watch.acting.interventions import Intervener
from cautery.workflows.watch.acting.judging import Judge
from cautery.workflows.watch.acting.lists import Lists
from cautery.workflows.watch.resume import EarlierRuns

T = TypeVar("T")

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
KEYS = {name: Ed25519PrivateKey.generate() for name in ("A. Legal", "B. Duty")}


def approver(name: str) -> Approver:
    raw = KEYS[name].public_key().public_bytes_raw()
    return Approver(name=name, role="legal", public_key=base64.b64encode(raw).decode())


MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOW - timedelta(hours=1), end=END),
    territories=("FR",),
    channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
    orders=(
        CourtOrder(
            id="o",
            authority="Court",
            territory="FR",
            window=Window(start=NOW - timedelta(days=1), end=END),
            targets_rule="services",
        ),
    ),
    approvers=(approver("A. Legal"), approver("B. Duty")),
    intermediaries=(Intermediary(name="isp", territory="FR", list_url="http://isp.example/list"),),
    lab=True,
)
GUARD = GuardVerdict(
    target="edge.pirate.example",
    lever=Lever.NAME,
    decision=Decision.ALLOW,
    reasons=(Reason(code="name", text=as_written("a name of its own")),),
    valid_until=END,
)
_DRAFT = Referral(
    id="",
    order="o",
    event=None,
    territory="FR",
    window=Window(start=NOW, end=END),
    entries=(
        BlockEntry(
            target="edge.pirate.example",
            lever=Lever.NAME,
            valid_until=END,
            guard=GUARD,
            exhibits=(ExhibitId("sha256:" + "0" * 64),),
        ),
    ),
    statement="why",
)
REFERRAL = replace(_DRAFT, id=referral_id(_DRAFT))
SIGNER = CaseKey()
CASE = NoteVerifier("cautery/case-1", SIGNER.public)
HERE = SignedFor(case=digest_of(CASE.public)[7:23], mandate=terms_digest(MANDATE))


class Ledger:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, kind: str, body: Any) -> None:
        record = Record(kind=kind, at=NOW, body=to_json(body))
        self.entries.append(Entry(index=len(self.entries), record=record, leaf=b""))

    def write(self, content: object) -> None:
        self.add(*filed(content))

    def read(self, *, since: int = 0, kinds: tuple[str, ...] = ()) -> list[Entry]:
        return [e for e in self.entries[since:] if not kinds or e.record.kind in kinds]


class Journal:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.failures: list[str] = []
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def write(self, content: object) -> None:
        self.ledger.write(content)

    def write_all(self, contents: Iterable[object]) -> None:
        for content in contents:
            self.ledger.write(content)

    def pass_on(self, entry: Entry) -> None:
        pass

    def fail(self, what: str, where: str, error: Exception) -> None:
        self.failures.append(f"{what} {where}: {error}")

    def seal(self, data: bytes, **_: Any) -> str:
        return "sha256:" + "1" * 64


class Publisher:
    def __init__(self, *, deaf: bool = False) -> None:
        self.sent: list[Envelope] = []
        self.deaf = deaf

    @property
    def taken(self) -> list[str]:
        """The referrals of all versions, each once."""
        return list(dict.fromkeys(name for one in self.sent for name in one.version.referrals))

    async def publish(
        self, envelope: Envelope, *, now: datetime, held: Collection[Digest] = ()
    ) -> ListAnswer:
        if self.deaf:
            raise SourceError("isp.example does not answer")
        self.sent.append(envelope)
        return ListAnswer(
            intermediary=envelope.to.name,
            version=envelope.version.version,
            effect=Effect.APPLIED,
            received_at=now,
        )


class Effects:
    def add(self, referral: Referral, to: Intermediary) -> None:
        pass

    def withdraw(self, referral: str, target: str) -> None:
        pass

    def restore(self, *earlier: object) -> None:
        pass

    def answered(self, taken: object) -> None:
        pass


class Canaries(Effects):
    def __init__(self) -> None:
        self.proposed: list[tuple[str, str]] = []

    def propose(self, target: str, intermediary: str, *, why: str) -> None:
        self.proposed.append((target, intermediary))


class Mapper:
    """A map on which nothing was looked up."""

    def addresses(self, host: str) -> tuple[str, ...]:
        return ()

    def place(self, host: str) -> Place:
        return Place(host=host)

    def addressee_kind(self, host: str) -> None:
        return None

    def panels_of(self, keys: object) -> tuple[str, ...]:
        return ()

    def cuts(self, target: str, stream: object) -> bool:
        return False

    def suspects(self) -> tuple[str, ...]:
        return ()

    async def lawful_known(self) -> None:
        pass

    def lawful_at(self, hosts: object) -> dict[str, str]:
        return {}


class Engine:
    async def run(self, work: Callable[[], Any]) -> Any:
        return work()


POPULAR = "domain,lists\ngoogle.com,t\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Facts of the day: a list of popular names, and what makes it valid."""
    (tmp_path / "popular.csv").write_text(POPULAR)
    (tmp_path / "facts.toml").write_text("[facts.popular]\ndate = 2026-11-24\n")
    return tmp_path


def opened(mandate: Mandate) -> CaseOpened:
    return CaseOpened(mandate=mandate, version="", lab=True, key=str(CASE))


def earlier(ledger: Ledger) -> EarlierRuns:
    return EarlierRuns().read_on(ledger)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def fresh_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no version that an earlier test signed be one of this case."""
    monkeypatch.setattr(SIGNER, "_heads", {})


def seated(
    publisher: Publisher,
    folder: Path,
    *,
    mandate: Mandate | None = None,
    confirmations: Sequence[RuleConfirmation] = (),
) -> tuple[Intervener, Ledger, Journal]:
    mandate = mandate or MANDATE
    ledger = Ledger()
    journal = Journal(ledger)
    ledger.write(opened(mandate))
    ledger.write(REFERRAL)
    intervener = Intervener(
        mandate,
        {},
        Mapper(),  # type: ignore[arg-type]
        signed_for=HERE,
        ledger=ledger,  # type: ignore[arg-type]
        judge=Judge(
            mandate,
            facts=LatestFacts(FactsFolder(folder)).latest,
            journal=journal,  # type: ignore[arg-type]
        ),
        engine=Engine(),  # type: ignore[arg-type]
        effects=Effects(),  # type: ignore[arg-type]
        canaries=Canaries(),  # type: ignore[arg-type]
        lists=Lists(
            mandate.intermediaries,
            signer=SIGNER,  # type: ignore[arg-type]
            publisher=publisher,
            journal=journal,  # type: ignore[arg-type]
        ),
        confirming=Confirming(
            mandate,
            lambda: confirmations,
            ledger=ledger,  # type: ignore[arg-type]
            journal=journal,  # type: ignore[arg-type]
        ),
        gate=KeeperGate(
            ledger,  # type: ignore[arg-type]
            keeper=None,
            signed_for=HERE,
            journal=journal,  # type: ignore[arg-type]
            random=bytes,
        ),
        journal=journal,  # type: ignore[arg-type]
    )
    intervener.restore(earlier(ledger))
    return intervener, ledger, journal


def signed(name: str, *, at: datetime = NOW) -> ApprovalGiven:
    return over(REFERRAL, name, at=at)


def forged(name: str) -> ApprovalGiven:
    return replace(signed(name), signature=base64.b64encode(bytes(64)).decode())


BROKEN = [
    {"referral": REFERRAL.id},
    {
        "referral": REFERRAL.id,
        "subject": 5,
        "approver": [],
        "role": None,
        "at": "soon",
        "signature": {},
    },
    {"subject": "x"},
    {"referral": [REFERRAL.id]},
]


async def test_two_approvals_let_the_list_go_once(folder: Path) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    ledger.write(signed("A. Legal"))
    await intervener.hear()
    assert publisher.taken == []
    ledger.write(signed("B. Duty"))
    await intervener.hear()
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]


async def test_what_an_approver_refused_goes_to_nobody_also_after_a_restart(folder: Path) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    ledger.write(signed("A. Legal"))
    ledger.write(
        ActRefused(
            id=REFERRAL.id, subject=signed("A. Legal").subject, by="B. Duty", why="w", at=NOW
        )
    )
    ledger.write(signed("B. Duty"))
    await intervener.hear()
    assert publisher.taken == []
    intervener.restore(earlier(ledger))
    await intervener.hear()
    assert publisher.taken == []


@pytest.mark.parametrize(
    "forged_one",
    [{"by": "C"}, {"subject": digest_of(b"another text")}],
    ids=["nobody's", "of another text"],
)
async def test_a_refusal_of_another_text_or_by_nobody_of_the_mandate_stops_nothing(
    forged_one: dict[str, Any], folder: Path
) -> None:
    true = ActRefused(
        id=REFERRAL.id, subject=signed("A. Legal").subject, by="A. Legal", why="w", at=NOW
    )
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    for content in (replace(true, **forged_one), *map(signed, KEYS)):
        ledger.write(content)
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]
    other = Publisher()
    again, second, _ = seated(other, folder)
    for content in (replace(true, **forged_one), true, *map(signed, KEYS)):
        second.write(content)
    again.restore(earlier(second))  # a forged one hides no true one
    await again.hear()
    assert other.taken == []


async def test_what_is_refused_while_a_provider_is_away_does_not_reach_it_afterwards(
    folder: Path,
) -> None:
    publisher = Publisher(deaf=True)
    intervener, ledger, journal = seated(publisher, folder)
    for name in KEYS:
        ledger.write(signed(name))
    await intervener.hear()
    assert journal.failures  # it stands on a list that nobody has taken
    ledger.write(
        ActRefused(
            id=REFERRAL.id, subject=signed("A. Legal").subject, by="B. Duty", why="w", at=NOW
        )
    )
    await intervener.hear()
    publisher.deaf = False
    for seconds in (10, 20):
        journal.moment = NOW + timedelta(seconds=seconds)
        await intervener.hear()
    assert publisher.sent  # somebody may have it although no answer came: this takes it off
    assert all(REFERRAL.id not in one.body().decode() for one in publisher.sent)
    assert [sent.referrals for sent in records(ledger, ListSent)] == [()]
    assert records(ledger, ReferralPublished) == []


async def test_what_one_provider_took_before_it_was_refused_does_not_reach_another_afterwards(
    folder: Path,
) -> None:
    class OneAway(Publisher):
        away = "late"

        async def publish(self, envelope: Envelope, **given: Any) -> ListAnswer:
            self.deaf = envelope.to.name == self.away
            return await super().publish(envelope, **given)

    publisher = OneAway()
    late = replace(MANDATE.intermediaries[0], name="late")
    mandate = replace(MANDATE, intermediaries=(*MANDATE.intermediaries, late))
    intervener, ledger, journal = seated(publisher, folder, mandate=mandate)
    for name in KEYS:
        ledger.write(signed(name))
    await intervener.hear()
    ledger.write(
        ActRefused(
            id=REFERRAL.id, subject=signed("A. Legal").subject, by="B. Duty", why="w", at=NOW
        )
    )
    await intervener.hear()
    publisher.away = ""
    journal.moment = NOW + timedelta(seconds=60)
    await intervener.hear()
    held = {one.to.name: one.version.referrals for one in publisher.sent}
    assert held == {"isp": (REFERRAL.id,), "late": ()}


@pytest.mark.parametrize("forger", ["first", "last"])
async def test_a_forged_approval_neither_helps_nor_stops_two_real_people(
    forger: str, folder: Path
) -> None:
    publisher = Publisher()
    intervener, ledger, journal = seated(publisher, folder)
    order = [forged("B. Duty"), signed("A. Legal")]
    for approval in order if forger == "first" else order[::-1]:
        ledger.write(approval)
    await intervener.hear()
    assert publisher.taken == []
    assert len(journal.failures) == 1
    ledger.write(signed("B. Duty"))
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]


async def test_who_signs_again_and_again_crowds_nobody_out(folder: Path) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    ledger.write(signed("B. Duty"))
    for second in range(30):
        ledger.write(signed("A. Legal", at=NOW - timedelta(seconds=second)))
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]


async def test_one_person_twice_is_one_person(folder: Path) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    ledger.write(signed("A. Legal"))
    ledger.write(signed("A. Legal"))
    await intervener.hear()
    assert publisher.taken == []


@pytest.mark.parametrize("body", BROKEN)
async def test_a_record_that_is_no_approval_ends_nothing(
    body: dict[str, Any], folder: Path
) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    ledger.add("approval.given", body)
    for name in KEYS:
        ledger.write(signed(name))
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]
    assert len(filed_referrals(ledger)[0].approvals) == 2  # type: ignore[arg-type]


async def test_an_intermediary_that_does_not_answer_is_not_held_to_have_the_list(
    folder: Path,
) -> None:
    publisher = Publisher(deaf=True)
    intervener, ledger, journal = seated(publisher, folder)
    for name in KEYS:
        ledger.write(signed(name))
    await intervener.hear()
    assert journal.failures
    assert records(ledger, ReferralPublished) == []
    (filed,) = intervener._filing
    assert filed.published == set()
    publisher.deaf = False
    await intervener.hear()
    assert publisher.sent == []  # it rests
    journal.moment = NOW + timedelta(seconds=10)
    await intervener.hear()
    assert filed.published == {"isp"}


def records(ledger: Ledger, shape: type[T]) -> list[T]:
    return [content for _, content in contents(ledger, shape)]  # type: ignore[arg-type]


def made_popular(folder: Path) -> None:
    """Let the facts say, meanwhile, that the target is somebody's popular site."""
    (folder / "popular.csv").write_text(POPULAR + "edge.pirate.example,t\n")


async def test_what_the_facts_no_longer_allow_is_withdrawn_before_it_goes_out(
    folder: Path,
) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    for name in KEYS:
        ledger.write(signed(name))
    made_popular(folder)
    await intervener.hear()
    assert publisher.taken == []
    (withdrawn,) = records(ledger, EntryWithdrawn)
    assert (withdrawn.target, withdrawn.published) == ("edge.pirate.example", ())
    assert withdrawn.reasons[0].code == "popular-name"
    assert records(ledger, GuardRevalidated)[0].withdrawn == ("edge.pirate.example",)


async def test_a_block_that_stands_is_withdrawn_when_facts_change_and_its_roll_back_proposed(
    folder: Path,
) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    for name in KEYS:
        ledger.write(signed(name))
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]
    await intervener.propose()
    assert records(ledger, EntryWithdrawn) == []
    made_popular(folder)
    intervener._notice(NOW)
    assert intervener._woken
    sent_before = list[int]()
    canaries: Any = intervener._canaries
    propose = canaries.propose

    def proposed(*place: str, why: str) -> None:
        sent_before.append(len(publisher.sent))
        propose(*place, why=why)

    canaries.propose = proposed
    await intervener.propose()
    (withdrawn,) = records(ledger, EntryWithdrawn)
    assert withdrawn.published == ("isp",)
    assert canaries.proposed == [("edge.pirate.example", "isp")]
    assert sent_before == [len(publisher.sent)] == [2]  # who is shut out comes first
    await intervener.propose()
    assert len(records(ledger, EntryWithdrawn)) == 1


async def test_a_watch_that_goes_on_judges_anew_what_it_left_standing(folder: Path) -> None:
    publisher = Publisher()
    first, ledger, _ = seated(publisher, folder)
    for name in KEYS:
        ledger.write(signed(name))
    await first.hear()
    made_popular(folder)
    second, again, _ = seated(publisher, folder)
    again.entries = ledger.entries
    second.restore(earlier(again))
    assert second._woken
    await second.propose()
    assert [one.target for one in records(again, EntryWithdrawn)] == ["edge.pirate.example"]
    third, last, _ = seated(publisher, folder)
    last.entries = again.entries
    third.restore(earlier(last))
    await third.propose()
    assert len(records(last, EntryWithdrawn)) == 1


async def test_a_withdrawal_whose_watch_was_killed_before_it_was_sent_arrives_after_a_restart(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, ledger, _ = seated(Publisher(), folder)
    for name in KEYS:
        ledger.write(signed(name))
    await first.hear()
    made_popular(folder)

    async def killed() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(first._filing, "send", killed)
    with pytest.raises(KeyboardInterrupt):
        await first.propose()
    assert [one.published for one in records(ledger, EntryWithdrawn)] == [("isp",)]
    publisher = Publisher()
    second, again, _ = seated(publisher, folder)
    again.entries = ledger.entries
    second.restore(earlier(again))
    await second.hear()
    [sent] = publisher.sent
    assert (sent.version.version, sent.version.targets) == (2, frozenset())


async def test_what_was_sent_and_never_recorded_so_comes_off_after_a_restart(folder: Path) -> None:
    first, ledger, _ = seated(Publisher(), folder)
    for name in KEYS:
        ledger.write(signed(name))
    await first.hear()
    made_popular(folder)
    publisher = Publisher()
    second, again, _ = seated(publisher, folder)
    again.entries = [one for one in ledger.entries if one.record.kind != "referral.published"]
    second.restore(earlier(again))
    await second.hear()
    assert publisher.sent[-1].version.targets == frozenset()


def override(**said: Any) -> Override:
    known: dict[str, Any] = {
        "target": "edge.pirate.example",
        "by": ("A. Legal", "B. Duty"),
        "reason": "seen alone on it",
        "at": NOW,
        "until": NOW + timedelta(minutes=30),
        "bystanders": 3,
    }
    return Override(**(known | said))


def answered(name: str, said: Override) -> OverrideSigned:
    approval = sign(digest(said), approver=approver(name), key=KEYS[name], at=NOW, signed_for=HERE)
    return OverrideSigned(override=said, approval=approval)


async def test_an_override_is_in_force_once_both_people_have_signed_it(folder: Path) -> None:
    made_popular(folder)
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    ledger.write(answered("A. Legal", override()))
    await intervener.hear()
    assert records(ledger, OverrideGiven) == []
    ledger.write(answered("B. Duty", override()))
    for name in KEYS:
        ledger.write(signed(name))
    await intervener.hear()
    (given,) = records(ledger, OverrideGiven)
    assert given.override.by == ("A. Legal", "B. Duty")
    assert publisher.taken == [REFERRAL.id]
    assert publisher.sent[-1].version.targets == {"edge.pirate.example"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": ("A. Legal", "C. Nobody")},
        {"at": NOW - timedelta(hours=3), "until": NOW - timedelta(hours=2)},
        {"at": NOW + timedelta(hours=2), "until": NOW + timedelta(hours=3)},
    ],
)
async def test_an_override_that_names_others_or_does_not_hold_is_none(
    folder: Path, wrong: dict[str, Any]
) -> None:
    made_popular(folder)
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    for name in KEYS:
        ledger.write(answered(name, override(**wrong)))
        ledger.write(signed(name))
    await intervener.hear()
    assert records(ledger, OverrideGiven) == []
    assert publisher.taken == []


@pytest.mark.parametrize(
    "body", [{}, {"override": 5}, {"override": None, "approval": {}}, {"override": {"by": []}}]
)
async def test_a_record_that_is_no_override_ends_nothing(folder: Path, body: Any) -> None:
    publisher = Publisher()
    intervener, ledger, journal = seated(publisher, folder)
    ledger.add("override.signed", body)
    for name in KEYS:
        ledger.write(signed(name))
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]
    assert journal.failures


async def test_an_overridden_block_is_withdrawn_when_its_override_ends(folder: Path) -> None:
    made_popular(folder)
    publisher = Publisher()
    intervener, ledger, journal = seated(publisher, folder)
    for name in KEYS:
        ledger.write(answered(name, override()))
        ledger.write(signed(name))
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]
    journal.moment = NOW + timedelta(minutes=31)
    await intervener.propose()
    assert [one.target for one in records(ledger, EntryWithdrawn)] == ["edge.pirate.example"]


def swapped() -> Referral:
    """Return the referral with other entries under the id of the true one."""
    (entry,) = REFERRAL.entries
    guard = replace(GUARD, target="hospital.example")
    return replace(REFERRAL, entries=(replace(entry, target="hospital.example", guard=guard),))


def over(
    subject: Referral, name: str, *, at: datetime = NOW, here: SignedFor = HERE
) -> ApprovalGiven:
    key = KEYS[name]
    signs = list_subject(subject, MANDATE.orders[0])
    approval = sign(signs, approver=approver(name), key=key, at=at, signed_for=here)
    return ApprovalGiven.of(subject.id, approval)


async def test_a_restart_does_not_load_a_referral_that_was_swapped(folder: Path) -> None:
    _, ledger, _ = seated(Publisher(), folder)
    ledger.write(swapped())
    publisher = Publisher()
    second, again, journal = seated(publisher, folder)
    again.entries = ledger.entries
    second.restore(earlier(again))
    for name in KEYS:
        again.write(over(swapped(), name))
    await second.hear()
    assert publisher.taken == []
    for name in KEYS:
        again.write(signed(name))
    await second.hear()
    assert publisher.taken == [REFERRAL.id]
    assert any("1 record is ignored" in one for one in journal.failures)


async def test_a_referral_under_an_id_that_is_not_its_own_is_never_loaded(folder: Path) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    foreign = replace(swapped(), id="R-0123456789ab")
    ledger.write(foreign)
    intervener.restore(earlier(ledger))
    for name in KEYS:
        ledger.write(over(foreign, name))
    await intervener.hear()
    assert publisher.taken == []


@pytest.mark.parametrize(
    "elsewhere",
    [
        SignedFor(case="0" * 16, mandate=HERE.mandate),
        SignedFor(case=HERE.case, mandate=digest_of(b"another mandate")),
    ],
)
async def test_approvals_of_another_case_or_mandate_let_nothing_go(
    elsewhere: SignedFor, folder: Path
) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    for name in KEYS:
        ledger.write(over(REFERRAL, name, here=elsewhere))
    await intervener.hear()
    assert publisher.taken == []


async def test_a_flood_of_forged_approvals_stops_no_real_ones(folder: Path) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    ledger.write(signed("A. Legal"))
    for _ in range(100):
        ledger.write(forged("B. Duty"))
    ledger.write(signed("B. Duty"))
    for _ in range(100):
        ledger.write(signed("A. Legal"))
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]


async def test_an_approval_that_is_dated_ahead_counts_when_its_time_has_come(
    folder: Path,
) -> None:
    publisher = Publisher()
    intervener, ledger, journal = seated(publisher, folder)
    ledger.write(over(REFERRAL, "A. Legal", at=NOW + timedelta(minutes=10)))
    ledger.write(over(REFERRAL, "B. Duty"))
    await intervener.hear()
    await intervener.hear()
    assert publisher.taken == []
    [failure] = journal.failures
    assert "A. Legal's approval is dated in the future" in failure
    journal.moment = NOW + timedelta(minutes=9)
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]


async def test_an_approval_that_is_dated_ahead_displaces_no_other_of_the_same_person(
    folder: Path,
) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    ahead = over(REFERRAL, "A. Legal", at=NOW + timedelta(days=365))
    for given in (ahead, over(REFERRAL, "A. Legal"), ahead, over(REFERRAL, "B. Duty")):
        ledger.write(given)
    await intervener.hear()
    assert publisher.taken == [REFERRAL.id]


async def test_a_restart_takes_up_an_approval_whose_time_has_come(folder: Path) -> None:
    _, ledger, _ = seated(Publisher(), folder)
    for name in KEYS:
        ledger.write(over(REFERRAL, name, at=NOW + timedelta(minutes=10)))
    publisher = Publisher()
    second, again, journal = seated(publisher, folder)
    again.entries = ledger.entries
    second.restore(earlier(again))
    await second.hear()
    assert publisher.taken == []
    journal.moment = NOW + timedelta(minutes=10)
    await second.hear()
    assert publisher.taken == [REFERRAL.id]


KINDS = """referral.drafted approval.given referral.published override.signed override.given
guard.decided dark.probed entry.expired entry.withdrawn rollback.proposed case.opened"""


@pytest.mark.parametrize("kind", KINDS.split())
@pytest.mark.parametrize("body", [{}, {"id": 5, "referral": [], "override": 7, "target": {}}])
async def test_a_strangers_record_stops_no_restart(
    kind: str, body: dict[str, Any], folder: Path
) -> None:
    _, ledger, _ = seated(Publisher(), folder)
    ledger.add(kind, body)
    publisher = Publisher()
    second, again, _ = seated(publisher, folder)
    again.entries = ledger.entries
    second.restore(earlier(again))
    for name in KEYS:
        again.write(signed(name))
    await second.hear()
    assert publisher.taken == [REFERRAL.id]
    assert [one.referral for one in filed_referrals(again)] == [REFERRAL]  # type: ignore[arg-type]


def test_a_case_goes_on_with_the_approvers_it_was_begun_with(folder: Path) -> None:
    _, ledger, _ = seated(Publisher(), folder)
    others = replace(MANDATE, approvers=(approver("A. Legal"),))
    assert signed_in(ledger, MANDATE, key=str(CASE)) == HERE  # type: ignore[arg-type]
    ledger.write(opened(others))
    with pytest.raises(InputError, match="other approvers"):
        signed_in(ledger, others, key=str(CASE))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lab": False}, "lab"),
        ({"collateral_budget": 10**9}, "collateral_budget"),
        ({"who": "Mallory Ltd"}, "who"),
        ({"orders": ()}, "orders"),
        ({"window": Window(start=MANDATE.window.start, end=END + timedelta(days=9))}, "end"),
    ],
)
def test_a_case_goes_on_under_the_terms_it_was_begun_with_signed_or_not(
    change: dict[str, Any], named: str, folder: Path
) -> None:
    _, ledger, _ = seated(Publisher(), folder)
    ledger.write(opened(MANDATE))
    assert signed_in(ledger, MANDATE, key=str(CASE)) == HERE  # type: ignore[arg-type]
    with pytest.raises(InputError, match=f"another mandate.* differs from it in: {named}"):
        signed_in(ledger, replace(MANDATE, **change), key=str(CASE))  # type: ignore[arg-type]


async def test_who_had_not_taken_the_list_before_a_restart_is_asked_after_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = Intermediary(name="isp-2", territory="FR", list_url="http://isp-2.example/list")
    both = replace(MANDATE, intermediaries=(*MANDATE.intermediaries, second))
    monkeypatch.setattr(f"{__name__}.MANDATE", both)
    monkeypatch.setattr(f"{__name__}.HERE", replace(HERE, mandate=terms_digest(both)))
    first, ledger, _ = seated(Publisher(), folder)
    for name in KEYS:
        ledger.write(signed(name))
    await first.hear()
    entries = [
        entry
        for entry in ledger.entries
        if not (entry.record.kind == "referral.published"
                and entry.record.body["intermediary"] == "isp-2")
    ]  # fmt: skip
    publisher = Publisher()
    later, again, _ = seated(publisher, folder)
    again.entries = entries
    later.restore(earlier(again))
    await later.hear()
    assert {envelope.to.name for envelope in publisher.sent} == {"isp", "isp-2"}


def granted(**more: Any) -> ComplaintDecided:
    target = "edge.pirate.example"
    given = {"complaint": "C-0123456789ab", "granted": True, "target": target} | more
    return ComplaintDecided(by="A. Legal", why="a shop", referrals=(REFERRAL.id,), at=NOW, **given)


async def test_a_granted_complaint_takes_the_target_off_the_next_version_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Publisher()
    intervener, ledger, journal = seated(publisher, folder)
    ledger.write(signed("A. Legal"))
    ledger.write(signed("B. Duty"))
    await intervener.hear()
    assert publisher.sent[-1].version.targets == {"edge.pirate.example"}
    journal.moment += timedelta(seconds=1)
    ledger.write(granted(granted=False, target=None))
    await intervener.hear()
    assert len(publisher.sent) == 1
    ledger.write(granted())
    sent_before = list[int]()
    ready = intervener._filing.ready

    def judged_next() -> Iterator[Any]:
        sent_before.append(len(publisher.sent))
        return ready()

    monkeypatch.setattr(intervener._filing, "ready", judged_next)
    await intervener.hear()
    assert publisher.sent[-1].version.targets == frozenset()
    assert sent_before == [len(publisher.sent)] == [2]  # before anything else is judged
    [withdrawn] = records(ledger, EntryWithdrawn)
    assert [reason.code for reason in withdrawn.reasons] == ["complaint"]
    assert withdrawn.published == ("isp",)
    await intervener.hear()
    assert len(records(ledger, EntryWithdrawn)) == 1


async def test_a_complaint_granted_while_no_watch_ran_counts_at_the_next_start(
    folder: Path,
) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder)
    ledger.write(signed("A. Legal"))
    ledger.write(signed("B. Duty"))
    await intervener.hear()
    ledger.write(granted())
    second, again, _ = seated(publisher, folder)
    again.entries = ledger.entries
    second.restore(earlier(again))
    await second.hear()
    assert publisher.sent[-1].version.targets == frozenset()
    assert len(records(again, EntryWithdrawn)) == 1


# -- rules of law that people confirm -------------------------------------------------------------

OUTSIDE = replace(MANDATE, lab=False, orders=(replace(MANDATE.orders[0], kind=OrderKind.STANDING),))
UNVERIFIED, *OTHERS = unconfirmed(rules_for("FR", OrderKind.STANDING), {})


def confirmed(source: str = "JO of 1 December", rule: Rule = UNVERIFIED) -> RuleConfirmation:
    name = "A. Legal"
    return confirm_rule(
        rule, mandate="m", source=source, approver=approver(name), key=KEYS[name], at=NOW
    )


def approvals_under(mandate: Mandate) -> list[ApprovalGiven]:
    subject = list_subject(REFERRAL, mandate.orders[0])
    return [
        ApprovalGiven.of(
            REFERRAL.id,
            sign(subject, approver=approver(name), key=key, at=NOW, signed_for=HERE),
        )
        for name, key in KEYS.items()
    ]


async def test_a_rule_that_is_confirmed_while_a_watch_runs_lets_the_list_go(folder: Path) -> None:
    publisher, beside = Publisher(), list[RuleConfirmation]()
    intervener, ledger, journal = seated(publisher, folder, mandate=OUTSIDE, confirmations=beside)
    for approval in approvals_under(OUTSIDE):
        ledger.write(approval)
    for _ in range(2):
        await intervener.hear()
    assert publisher.taken == []
    assert len(journal.failures) == 1
    assert f"the rule '{UNVERIFIED.id}'" in journal.failures[0]
    beside.append(confirmed())
    for _ in range(3):
        await intervener.hear()
    assert publisher.taken == []
    assert f"the rule '{OTHERS[0].id}'" in journal.failures[-1]
    beside += [confirmed(rule=rule) for rule in OTHERS]
    for _ in range(3):
        await intervener.hear()
    assert publisher.taken == [REFERRAL.id]
    records = [entry.content for entry in ledger.read(kinds=("rule.confirmed",))]
    assert records == beside
    sources = {rule.id: "JO of 1 December" for rule in (UNVERIFIED, *OTHERS)}
    assert confirmed_in(ledger, OUTSIDE) == sources  # type: ignore[arg-type]


async def test_a_confirmation_that_anybody_appends_to_a_case_confirms_nothing(
    folder: Path,
) -> None:
    publisher = Publisher()
    intervener, ledger, _ = seated(publisher, folder, mandate=OUTSIDE)
    ledger.write(replace(confirmed(), source="I say so"))
    for approval in approvals_under(OUTSIDE):
        ledger.write(approval)
    await intervener.hear()
    assert publisher.taken == []
    assert confirmed_in(ledger, OUTSIDE) == {}  # type: ignore[arg-type]


async def test_a_broken_file_of_confirmations_is_one_failure_and_takes_none_away(
    folder: Path,
) -> None:
    ledger = Ledger()
    journal = Journal(ledger)
    answers: list[Any] = [(confirmed(),), InputError("broken"), InputError("broken"), ()]

    def read() -> Sequence[RuleConfirmation]:
        answer = answers.pop(0)
        if isinstance(answer, InputError):
            raise answer
        return answer  # type: ignore[no-any-return]

    confirming = Confirming(OUTSIDE, read, ledger=ledger, journal=journal)  # type: ignore[arg-type]
    looks = [(confirming.look(), dict(confirming.confirmed)) for _ in range(4)]
    rule = {UNVERIFIED.id: "JO of 1 December"}
    assert looks == [(True, rule), (False, rule), (False, rule), (False, {})]
    assert journal.failures == ["confirmation mandate: broken"]
