"""Block lists in tests: two people, an order, and the key of a case, in this process."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import (
    Approved,
    Envelope,
    StandingList,
    approve,
    list_subject,
    rules_for,
    sign,
)
from cautery.act.block_list import id_of_key
from cautery.act.rules import unconfirmed
from cautery.evidence.signing import ListHead, require_next_list, verifier_key
from cautery.model import (
    Approver,
    BlockEntry,
    Channel,
    CourtOrder,
    Decision,
    Digest,
    ExhibitId,
    GuardVerdict,
    Intermediary,
    Lever,
    Mandate,
    Reason,
    Referral,
    Regime,
    SignedFor,
    Window,
    referral_id,
)
from cautery.model.message import as_written
from cautery.model.signing_keys import FileKey

NOW = datetime(2026, 11, 24, 20, 50, tzinfo=UTC)
WINDOW = Window(start=NOW - timedelta(minutes=20), end=NOW + timedelta(hours=2))
KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2)]
RAW = [key.public_key().public_bytes_raw() for key in KEYS]
TRUSTED = [FileKey(raw) for raw in RAW]
PEOPLE = tuple(
    Approver(name=name, role="legal", public_key=base64.b64encode(raw).decode())
    for name, raw in zip("AB", RAW, strict=True)
)
READ = {rule.id: "read today" for rule in unconfirmed(rules_for("FR"), {})}
"""What an approver of the mandate below has confirmed."""
ORDER = CourtOrder(id="O", authority="Court", territory="FR", window=WINDOW, targets_rule="r")
MANDATE = Mandate(
    id="m",
    who="League",
    regime=Regime.GDPR,
    legal_basis="rights",
    window=WINDOW,
    territories=("FR",),
    channels=(Channel(id="c", names=("C",), legal_basis="rights"),),
    orders=(ORDER,),
    approvers=PEOPLE,
)


class CaseKey:
    """Signs the versions of a case's lists, as the signer process does."""

    def __init__(self, seed: bytes = bytes(32)) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()
        self.key = verifier_key("cautery/case-1", self.public)
        self._heads: dict[str, ListHead] = {}

    def last_list(self, name: str) -> tuple[int, Digest, datetime] | None:
        """Return number, digest and date of the last version of a list."""
        head = self._heads.get(name)
        return head and (head[0], Digest(head[1]), datetime.fromisoformat(head[2]))

    def sign_list(self, text: str) -> str:
        """Return the signature over the next version."""
        name = text.partition('"list":"')[2][:14]
        name, head = require_next_list(text, key=self.public, last=self._heads.get(name))
        self._heads[name] = head
        return base64.b64encode(self._private.sign(text.encode())).decode()


def envelope(key: CaseKey, to: Intermediary, subject: Approved[Referral]) -> Envelope:
    """Return the first version of a list of one approved referral, made when it was approved."""
    standing = StandingList(key=key.public, to=to)
    standing.add(subject, ORDER)
    version = standing.next_version(subject.approved_at)
    return standing.signed(version, key.sign_list(version.text))


def entry(target: str, lever: Lever = Lever.NAME) -> BlockEntry:
    """Return an entry that the guard allows."""
    guard = GuardVerdict(
        target=target,
        lever=lever,
        decision=Decision.ALLOW,
        reasons=(Reason(code="x", text=as_written("x")),),
        valid_until=WINDOW.end,
    )
    exhibit = ExhibitId("sha256:0")
    return BlockEntry(
        target=target, lever=lever, valid_until=WINDOW.end, guard=guard, exhibits=(exhibit,)
    )


def referral(*entries: BlockEntry) -> Referral:
    """Return a referral under the order."""
    drafted = Referral(
        id="",
        order="O",
        event=None,
        territory="FR",
        window=WINDOW,
        entries=entries,
        statement="s",
    )
    return replace(drafted, id=referral_id(drafted))


def lasting(*entries: BlockEntry, until: datetime) -> tuple[Referral, Mandate]:
    """Return a referral that ends at a later day, with the mandate whose order allows that."""
    window = Window(start=WINDOW.start, end=until)
    drafted = replace(
        referral(*entries),
        window=window,
        entries=tuple(
            replace(each, valid_until=until, guard=replace(each.guard, valid_until=until))
            for each in entries
        ),
    )
    mandate = replace(MANDATE, window=window, orders=(replace(ORDER, window=window),))
    return replace(drafted, id=referral_id(drafted)), mandate


def approved(
    subject: Referral, key: CaseKey, mandate: Mandate = MANDATE, *, on: bytes | None = None
) -> Approved[Referral]:
    """Return a referral that two people have approved for the case of a key.

    ``on`` is the public key of its organisation's lists; ``None``: the case has its own.
    """
    here = SignedFor(
        case=id_of_key(key.public),
        mandate=Digest("sha256:" + "0" * 64),
        list=None if on is None else id_of_key(on),
    )
    approvals = [
        sign(
            list_subject(subject, mandate.orders[0]),
            approver=person,
            key=private,
            at=NOW,
            signed_for=here,
        )
        for person, private in zip(PEOPLE, KEYS, strict=True)
    ]
    given = {"mandate": mandate, "signed_for": here, "now": NOW}
    return approve(subject, approvals, confirmed=READ, **given)
