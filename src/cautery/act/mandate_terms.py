"""Who lets the approvers approve: two named people from outside sign a mandate's terms.

A mandate names the people who may approve. Whoever could write that file could name themselves;
so two others sign it, with keys that are known from elsewhere (ADR 0028).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cautery.act.approval import CLOCK_SKEW, NEEDED
from cautery.act.approver_keys import approver_key, public_key
from cautery.drawing.formatting import both
from cautery.errors import ApprovalError
from cautery.messages import tr
from cautery.model import (
    Approver,
    CourtOrder,
    Digest,
    Mandate,
    MandateSignature,
    OrderKind,
    digest_of,
    iso,
    key_fault,
    person_key,
    require_utc,
)

MESSAGE = "cautery/mandate-signature/1"
# A new field that gives power makes this version 2 (ADR 0028): old signatures must not cover what
# their signers never saw.
TERMS = "cautery/mandate-terms/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What may be said of the signatures under a mandate.

    Parameters
    ----------
    people : tuple of str
        Who signed: name, role and key.
    signed : bool
        Two people did, each with a key of their own.
    vouched : bool or None
        Two of them are known from outside, key and all; ``None``: nobody was asked.
    lab : bool
        A lab's own mandate, which counts for nothing outside it.
    strangers : tuple of str
        Who signed with a key that is not known from outside, if people were asked; they are in
        ``people``, too.
    """

    people: tuple[str, ...]
    signed: bool
    vouched: bool | None
    lab: bool
    strangers: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """One sentence, for every place where the case is shown."""
        if not self.people:
            sentence = tr("unsigned: nobody has signed this mandate")
        elif not self.signed:
            sentence = tr(
                "unsigned: only %(people)s has signed this mandate, and it takes two people",
                people=both(self.people),
            )
        elif self.vouched is None:
            sentence = tr(
                "signed by %(people)s; nobody vouches here for these keys",
                people=both(self.people),
            )
        elif self.vouched and self.strangers:
            sentence = tr(
                "signed by %(people)s; their keys are known from outside; nobody vouches for those "
                "who signed beside them: %(strangers)s",
                people=both([each for each in self.people if each not in self.strangers]),
                strangers=both(self.strangers),
            )
        elif self.vouched:
            sentence = tr(
                "signed by %(people)s; their keys are known from outside",
                people=both(self.people),
            )
        else:
            sentence = tr(
                "signed by %(people)s; of the keys known from outside, fewer than two are among "
                "them",
                people=both(self.people),
            )
        return tr("LAB: %(sentence)s", sentence=sentence) if self.lab else sentence


def terms_of(mandate: Mandate) -> dict[str, Any]:
    """Return what of a mandate says who may do what, where and until when, as JSON.

    Left out is what holds credentials, or is of one machine or of a day: sources, feeds, providers'
    addresses, paths, and the fixtures of calendars. The signature over the file covers them, where
    the file is.
    """
    return {
        "type": TERMS,
        "id": mandate.id,
        "who": mandate.who,
        "regime": mandate.regime.value,
        "legal_basis": mandate.legal_basis,
        "start": iso(mandate.window.start),
        "end": iso(mandate.window.end),
        "territories": list(mandate.territories),
        "lab": mandate.lab,
        "collateral_budget": mandate.collateral_budget,
        "events": [
            {
                "id": event.id,
                "name": event.name,
                "kick_off": iso(event.kick_off),
                "legal_basis": event.legal_basis,
                "collateral_budget": event.collateral_budget,
            }
            for event in mandate.events
            if event.watched is None  # those of calendars move, come and go
        ],
        "channels": [
            {
                "id": channel.id,
                "names": list(channel.names),
                "territory": channel.territory,
                "event": channel.event,
                "legal_basis": channel.legal_basis,
            }
            for channel in mandate.channels
        ],
        "works": [
            {"id": work.id, "title": work.title, "legal_basis": work.legal_basis}
            for work in mandate.works
        ],
        "partners": [
            {"name": partner.name, "hosts": list(partner.hosts), "channels": list(partner.channels)}
            for partner in mandate.partners
        ],
        "orders": [
            {
                "id": order.id,
                "authority": order.authority,
                "territory": order.territory,
                "start": iso(order.window.start),
                "end": iso(order.window.end),
                "targets_rule": order.targets_rule,
                **_beyond(order),
            }
            for order in mandate.orders
        ],
        "approvers": [
            {"name": approver.name, "role": approver.role, "public_key": _spelt(approver)}
            for approver in mandate.approvers
        ],
        **({} if mandate.lists is None else {"lists": mandate.lists.key}),
    }


def _beyond(order: CourtOrder) -> dict[str, Any]:
    """Return what an order states beyond version 0.2.0, or older mandates had other digests."""
    beyond: dict[str, Any] = {}
    if order.kind is not OrderKind.LIVE:
        beyond["kind"] = order.kind.value
    if order.days:
        beyond["days"] = [day.isoformat() for day in order.days]
    if order.particulars:
        beyond["particulars"] = dict(order.particulars)
    return beyond


def terms_digest(mandate: Mandate) -> Digest:
    """Return the SHA-256 of a mandate's terms in RFC 8785 JSON."""
    import rfc8785  # noqa: PLC0415 - only where something is signed or checked

    return digest_of(rfc8785.dumps(terms_of(mandate)))


