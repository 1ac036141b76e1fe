"""Who lets the approvers approve: two named people from outside sign a mandate's terms.

A mandate names the people who may approve. Whoever could write that file could name themselves;
so two others sign it, with keys that are known from elsewhere (ADR 0028): a key file each, or a
passkey (ADR 0076).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act.approval import CLOCK_SKEW, NEEDED
from cautery.act.approver_keys import approver_key
from cautery.act.mandate_terms import terms_digest
from cautery.drawing.formatting import both
from cautery.errors import ApprovalError
from cautery.messages import tr
from cautery.model import (
    Approver,
    Digest,
    Mandate,
    MandateSignature,
    iso,
    person_key,
    require_utc,
)
from cautery.model.signing_keys import FileKey, PasskeyKey, PersonKey, key_in, people_among

MESSAGE = "cautery/mandate-signature/1"


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


def mandate_to_sign(
    mandate: Mandate, file: Digest, *, name: str, role: str, key: PersonKey, at: datetime
) -> MandateSignature:
    """Return a signature without what the key answers: what a named person is to sign.

    The key signs :func:`mandate_message` of it.

    Raises
    ------
    ApprovalError
        If the name or role is empty, or the person or the key has signed it already.
    """
    require_utc("at", at)
    if not person_key(name) or not role.strip():
        raise ApprovalError("a person who signs a mandate must give a name and a role")
    for earlier in mandate.signatures:
        if person_key(earlier.name) == person_key(name):
            raise ApprovalError(f"{earlier.name} has signed this mandate already")
        if _key_of(earlier).marks & key.marks:
            raise ApprovalError(
                f"{earlier.name} has signed this mandate with the same key or account",
                hint="Two people must sign, each with a key of their own.",
            )
    return MandateSignature(
        name=name,
        role=role,
        public_key=key.spelled,
        at=at,
        file=file,
        terms=terms_digest(mandate),
        signature="",
    )


def sign_mandate(
    mandate: Mandate,
    file: Digest,
    *,
    name: str,
    role: str,
    key: Ed25519PrivateKey,
    at: datetime,
) -> MandateSignature:
    """Sign a mandate's file and terms as a named person with a key file.

    Raises
    ------
    ApprovalError
        As :func:`mandate_to_sign`.
    """
    public = FileKey(key.public_key().public_bytes_raw())
    unsigned = mandate_to_sign(mandate, file, name=name, role=role, key=public, at=at)
    signature = base64.b64encode(key.sign(mandate_message(unsigned))).decode("ascii")
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
    key = _key_of(one)
    try:
        key.verify(one.signature, mandate_message(one))
    except ValueError as error:
        raise ApprovalError(
            f"{one.name}'s signature under the mandate does not verify: {error}"
        ) from error


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
    people = people_among(
        {f"name {person_key(signature.name)}", *_key_of(signature).marks}
        for signature in mandate.signatures
    )
    return Standing(
        people=tuple(_shown(signature) for signature in mandate.signatures),
        signed=people >= NEEDED,
        vouched=None if signers is None else len(vouched) >= NEEDED,
        lab=mandate.lab,
        strangers=tuple(strangers),
    )


def vouched_for(
    signatures: Iterable[MandateSignature], signers: Sequence[Approver]
) -> tuple[MandateSignature, ...]:
    """Return the signatures under a mandate of people who are known from elsewhere.

    Parameters
    ----------
    signers : sequence of Approver
        As for :func:`standing_of`.

    Raises
    ------
    ApprovalError
        If one uses the name or the key of somebody who is known with another one, or in another
        role.
    """
    return tuple(signature for signature in signatures if _is_known(signature, signers))


def _shown(signature: MandateSignature) -> str:
    key = _key_of(signature)
    # A passkey is spelled in hundreds of letters.
    short = f"{key.id} of {key.passkey.origin}" if isinstance(key, PasskeyKey) else key.spelled
    return tr(
        "%(name)s (%(role)s, key %(key)s)", name=signature.name, role=signature.role, key=short
    )


def _is_known(signature: MandateSignature, signers: Sequence[Approver]) -> bool:
    key = _key_of(signature)
    for signer in signers:
        known = approver_key(signer)
        same_name = person_key(signer.name) == person_key(signature.name)
        if same_name and known.spelled == key.spelled:
            _refuse_other_role(signature, signer)
            return True
        # Half a match is an attack or a mistake: somebody else's key under a known name, or a
        # known key or account under another name.
        if same_name or known.marks & key.marks:
            raise ApprovalError(
                f"{signature.name} signed the mandate with key {key.spelled}, but "
                f"{signer.name} is known from outside with key {known.spelled}",
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


def _key_of(signature: MandateSignature) -> PersonKey:
    try:
        key = key_in(signature.public_key)
    except ValueError as error:
        raise ApprovalError(
            f"{signature.name}'s key under the mandate is not valid: {error}"
        ) from error
    if key.spelled != signature.public_key:
        raise ApprovalError(f"{signature.name}'s key under the mandate is not in its one spelling")
    return key


def mandate_message(signature: MandateSignature) -> bytes:
    """Return the text over which a mandate is signed, in the form of RFC 8785."""
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
