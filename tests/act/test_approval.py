import base64
import copy
import json
import pickle
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import cautery
from cautery import act
from cautery.act import (
    Approved,
    check_signature,
    digest,
    draft,
    list_subject,
    public_key,
    sign,
    terms_digest,
)
from cautery.act.rules import UNVERIFIED, Rule, require_confirmed, rules_for, unconfirmed
from cautery.act.signatures import statement_of
from cautery.errors import ApprovalError, InputError
from cautery.messages import message
from cautery.model import (
    ActionPlan,
    Approval,
    Approver,
    Collateral,
    CourtOrder,
    Decision,
    Event,
    ExhibitId,
    GuardVerdict,
    Intervention,
    Lever,
    Mandate,
    Reason,
    Referral,
    Regime,
    SignedFor,
    Window,
    digest_of,
    from_json,
    has_own_id,
    referral_id,
    to_json,
)
from cautery.model.message import as_written

NOW = datetime(2026, 11, 24, 20, 50, tzinfo=UTC)
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32)
    for n, name in enumerate(("A. Legal", "B. Chief", "Mallory"))
}
EXHIBIT = ExhibitId("sha256:" + "0" * 64)
EVENT = Event(id="home-away", name="Home v Away", kick_off=NOW, legal_basis="rights 2026/27")


READ = {rule.id: "read on 24 November" for rule in unconfirmed(rules_for("FR"), {})}
"""What an approver of the mandate below has confirmed."""


def approve(*given, confirmed=READ, **more):
    return act.approve(*given, confirmed=confirmed, **more)


def raw(name):
    return base64.b64encode(KEYS[name].public_key().public_bytes_raw()).decode()


def pem(name):
    return (
        KEYS[name]
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


LEGAL = Approver(name="A. Legal", role="legal", public_key=raw("A. Legal"))
CHIEF = Approver(name="B. Chief", role="operations", public_key=pem("B. Chief"))
ORDER = CourtOrder(
    id="TJ-2026-118",
    authority="Tribunal judiciaire de Paris",
    territory="FR",
    window=Window(start=NOW - timedelta(days=90), end=NOW + timedelta(days=180)),
    targets_rule="services not yet identified, during the calendar's matches",
)
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=Window(start=NOW - timedelta(minutes=20), end=NOW + timedelta(hours=2)),
    territories=("FR",),
    events=(EVENT,),
    orders=(ORDER,),
    approvers=(LEGAL, CHIEF),
)


HERE = SignedFor(case="0123456789abcdef", mandate=terms_digest(MANDATE))


def verdict(target="edge.pirate.example", decision=Decision.ALLOW, hours=1.0, lever=Lever.NAME):
    return GuardVerdict(
        target=target,
        lever=lever,
        decision=decision,
        collateral=Collateral(high=0),
        reasons=(Reason(code="own-name", text=as_written("its own name")),),
        valid_until=NOW + timedelta(hours=hours),
    )


def plan(*verdicts):
    chosen = tuple(
        Intervention(
            target=one.target, lever=one.lever, streams=("http://s/1",), cost=1.0, guard=one
        )
        for one in verdicts
    )
    return ActionPlan(
        chosen=chosen,
        refused=(),
        served_before=1,
        served_after=0,
        cost=1,
        bound=1,
        seed=0,
        method=as_written("t"),
    )


def referral(*verdicts, window=MANDATE.window, order=ORDER):
    return draft(
        plan(*(verdicts or (verdict(),))),
        order=order,
        event=EVENT,
        window=window,
        at=NOW,
        exhibits={"http://s/1": (EXHIBIT,)},
    )


def signed(subject, *people, at=NOW):
    by = {"A. Legal": LEGAL, "B. Chief": CHIEF}
    return [
        sign(list_subject(subject, ORDER), approver=by[one], key=KEYS[one], at=at, signed_for=HERE)
        for one in people
    ]


def refuse(subject, approvals, match, *, mandate=MANDATE, signed_for=HERE, now=NOW):
    with pytest.raises(ApprovalError, match=match):
        approve(subject, approvals, mandate=mandate, signed_for=HERE, now=now)


def test_two_people_with_keys_in_pem_and_raw_approve_a_referral():
    subject = referral()
    approved = approve(
        subject, signed(subject, "A. Legal", "B. Chief"), mandate=MANDATE, signed_for=HERE, now=NOW
    )
    assert approved.subject is subject
    assert {one.approver for one in approved.approvals} == {"A. Legal", "B. Chief"}


