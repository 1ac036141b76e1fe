"""The keys of partner agencies: one key for each agency in an operation.

The desk signs which key it knows as whose. Whoever can append a record to the case cannot do that,
and so cannot have another's statements taken for an agency's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier, open_note
from cautery.model.records import (
    BundleReceived,
    DeconflictionLetter,
    Entry,
    PartnerRegistered,
)
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.operation.desk import Desk


@again_if_passed
def register_partner(desk: Desk, agency: str, key: NoteVerifier, *, at: datetime) -> bool:
    """Record the key of another agency, had by another way than its letters.

    Returns
    -------
    bool
        Whether it is new here.

    Raises
    ------
    InputError
        If the agency is not at the table, or as :func:`check_key`.
    """
    if desk.operation.agency(agency).id == desk.agency.id:
        raise InputError(f"{agency}: a desk need not register its own key")
    # Before anything is read: what another process records from here on makes the write fail, and
    # all of this is done again.
    before = desk.size()
    check_key(desk, agency, key)
    records = binding(desk, agency, key)
    desk.record_all(records, at=at, if_unchanged_since=before, unless=(PartnerRegistered,))
    return bool(records)


def binding(desk: Desk, agency: str, key: NoteVerifier) -> tuple[PartnerRegistered, ...]:
    """Return what is to be recorded so that a key that was checked is known: nothing if it is."""
    if agency in known_keys(desk):
        return ()
    note = desk.sign(_text(desk.operation.id, agency, str(key)))
    return (PartnerRegistered(agency=agency, key=str(key), note=note),)


def known_keys(desk: Desk) -> dict[str, NoteVerifier]:
    """Return the key by which each agency is known at this desk, its own with them.

    The first record of an agency counts: a later one changes nothing.
    """
    own_key = NoteVerifier.parse(desk.opening.key)
    keys = {desk.opening.agency: own_key}
    if desk.opening.partners_signed:
        for entry, partner in desk.contents(PartnerRegistered):
            with desk.passing_over(entry):
                noted_key = _noted_key(desk.operation.id, partner, own_key)
                keys.setdefault(partner.agency, noted_key)
        return keys
    for entry, agency, key_text in _keys_that_nobody_signed(desk):
        with desk.passing_over(entry):
            keys.setdefault(agency, NoteVerifier.parse(key_text))
    return keys


@lru_cache(maxsize=1 << 12)
def _noted_key(operation: str, partner: PartnerRegistered, own_key: NoteVerifier) -> NoteVerifier:
    """Return a partner's key if this desk signed it; the same record is verified once.

    A desk asks for the keys that it knows whenever it reads a bundle or a note.
    """
    # Half of a surrogate pair has no bytes; replaced, it fails as a signature that does not
    # match.
    note = (partner.note or "").encode(errors="replace")
    if open_note(note, own_key) != _text(operation, partner.agency, partner.key):
        raise InputError("the record names another agency or key than the one this desk signed")
    return NoteVerifier.parse(partner.key)


def _keys_that_nobody_signed(desk: Desk) -> Iterator[tuple[Entry, str, str]]:
    """Yield what makes a key known at a desk that was opened before desks signed it."""
    for entry, content in desk.contents(BundleReceived, DeconflictionLetter, PartnerRegistered):
        match content:
            case BundleReceived():
                yield entry, content.from_, content.key
            case DeconflictionLetter(key=str(key)):  # this agency's own letters have none
                yield entry, content.with_, key
            case PartnerRegistered():
                yield entry, content.agency, content.key


def _text(operation: str, agency: str, key: str) -> str:
    return f"cautery partner v1\noperation {operation}\nagency {agency}\nkey {key}\n"


def check_key(desk: Desk, agency: str, key: NoteVerifier) -> None:
    """Refuse a key that is not the one by which this agency is known at this desk.

    The first letter from an agency makes its key known: it was handed over by another way.

    Raises
    ------
    InputError
        If the agency has signed with another key, or the key belongs to this agency or to a third
        one.
    """
    if key.public == desk.case.verifier.public:
        raise InputError(f"the key given for {agency} is this desk's own key")
    for name, known_key in known_keys(desk).items():
        if name == agency and known_key != key:
            raise InputError(
                f"{agency} has signed with another key before",
                hint=(
                    "An agency has only one case in an operation. Ask its contact point which "
                    "key is right."
                ),
            )
        if name != agency and known_key.public == key.public:
            raise InputError(f"the key given for {agency} is the one with which {name} has signed")


def open_partner_note(agency: str, note: str, keys: dict[str, NoteVerifier]) -> str:
    """Return the text of a note that an agency signed.

    Raises
    ------
    InputError
        If its key is not known here.
    EvidenceError
        If its key did not sign it.
    """
    if agency not in keys:
        raise InputError(
            f"{agency}: its key is not known at this desk, so its signatures cannot be checked",
            hint=(
                "Obtain its key by another way than this bundle, then: cautery operation "
                f"partner CASE {agency} --key FILE"
            ),
        )
    try:
        return open_note(note.encode(errors="replace"), keys[agency])
    except EvidenceError as error:
        raise EvidenceError(f"not signed by {agency}: {error}") from error
