"""Whose key is whose: an agency keeps to one key in an operation, and a key to one agency."""

from __future__ import annotations

from datetime import datetime

from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier, open_note
from cautery.model import Entry
from cautery.workflows.operation.desk import OPENED, Desk

RECEIVED = "operation.received"
LETTER = "operation.deconfliction"
PARTNER = "operation.partner"

_AGENCY = {RECEIVED: "from", LETTER: "with", PARTNER: "agency"}


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
    check_key(desk, agency, key)
    if agency in known_keys(desk):
        return False
    desk.record(PARTNER, {"agency": agency, "key": str(key)}, at=at)
    return True


def known_keys(desk: Desk) -> dict[str, NoteVerifier]:
    """Return the key by which each agency is known at this desk, its own with them.

    The first record of an agency counts: a later one changes nothing.
    """
    keys: dict[str, NoteVerifier] = {}
    opened = False
    for kind, agency, key in desk.each(_key_in, OPENED, *_AGENCY):
        if kind == OPENED and opened:
            continue  # a case is opened once, by its first record
        opened |= kind == OPENED
        if key is not None:  # a letter of our own has none
            keys.setdefault(agency, key)
    return keys


def _key_in(entry: Entry) -> tuple[str, str, NoteVerifier | None]:
    kind, body = entry.record.kind, entry.record.body
    agency, key = str(body[_AGENCY.get(kind, "agency")]), body.get("key")
    return kind, agency, None if key is None else NoteVerifier.parse(str(key))


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
    for name, known in known_keys(desk).items():
        if name == agency and known != key:
            raise InputError(
                f"{agency} has signed with another key before",
                hint="An agency has one case in an operation; ask its contact point.",
            )
        if name != agency and known.public == key.public:
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
