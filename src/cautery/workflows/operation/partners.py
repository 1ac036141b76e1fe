"""Whose key is whose: an agency keeps to one key in an operation, and a key to one agency.

The desk signs which key it knows as whose. Whoever can append a record to the case cannot do that,
and so cannot have another's statements taken for an agency's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier, open_note
from cautery.model import Entry
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.operation.desk import OPENED, SIGNS_PARTNERS, Desk, body_of

RECEIVED = "operation.received"
LETTER = "operation.deconfliction"
PARTNER = "operation.partner"

_UNSIGNED = {RECEIVED: "from", LETTER: "with", PARTNER: "agency"}
"""What makes a key known at a desk that was opened before desks signed it."""


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
        raise InputError(f"{agency}: this desk's own key needs no registration")
    before = desk.size()
    check_key(desk, agency, key)
    records = binding(desk, agency, key, at=at)
    desk.case.ledger.append_all(records, if_unchanged_since=before, kinds=(PARTNER,))
    return bool(records)


def binding(
    desk: Desk, agency: str, key: NoteVerifier, *, at: datetime
) -> list[tuple[str, dict[str, Any], datetime]]:
    """Return what is to be recorded so that a key that was checked is known: nothing if it is."""
    if agency in known_keys(desk):
        return []
    note = desk.sign(_text(desk, agency, str(key)))
    return [(PARTNER, {"agency": agency, "key": str(key), "note": note}, at)]


def known_keys(desk: Desk) -> dict[str, NoteVerifier]:
    """Return the key by which each agency is known at this desk, its own with them.

    The first record of an agency counts: a later one changes nothing.
    """
    first = next(desk.each(body_of, OPENED))  # a case is opened once, by its first record
    own_key = NoteVerifier.parse(first["key"])
    keys = {str(first["agency"]): own_key}
    if first.get(SIGNS_PARTNERS):
        for agency, key in desk.each(lambda entry: _signed(desk, entry, own_key), PARTNER):
            keys.setdefault(agency, key)
        return keys
    for agency, letter_key in desk.each(_unsigned, *_UNSIGNED):
        if letter_key is not None:  # a letter of our own has none
            keys.setdefault(agency, letter_key)
    return keys


def _signed(desk: Desk, entry: Entry, own_key: NoteVerifier) -> tuple[str, NoteVerifier]:
    body = entry.record.body
    agency, key = str(body["agency"]), str(body["key"])
    if open_note(str(body["note"]).encode(errors="replace"), own_key) != _text(desk, agency, key):
        raise InputError("another agency or key than this desk signed")
    return agency, NoteVerifier.parse(key)


def _text(desk: Desk, agency: str, key: str) -> str:
    return f"cautery partner v1\noperation {desk.operation.id}\nagency {agency}\nkey {key}\n"


def _unsigned(entry: Entry) -> tuple[str, NoteVerifier | None]:
    kind, body = entry.record.kind, entry.record.body
    key = body.get("key")
    return str(body[_UNSIGNED[kind]]), None if key is None else NoteVerifier.parse(str(key))


def check_key(desk: Desk, agency: str, key: NoteVerifier) -> None:
    """Refuse a key that is not the one by which this agency is known at this desk.

    The first letter from an agency makes its key known: it was handed over by another way.

    Raises
    ------
    InputError
        If the agency has signed with another key, or the key is our own or another agency's.
    """
    if key.public == desk.case.verifier.public:
        raise InputError(f"the key given for {agency} is this desk's own")
    for name, known_key in known_keys(desk).items():
        if name == agency and known_key != key:
            raise InputError(
                f"{agency} has signed with another key before",
                hint="An agency has one case in an operation; ask its contact point.",
            )
        if name != agency and known_key.public == key.public:
            raise InputError(f"the key given for {agency} is the one that {name} has signed with")


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
            f"{agency}: its key is not known at this desk, so what it signed cannot be checked",
            hint=f"cautery operation partner CASE {agency} --key FILE, had by another way.",
        )
    try:
        return open_note(note.encode(errors="replace"), keys[agency])
    except EvidenceError as error:
        raise EvidenceError(f"not signed by {agency}: {error}") from error