def sign_mandate(
    mandate: Mandate,
    file: Digest,
    *,
    name: str,
    role: str,
    key: Ed25519PrivateKey,
    at: datetime,
) -> MandateSignature:
    """Sign a mandate's file and terms as a named person.

    Raises
    ------
    ApprovalError
        If the name or role is empty, or the person or the key has signed it already.
    """
    require_utc("at", at)
    if not person_key(name) or not role.strip():
        raise ApprovalError("a person who signs a mandate must give a name and a role")
    raw = key.public_key().public_bytes_raw()
    unsigned = MandateSignature(
        name=name,
        role=role,
        public_key=base64.b64encode(raw).decode("ascii"),
        at=at,
        file=file,
        terms=terms_digest(mandate),
        signature="",
    )
    for earlier in mandate.signatures:
        if person_key(earlier.name) == person_key(name):
            raise ApprovalError(f"{earlier.name} has signed this mandate already")
        if earlier.public_key == unsigned.public_key:
            raise ApprovalError(
                f"{earlier.name} has signed this mandate with the same key",
                hint="Two people must sign, each with a key of their own.",
            )
    signature = base64.b64encode(key.sign(_message(unsigned))).decode("ascii")
    return replace(unsigned, signature=signature)


def check_mandate_signature(one: MandateSignature, *, terms: Digest, now: datetime) -> None:
    """Check that a signature is over these terms, by the key that it names, and not of tomorrow.

    Raises
    ------
    ApprovalError
        If it is not.
    """
    if one.terms != terms:
        raise ApprovalError(
            f"{one.name} signed other terms than this mandate's",
            hint="It was changed after it was signed: have it signed again.",
        )
    if one.at > now + CLOCK_SKEW:
        raise ApprovalError(f"{one.name}'s signature under the mandate is dated in the future")
    try:
        raw = base64.b64decode(one.public_key, validate=True)
        if (fault := key_fault(raw)) is not None:
            raise ApprovalError(f"{one.name} signed the mandate with {fault}")
        if base64.b64encode(raw).decode("ascii") != one.public_key:
            raise ApprovalError(f"{one.name}'s key under the mandate is not canonical base64")
        signature = base64.b64decode(one.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(signature, _message(one))
    except (InvalidSignature, ValueError) as error:
        raise ApprovalError(f"{one.name}'s signature under the mandate does not verify") from error


def standing_of(
    mandate: Mandate, *, now: datetime, signers: Sequence[Approver] | None = None
) -> Standing:
    """Check the signatures under a mandate and return what may be said of them.

    Parameters
    ----------
    now : datetime
        When they are relied on: a case's, at its first record.
    signers : sequence of Approver, optional
        People who may sign mandates, with their keys, known from elsewhere than the mandate.

    Raises
    ------
    ApprovalError
        If a signature does not hold, or uses the name or the key of somebody who is known from
        outside with another one, or in another role.
    """
    terms = terms_digest(mandate)
    vouched: set[str] = set()
    strangers: list[str] = []
    for signature in mandate.signatures:
        check_mandate_signature(signature, terms=terms, now=now)
        if signers is None:
            continue
        if _is_known(signature, signers):
            vouched.add(person_key(signature.name))
        else:
            strangers.append(_shown(signature))
    names = {person_key(signature.name) for signature in mandate.signatures}
    keys = {signature.public_key for signature in mandate.signatures}
    return Standing(
        people=tuple(_shown(signature) for signature in mandate.signatures),
        signed=min(len(names), len(keys)) >= NEEDED,
        vouched=None if signers is None else len(vouched) >= NEEDED,
        lab=mandate.lab,
        strangers=tuple(strangers),
    )


def _shown(signature: MandateSignature) -> str:
    return tr(
        "%(name)s (%(role)s, key %(key)s)",
        name=signature.name,
        role=signature.role,
        key=signature.public_key,
    )


def _is_known(signature: MandateSignature, signers: Sequence[Approver]) -> bool:
    for signer in signers:
        raw = base64.b64encode(public_key(signer).public_bytes_raw()).decode("ascii")
        same_name = person_key(signer.name) == person_key(signature.name)
        if same_name and raw == signature.public_key:
            _refuse_other_role(signature, signer)
            return True
        # Half a match is an attack or a mistake: somebody else's key under a known name, or a
        # known key under another name.
        if same_name or raw == signature.public_key:
            raise ApprovalError(
                f"{signature.name} signed the mandate with key {signature.public_key}, but "
                f"{signer.name} is known from outside with key {raw}",
                hint="Ask that person through another channel: somebody may sign in their name.",
            )
    return False


def _refuse_other_role(signature: MandateSignature, signer: Approver) -> None:
    """Raise if a person signed in a role in which nobody knows that person: anybody can claim one.

    Raises
    ------
    ApprovalError
        If so.
    """
    if person_key(signature.role) != person_key(signer.role):
        raise ApprovalError(
            f"{signature.name} signed the mandate as {signature.role!r}, but is known from outside "
            f"as {signer.role!r}",
            hint="Ask that person, and correct the role in the list of signers if it is right.",
        )


def _spelt(approver: Approver) -> str:
    """Return a key in its one spelling; an invalid key of an old case stays as written."""
    try:
        return approver_key(approver).spelled
    except ApprovalError:
        return approver.public_key


def _message(signature: MandateSignature) -> bytes:
    import rfc8785  # noqa: PLC0415 - only where something is signed or checked

    return rfc8785.dumps(
        {
            "type": MESSAGE,
            "name": signature.name,
            "role": signature.role,
            "public_key": signature.public_key,
            "at": iso(signature.at),
            "file": str(signature.file),
            "terms": str(signature.terms),
        }
    )