def test_a_key_is_the_same_in_der_in_pem_and_raw():
    der = (
        KEYS["A. Legal"].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    texts = (raw("A. Legal"), pem("A. Legal"), base64.b64encode(der).decode())
    found = {public_key(replace(LEGAL, public_key=text)).public_bytes_raw() for text in texts}
    assert found == {KEYS["A. Legal"].public_key().public_bytes_raw()}


def test_a_key_of_another_kind_is_refused_in_der_as_in_pem():
    other = X25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    der = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for given in (base64.b64encode(der).decode(), text):
        with pytest.raises(ApprovalError, match="not an Ed25519 key"):
            public_key(replace(LEGAL, public_key=given))


def test_a_key_with_anything_beside_it_is_refused():
    for text in (f"{pem('A. Legal')}# A. Legal", pem("A. Legal") * 2):
        with pytest.raises(ApprovalError, match="not an Ed25519 key"):
            public_key(replace(LEGAL, public_key=text))


def test_one_person_is_not_enough_however_often_they_sign():
    subject = referral()
    refuse(subject, signed(subject, "A. Legal", "A. Legal"), "1 of 2 people")
    refuse(subject, [], "0 of 2 people")


def test_two_names_with_one_key_are_one_person():
    twin = Approver(name="Twin", role="legal", public_key=raw("A. Legal"))
    mandate = replace(MANDATE, approvers=(LEGAL, twin))
    subject = referral()
    approvals = [
        sign(
            list_subject(subject, ORDER),
            approver=one,
            key=KEYS["A. Legal"],
            at=NOW,
            signed_for=HERE,
        )
        for one in (LEGAL, twin)
    ]
    refuse(subject, approvals, "of 2 people", mandate=mandate)


def test_a_signature_over_another_referral_does_not_count():
    subject, other = referral(), referral(verdict("other.example"))
    refuse(subject, signed(other, "A. Legal", "B. Chief"), "signed another text")


def test_a_referral_changed_after_signing_is_refused():
    subject = referral()
    approvals = signed(subject, "A. Legal", "B. Chief")
    changed = replace(subject, statement=subject.statement + "!")
    refuse(changed, approvals, "does not match the content")
    refuse(replace(changed, id=referral_id(changed)), approvals, "signed another text")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"signature": base64.b64encode(bytes(64)).decode()}, "does not verify"),
        ({"signature": "not base64"}, "does not verify"),
        ({"approver": "Mallory"}, "not an approver"),
        ({"approver": "A. Legal"}, "signed as"),
        ({"role": "legal"}, "signed as"),
        ({"at": NOW - timedelta(minutes=1)}, "does not verify"),
    ],
)
def test_a_forged_approval_spoils_all(change, match):
    subject = referral()
    good, bad = signed(subject, "A. Legal", "B. Chief")
    refuse(subject, [good, replace(bad, **change)], match)


@pytest.mark.parametrize("bits", range(1, 16))
def test_a_signature_in_another_spelling_is_refused_here_as_where_the_list_is_received(bits: int):
    """Base64 of 64 bytes has four bits to spare, and one odd signature spoils a provider's list."""
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    subject = referral()
    good, other = signed(subject, "A. Legal", "B. Chief")
    text = good.signature
    odd = text[:85] + letters[letters.index(text[85]) ^ bits] + "=="
    assert base64.b64decode(odd) == base64.b64decode(text)
    refuse(subject, [replace(good, signature=odd), other], "one spelling")


def test_an_approval_of_the_future_or_of_yesterday_is_refused():
    subject = referral()
    refuse(subject, signed(subject, "A. Legal", "B. Chief", at=NOW + timedelta(hours=1)), "future")
    refuse(subject, signed(subject, "A. Legal", "B. Chief", at=NOW - timedelta(days=2)), "older")


def test_nobody_signs_with_another_persons_key():
    with pytest.raises(ApprovalError, match=r"not the key of A\. Legal"):
        sign(digest(referral()), approver=LEGAL, key=KEYS["Mallory"], at=NOW, signed_for=HERE)


def test_a_public_key_that_is_none_is_told_with_the_name():
    broken = Approver(name="A. Legal", role="legal", public_key="c2hvcnQ=")
    subject = referral()
    refuse(
        subject,
        signed(subject, "A. Legal", "B. Chief"),
        r"A\. Legal: public_key",
        mandate=replace(MANDATE, approvers=(broken, CHIEF)),
    )


@pytest.mark.parametrize("decision", [Decision.REFUSE, Decision.NARROW])
def test_what_the_guard_does_not_allow_cannot_be_approved(decision):
    subject = referral(verdict(decision=decision))
    refuse(subject, signed(subject, "A. Legal", "B. Chief"), f"guard says {decision.value}")


def test_a_verdict_about_something_else_cannot_be_slipped_in():
    subject = referral()
    entry = replace(subject.entries[0], target="hospital.example")
    forged = replace(subject, entries=(entry,))
    forged = replace(forged, id=referral_id(forged))
    refuse(forged, signed(forged, "A. Legal", "B. Chief"), "verdict is about")


