"""Approvals by passkeys: which count, offline, and which do not."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.lists import KEYS, MANDATE, NOW, ORDER, PEOPLE
from tests.passkeys import (
    CHIEF,
    LEGAL,
    NO_PASSKEY,
    OTHER,
    PASSKEYS,
    REFUSED,
    SUBJECT,
    A,
    B,
    Device,
    approval,
    approve,
    assertion,
    cose,
    here,
)
from webauthn import verify_authentication_response
from webauthn.helpers.exceptions import WebAuthnException

from cautery.act import approver_key, list_subject, sign, terms_of
from cautery.act.signatures import check_signature, statement_of
from cautery.errors import ApprovalError, EvidenceError
from cautery.evidence.restoring import approvers_in, require_two_people, restore_text
from cautery.model import Approval, from_json, to_json
from cautery.model.signing_keys import challenge_of
from cautery.public_keys import passkey_in


def test_two_passkeys_approve_a_referral() -> None:
    approved = approve(approval(A, LEGAL), approval(B, CHIEF))
    assert [each.approver for each in approved.approvals] == ["A", "B"]


def test_a_passkey_approves_beside_the_key_of_a_file() -> None:
    mandate = replace(MANDATE, approvers=(A, PEOPLE[1]))
    digest = list_subject(SUBJECT, ORDER)
    by_file = sign(digest, approver=PEOPLE[1], key=KEYS[1], at=NOW, signed_for=here())
    approved = approve(approval(A, LEGAL), by_file, mandate=mandate)
    assert len(approved.approvals) == 2


def test_an_approval_by_a_passkey_survives_the_ledger() -> None:
    given = approval(A, LEGAL)
    again = from_json(Approval, json.loads(json.dumps(to_json(given))))
    assert again == given
    approve(again, approval(B, CHIEF))


def test_the_terms_that_are_signed_name_the_passkey_with_its_room() -> None:
    named = terms_of(PASSKEYS)["approvers"][0]["public_key"]
    assert named == LEGAL.text
    for part in ("https://room.example", "p-000000000001", base64.b64encode(b"\1" * 16).decode()):
        assert part in named.split(" ")


@pytest.mark.parametrize(("how", "match"), REFUSED.values(), ids=REFUSED)
def test_an_answer_that_is_not_this_persons_to_this_act_is_refused(
    how: dict[str, Any], match: str
) -> None:
    how = dict(how)
    signed = approval(A, LEGAL, **how)
    bad = replace(signed, subject=list_subject(SUBJECT, ORDER))
    with pytest.raises(ApprovalError, match=match):
        approve(bad, approval(B, CHIEF))


def test_a_member_that_stands_twice_is_refused() -> None:
    unsigned = replace(approval(A, LEGAL), signature="")
    text = statement_of(unsigned)
    data, client, _ = LEGAL.answer(challenge_of(text))
    twice = client[:-1] + b',"origin":"https://room.example"}'
    bad = replace(unsigned, signature=LEGAL.signature(text, client=twice))
    with pytest.raises(ApprovalError, match="names something twice"):
        approve(bad, approval(B, CHIEF))
    assert len(data) == 37


def test_an_answer_to_one_act_is_none_to_another_one() -> None:
    """Kept and sent again: the statement names act, person, case and mandate, and is the challenge."""
    kept = approval(A, LEGAL, subject=OTHER)
    with pytest.raises(ApprovalError, match="another text"):
        approve(replace(kept, subject=list_subject(SUBJECT, ORDER)), approval(B, CHIEF))
    for change in ({"at": NOW.replace(minute=49)}, {"signed_for": replace(here(), list="0" * 16)}):
        changed = replace(approval(A, LEGAL), **change)
        elsewhere = changed.signed_for
        with pytest.raises(ApprovalError, match="another text"):
            check_signature(
                changed,
                what="it",
                subject=changed.subject,
                mandate=PASSKEYS,
                signed_for=elsewhere or here(),
            )


def test_one_persons_passkey_is_not_anothers() -> None:
    with pytest.raises(ApprovalError, match="not of this passkey"):
        approve(approval(A, CHIEF), approval(B, CHIEF))


def test_a_changed_byte_of_any_part_is_refused() -> None:
    given = approval(A, LEGAL)
    word, *parts = given.signature.split(" ")
    for place, part in enumerate(parts):
        raw = bytearray(base64.b64decode(part))
        raw[-1] ^= 1
        changed = [*parts]
        changed[place] = base64.b64encode(raw).decode()
        bad = replace(given, signature=" ".join((word, *changed)))
        with pytest.raises(ApprovalError, match="does not verify"):
            approve(bad, approval(B, CHIEF))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text + " ",
        lambda text: text.replace(" ", "  "),
        lambda text: text.replace("passkey/1", "passkey/2"),
        lambda text: text.rsplit(" ", 1)[0],
        lambda text: text.rsplit(" ", 1)[1],
        lambda _: "",
    ],
)
def test_an_answer_in_another_spelling_is_refused(spoil: Any) -> None:
    given = approval(A, LEGAL)
    with pytest.raises(ApprovalError, match="does not verify"):
        approve(replace(given, signature=spoil(given.signature)), approval(B, CHIEF))


@pytest.mark.parametrize(
    "second",
    [
        Device.of(2, account=LEGAL.account),
        Device.of(2, credential=LEGAL.credential),
        Device.of(1, account="p-ffffffffffff", credential=b"another"),
    ],
    ids=["account", "credential", "key"],
)
def test_a_second_passkey_of_one_person_is_no_second_person(second: Device) -> None:
    mandate = replace(MANDATE, approvers=(A, replace(B, public_key=second.text)))
    with pytest.raises(ApprovalError, match="1 of 2 people"):
        approve(approval(A, LEGAL), approval(B, second), mandate=mandate)


def test_one_ed25519_key_as_a_passkey_and_as_a_file_is_one_person() -> None:
    device = Device(key=KEYS[1])
    mandate = replace(MANDATE, approvers=(replace(A, public_key=device.text), PEOPLE[1]))
    digest = list_subject(SUBJECT, ORDER)
    by_file = sign(digest, approver=PEOPLE[1], key=KEYS[1], at=NOW, signed_for=here())
    with pytest.raises(ApprovalError, match="1 of 2 people"):
        approve(approval(A, device), by_file, mandate=mandate)


def test_a_key_file_signs_for_nobody_who_has_a_passkey() -> None:
    with pytest.raises(ApprovalError, match="A signs with a passkey"):
        sign(list_subject(SUBJECT, ORDER), approver=A, key=KEYS[0], at=NOW, signed_for=here())


@pytest.mark.parametrize(("place", "word"), NO_PASSKEY)
def test_a_text_that_names_no_passkey_is_refused(place: int, word: str) -> None:
    words = LEGAL.text.split(" ")
    text = " ".join((*words[:place], word, *words[place + 1 :]))
    with pytest.raises(ApprovalError, match="not a passkey"):
        approver_key(replace(A, public_key=text))


def test_nobody_takes_a_case_back_by_a_key_file_in_the_name_of_a_passkey() -> None:
    rows = [to_json(each) for each in (A, B)]
    opened = json.dumps({"kind": "case.opened", "body": {"mandate": {"approvers": rows}}}).encode()
    assert approvers_in(opened) == {"A": LEGAL.text, "B": CHIEF.text}
    text = restore_text("0" * 16, last=(2, bytes(32)), to=(1, bytes(32)), at="2026-11-24T00:00:00Z", why="x")  # fmt: skip
    signatures = [
        (name, key.public_key().public_bytes_raw().hex(), key.sign(text.encode()).hex())
        for name, key in zip("AB", KEYS, strict=True)
    ]
    with pytest.raises(EvidenceError, match="not an approver of this case with this key"):
        require_two_people(text, signatures, opened=opened)


@pytest.mark.parametrize(
    "device", [LEGAL, Device(key=Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32))]
)
@pytest.mark.parametrize("how", [{}, *(how for how, _ in REFUSED.values() if "subject" not in how)])
def test_what_counts_here_counts_for_the_library_too(device: Device, how: dict[str, Any]) -> None:
    """py_webauthn judges the same answers; of frames and synced passkeys it says nothing itself."""
    text = b"statement"
    try:
        approver_key(replace(A, public_key=device.text)).verify(device.signature(text, **how), text)
        counts = True
    except ValueError:
        counts = False
    try:
        verify_authentication_response(
            credential=assertion(device, challenge_of(text), **how),
            expected_challenge=challenge_of(text),
            expected_rp_id="room.example",
            expected_origin=passkey_in(device.text).origin,
            credential_public_key=cose(device),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        library = True
    except WebAuthnException:
        library = False
    assert counts == (how == {})
    assert library or not counts
