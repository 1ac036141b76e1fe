"""The mandate of a case: only its first ``case.opened`` record can name it.

Anybody who has a case's file can append a record. One that opens the case again, with approvers
of its own, counts for nothing and is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cautery.act import Standing, standing_of, terms_of
from cautery.errors import ApprovalError, EvidenceError, InputError
from cautery.model import (
    MISSHAPEN,
    Approver,
    Entry,
    Mandate,
    SignedFor,
)
from cautery.model.ports import Ledger
from cautery.model.records import CaseOpened, MisshapenRecord, kinds_of
from cautery.projections.mandate import signed_for_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a case's first record says.

    Parameters
    ----------
    entry : Entry
        That record.
    mandate : Mandate
        As it was then, without its credentials.
    signed_for : SignedFor
        The case and its mandate's terms: what every signature in it names.
    """

    entry: Entry
    mandate: Mandate
    signed_for: SignedFor

    def standing(self, signers: Iterable[Approver] | None = None) -> Standing:
        """Check the signatures under the mandate, as they were when the case began.

        Raises
        ------
        ApprovalError
            If one does not hold.
        """
        trusted = None if signers is None else tuple(signers)
        return standing_of(self.mandate, now=self.entry.record.at, signers=trusted)


def opening_of(ledger: Ledger) -> Opening:
    """Return what the first record of a case says.

    Raises
    ------
    InputError
        If the case names no mandate, or no key of its own.
    """
    entry = next(iter(ledger.read(kinds=kinds_of(CaseOpened))), None)
    if entry is None:
        raise InputError("this case names no mandate")
    return opening_in(entry)


def opening_in(entry: Entry) -> Opening:
    """Return what a ``case.opened`` record says.

    Raises
    ------
    InputError
        If it is not the first record of its ledger, or has not the shape of its kind.
    """
    if entry.index:
        # The case of an operation stands under no mandate, and anybody with its file can append
        # one that real people signed for another case.
        raise InputError(
            f"record {entry.index} does not open this case: it is not its first record"
        )
    opened = entry.content
    if not isinstance(opened, CaseOpened):
        why = opened.why if isinstance(opened, MisshapenRecord) else entry.record.kind
        raise InputError(f"record {entry.index} does not open a case: {why}")
    try:
        signed_for = signed_for_in(opened.key, opened.mandate)
    except MISSHAPEN as error:
        raise InputError(
            f"record {entry.index} does not name the key of a case: {error}"
        ) from error
    return Opening(entry=entry, mandate=opened.mandate, signed_for=signed_for)


def signed_in(ledger: Ledger, mandate: Mandate, *, key: str) -> SignedFor:
    """Return what every signature in a case names, which begins under a mandate or goes on.

    Parameters
    ----------
    key : str
        The case's verifier key.

    Raises
    ------
    InputError
        If the case stands already, and this mandate has other terms than the one it was begun
        under, or lacks the signatures of the people who signed that one.
    EvidenceError
        If its first record names another key than the case's.
    """
    signed_for = signed_for_in(key, mandate)
    if next(iter(ledger.read(kinds=kinds_of(CaseOpened))), None) is None:
        return signed_for
    opening = opening_of(ledger)
    if opening.signed_for.case != signed_for.case:
        raise EvidenceError(
            f"record {opening.entry.index}: the case was opened with a key that is not its own"
        )
    begun, terms = terms_of(opening.mandate), terms_of(mandate)
    people = {(signature.name, signature.public_key) for signature in mandate.signatures}
    if not people.issuperset(
        (signature.name, signature.public_key) for signature in opening.mandate.signatures
    ):
        raise InputError(
            "this case was begun under a signed mandate, but this mandate lacks the signatures "
            "of those people",
            hint=(
                "Put the mandate's file of signatures back next to it, or have the same people "
                "sign it again."
            ),
        )
    signed = bool(opening.mandate.signatures)
    if not signed and begun["approvers"] != terms["approvers"]:
        raise InputError(
            "this case was begun with other approvers than this mandate names",
            hint="The approvers of a case cannot change after it begins. Begin another case.",
        )
    # Also where nobody signed: approvals name the terms of the opening, and must not let anything
    # go under others.
    if begun != terms:
        names = begun.keys() | terms.keys()
        odd = min(name for name in names if begun.get(name) != terms.get(name))
        raise InputError(
            f"this case was begun under {'a signed' if signed else 'another'} mandate, and this "
            f"mandate differs from it in: {odd}",
            hint="Continue with the mandate as it was when the case began, or begin another case.",
        )
    return opening.signed_for


def check_openings(
    path: Path, ledger: Ledger, signers: Iterable[Approver] | None, *, case: str
) -> tuple[str | None, tuple[str, ...]]:
    """Check the signatures under a case's mandate; return who signed, and what counts for nothing.

    Parameters
    ----------
    path : Path
        The ledger's, to name it.
    signers : iterable of Approver or None
        People who may sign mandates, known from outside: two of them must have.
    case : str
        The id of the case whose key signed it.

    Raises
    ------
    EvidenceError
        If it was opened with another case's key, to which its approvals are bound; if a signature
        does not hold, or those that were asked for are not there.
    """
    openings = tuple(ledger.read(kinds=kinds_of(CaseOpened)))
    if not openings:
        if signers is not None:
            raise EvidenceError(f"{path}: the case does not name a mandate")
        return None, ()
    first, *later = openings
    if first.index:
        if signers is not None:
            raise EvidenceError(f"{path}: the case does not name a mandate")
        return None, tuple(
            f"record {entry.index} names a mandate, but is not the first record: it is ignored"
            for entry in openings
        )
    vouched = None
    try:
        opening = opening_in(first)
        if opening.signed_for.case != case:
            raise EvidenceError(
                f"{path}: record {first.index}: the case was opened with a key that is not its own"
            )
        standing = opening.standing(signers)
        words, vouched = standing.words, standing.vouched
    except ApprovalError as error:
        raise EvidenceError(f"{path}: record {first.index}: {error}") from error
    except InputError as error:
        words = f"unsigned: {error}"
    if signers is not None and not vouched:
        raise EvidenceError(f"{path}: record {first.index}: its mandate is {words}")
    notes = tuple(
        (
            f"record {entry.index} opens the case a second time: this record and the people "
            "it names are ignored"
        )
        for entry in later
    )
    return words, notes