def test_a_stale_verdict_is_asked_anew():
    subject = referral()
    late = NOW + timedelta(minutes=61)
    refuse(subject, signed(subject, "A. Legal", "B. Chief"), "verdict ended", now=late)


def test_an_order_that_is_unknown_or_over_gives_no_authority():
    subject = referral()
    approvals = signed(subject, "A. Legal", "B. Chief")
    refuse(subject, approvals, "registers no order", mandate=replace(MANDATE, orders=()))
    over = replace(ORDER, window=Window(start=NOW - timedelta(days=9), end=NOW - timedelta(days=1)))
    refuse(subject, approvals, "not in force", mandate=replace(MANDATE, orders=(over,)))
    elsewhere = replace(subject, territory="IT")
    elsewhere = replace(elsewhere, id=referral_id(elsewhere))
    both = replace(MANDATE, territories=("FR", "IT"))
    refuse(elsewhere, signed(elsewhere, "A. Legal", "B. Chief"), "not in force in IT", mandate=both)


def test_nothing_is_blocked_in_a_territory_that_the_mandate_does_not_cover():
    subject = referral()
    approvals = signed(subject, "A. Legal", "B. Chief")
    abroad = replace(MANDATE, territories=("IT", "ES"))
    refuse(subject, approvals, "for FR, which the mandate does not cover", mandate=abroad)
    assert approve(
        subject,
        approvals,
        mandate=replace(MANDATE, territories=("it", "fr")),
        signed_for=HERE,
        now=NOW,
    )


def test_only_what_checks_an_act_lets_it_out():
    source = Path(cautery.__file__).parent
    callers = {
        file.relative_to(source).as_posix()
        for file in source.rglob("*.py")
        if "let_out(" in file.read_text(encoding="utf-8")
    }
    assert callers == {"act/approved.py", "act/approval.py", "act/notice_approval.py"}


def test_only_approve_makes_an_approved_and_nothing_changes_it():
    with pytest.raises(ApprovalError, match="only approve"):
        Approved(referral(), (), NOW)
    subject = referral()
    approved = approve(
        subject, signed(subject, "A. Legal", "B. Chief"), mandate=MANDATE, signed_for=HERE, now=NOW
    )
    with pytest.raises(ApprovalError):
        approved._subject = referral(verdict("hospital.example"))
    for copier in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(ApprovalError):
            copier(approved)


def test_the_digest_survives_json():
    subject = referral()
    assert digest(from_json(type(subject), to_json(subject))) == digest(subject)


def test_a_reason_by_its_id_is_signed_and_survives_json():
    reasons = (Reason(code="own-name", text=message("guard.own-name", name="edge.example")),)
    subject = referral(replace(verdict(), reasons=reasons))
    assert from_json(Referral, json.loads(rfc8785.dumps(to_json(subject)))) == subject
    assert "edge.example is neither popular" in subject.statement


def test_a_referral_of_an_older_version_keeps_its_id_and_its_signatures():
    """Its reasons are texts: they are read, and written again as the same JSON."""

    def signed_then() -> str:
        return digest_of(rfc8785.dumps({"type": "Referral", "body": body}))

    body = to_json(referral())
    body["entries"][0]["guard"]["reasons"][0]["text"] = "a name of its own: 100 % dedicated"
    body["id"] = ""
    body["id"] = "R-" + signed_then().removeprefix("sha256:")[:12]
    subject = from_json(Referral, body)
    assert to_json(subject) == body
    assert has_own_id(subject)
    assert digest(subject) == signed_then()
    approvals = signed(subject, "A. Legal", "B. Chief")
    assert approve(subject, approvals, mandate=MANDATE, signed_for=HERE, now=NOW)


def test_entries_end_with_the_first_of_guard_window_and_order():
    short = Window(start=NOW, end=NOW + timedelta(minutes=30))
    assert referral(window=short).entries[0].valid_until == short.end
    assert referral().entries[0].valid_until == NOW + timedelta(hours=1)
    ending = replace(
        ORDER, window=Window(start=NOW - timedelta(days=1), end=NOW + timedelta(minutes=5))
    )
    assert referral(order=ending).entries[0].valid_until == ending.window.end


def test_the_statement_cites_order_event_exhibits_and_the_guard():
    said = referral().statement
    for part in ("TJ-2026-118", "Home v Away", EXHIBIT, "its own name", "bystanders 0"):
        assert part in said


def test_a_target_without_an_exhibit_is_not_referred():
    with pytest.raises(InputError, match="no exhibit"):
        draft(plan(verdict()), order=ORDER, event=EVENT, window=MANDATE.window, at=NOW, exhibits={})


