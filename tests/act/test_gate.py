"""Where approvals become what leaves, decoys are left out, and nobody is let out unasked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pytest
from tests.lists import (
    KEYS,
    MANDATE,
    NOW,
    ORDER,
    PEOPLE,
    READ,
    TRUSTED,
    CaseKey,
    entry,
    referral,
)

from cautery.act import ListTrust, StandingList, approve, list_subject, read_list, sign
from cautery.act.approved import let_out
from cautery.act.block_list import id_of_key
from cautery.errors import ApprovalError, UnaskedError
from cautery.model import (
    DecoysPolicy,
    Digest,
    Intermediary,
    Mandate,
    Notice,
    OwnLocation,
    Referral,
    SignedFor,
)

from .planted_notices import MANDATE as OF_NOTICES
from .planted_notices import good

POLICY = DecoysPolicy(
    sealed=OwnLocation("/night/sealed.json"),
    keeper="https://keeper.example/",
    planner="A" * 43 + "=",
    own=("own.example", "192.0.2.0/24"),
)
TESTED = replace(MANDATE, decoys=POLICY)
KEY = CaseKey()
ISP = Intermediary(name="isp-fr", territory="FR")


class Asked:
    """A gate whose keeper has answered: these targets are decoys."""

    def __init__(self, decoys: Collection[str] = ()) -> None:
        self._decoys = frozenset(decoys)

    def void(self, act: Referral | Notice) -> frozenset[str]:
        if isinstance(act, Notice):
            return self._decoys & {url.url for url in act.urls}
        return self._decoys & {each.target for each in act.entries}


class Unasked:
    """A gate whose keeper has answered nothing."""

    def void(self, act: Referral | Notice) -> frozenset[str]:
        raise UnaskedError(act.id)


def approved(subject: Referral, gate: Asked | Unasked | None, mandate: Mandate = TESTED):  # type: ignore[no-untyped-def]
    here = SignedFor(case=id_of_key(KEY.public), mandate=Digest("sha256:" + "0" * 64))
    approvals = [
        sign(list_subject(subject, ORDER), approver=person, key=key, at=NOW, signed_for=here)
        for person, key in zip(PEOPLE, KEYS, strict=True)
    ]
    return approve(
        subject, approvals, mandate=mandate, signed_for=here, now=NOW, confirmed=READ, gate=gate
    )


def test_under_a_mandate_with_decoys_nothing_leaves_that_nobody_asked_about() -> None:
    subject = referral(entry("a.example"))
    for gate in (None, Unasked()):
        with pytest.raises(UnaskedError):
            approved(subject, gate)
    assert approved(subject, None, MANDATE).void == frozenset()
    assert approved(subject, Asked()).void == frozenset()


def test_a_decoy_is_off_the_list_from_its_first_version_and_the_others_are_on_it() -> None:
    subject = referral(entry("a.example"), entry("decoy.example"))
    standing = StandingList(key=KEY.public, to=ISP)
    standing.add(approved(subject, Asked({"decoy.example"})), ORDER)
    version = standing.next_version(NOW)
    assert version.targets == {"a.example"}
    signed = standing.signed(version, KEY.sign_list(version.text))
    trust = ListTrust(provider="isp-fr", territory="FR", approvers=TRUSTED)
    taken = read_list(signed.body(), trust, now=NOW)
    assert [each.target for each in taken.entries] == ["a.example"]


def test_a_referral_of_decoys_alone_does_not_leave() -> None:
    with pytest.raises(ApprovalError, match="all its targets were opened as decoys"):
        approved(referral(entry("decoy.example")), Asked({"decoy.example"}))


def test_a_notice_that_names_a_decoy_does_not_leave_at_all() -> None:
    """People signed its text as a whole: nobody signed the rest."""
    notice = good(1).notice
    decoy = notice.urls[0].url
    tested = replace(OF_NOTICES, decoys=POLICY)
    with pytest.raises(ApprovalError, match="was opened as a decoy"):
        let_out(notice, (), at=NOW, mandate=tested, gate=Asked({decoy}))
    with pytest.raises(UnaskedError):
        let_out(notice, (), at=NOW, mandate=tested, gate=None)
    assert let_out(notice, (), at=NOW, mandate=tested, gate=Asked()).subject is notice


def test_what_is_void_cannot_be_taken_back() -> None:
    subject = approved(referral(entry("a.example"), entry("decoy.example")), Asked({"a.example"}))
    with pytest.raises(ApprovalError, match="cannot be changed"):
        subject.void = frozenset()