def test_nothing_is_drafted_after_the_window_or_outside_the_order():
    late = NOW + timedelta(hours=3)
    with pytest.raises(InputError, match="window ended"):
        draft(
            plan(verdict()), order=ORDER, event=EVENT, window=MANDATE.window, at=late, exhibits={}
        )
    with pytest.raises(ApprovalError, match="not in force"):
        draft(
            plan(verdict()),
            order=ORDER,
            event=EVENT,
            window=MANDATE.window,
            at=NOW + timedelta(days=999),
            exhibits={},
        )


@pytest.mark.parametrize("rule", sorted(READ))
def test_a_referral_waits_for_each_unverified_rule_that_it_relies_on(rule):
    subject = referral()
    approvals = signed(subject, "A. Legal", "B. Chief")
    but_one = {id_: source for id_, source in READ.items() if id_ != rule}
    given = {"mandate": MANDATE, "signed_for": HERE, "now": NOW}
    with pytest.raises(ApprovalError, match=f"the rule '{rule}'"):
        approve(subject, approvals, confirmed=but_one, **given)
    assert approve(subject, approvals, **given).subject is subject


def test_the_rules_of_a_referral_are_about_all_that_a_list_and_a_complaint_need():
    assert set(READ) == {
        *("fr-method", "fr-complaint", "fr-release", "fr-secret"),
        *("fr-decide-live", "fr-stale-live-address"),
    }
    subject = referral()
    with pytest.raises(ApprovalError, match="not verified; nor are 'fr-complaint', 'fr-release'"):
        approve(
            subject,
            signed(subject, "A. Legal", "B. Chief"),
            mandate=MANDATE,
            signed_for=HERE,
            now=NOW,
            confirmed={},
        )


def test_an_unverified_rule_holds_in_the_lab_or_when_confirmed_with_a_source():
    rule = rules_for("XX")[0]
    assert rule.mark == UNVERIFIED
    require_confirmed(rule, lab=True, confirmed={})
    require_confirmed(rule, lab=False, confirmed={rule.id: "Official Journal, p. 3"})
    with pytest.raises(ApprovalError, match="not verified"):
        require_confirmed(rule, lab=False, confirmed={rule.id: " "})
    require_confirmed(Rule(id="r", territory="FR", text="t", mark="S1"), lab=False, confirmed={})


@pytest.fixture
def earlier():
    """A referral and its approvals as version 0.1.0 signed them: for no case that they name."""
    path = Path(__file__).parent / "assets/referral_signed_for_no_case.json"
    said = json.loads(path.read_text())
    return from_json(Referral, said["referral"]), from_json(tuple[Approval, ...], said["approvals"])


def test_what_an_earlier_version_signed_is_read_and_checked(earlier):
    subject, approvals = earlier
    assert has_own_id(subject)
    signers = [
        check_signature(
            one, what="it", subject=digest(subject), mandate=MANDATE, signed_for=HERE
        ).name
        for one in approvals
    ]
    assert signers == ["A. Legal", "B. Chief"]


def test_a_signature_that_names_no_case_lets_nothing_go(earlier):
    subject, approvals = earlier
    refuse(subject, approvals, "signed another text")


def test_a_signature_over_the_list_that_names_no_case_lets_nothing_go():
    subject = referral()
    unsigned = [
        Approval(
            subject=list_subject(subject, ORDER),
            approver=person.name,
            role=person.role,
            at=NOW,
            signature="",
        )
        for person in (LEGAL, CHIEF)
    ]
    approvals = [
        replace(
            approval,
            signature=base64.b64encode(
                KEYS[approval.approver].sign(statement_of(approval))
            ).decode(),
        )
        for approval in unsigned
    ]
    refuse(subject, approvals, "does not say for which case")


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(HERE, case="f" * 16),
        replace(HERE, mandate=digest_of(b"another")),
    ],
)
def test_a_signature_for_another_case_or_mandate_lets_nothing_go(elsewhere):
    subject = referral()
    approvals = [
        sign(
            list_subject(subject, ORDER),
            approver=one,
            key=KEYS[one.name],
            at=NOW,
            signed_for=elsewhere,
        )
        for one in (LEGAL, CHIEF)
    ]
    refuse(subject, approvals, "another case")
    moved = [replace(one, signed_for=HERE) for one in approvals]
    refuse(subject, moved, "does not verify")


def test_a_referral_has_its_id_from_all_that_it_says():
    subject = referral()
    assert subject.id == referral_id(subject)
    for change in ({"statement": "x"}, {"territory": "IT"}, {"entries": ()}, {"event": None}):
        assert not has_own_id(replace(subject, **change))
