"""Whose key is whose: an agency keeps to one key in an operation, and a key to one agency."""

from __future__ import annotations

from cautery.errors import InputError
from cautery.evidence.note import NoteVerifier
from cautery.workflows.operation.desk import Desk

RECEIVED = "operation.received"
LETTER = "operation.deconfliction"

_SENDER = {RECEIVED: "from", LETTER: "with"}


def check_key(desk: Desk, agency: str, key: NoteVerifier) -> None:
    """Refuse a key that is not the one by which this agency has been known at this desk.

    The first letter from an agency makes its key known: it was handed over by another way.

    Raises
    ------
    InputError
        If the agency has signed with another key, or the key is our own or another agency's.
    """
    told = str(key)
    if told == str(desk.case.verifier):
        raise InputError(f"the key given for {agency} is this desk's own")
    for entry in desk.case.ledger.read(kinds=tuple(_SENDER)):
        body = entry.record.body
        used, sender = body.get("key"), body[_SENDER[entry.record.kind]]
        if used is None:  # a letter that this desk sent
            continue
        if sender == agency and used != told:
            raise InputError(
                f"{agency} has signed with another key before",
                hint="An agency has one case in an operation; ask its contact point.",
            )
        if sender != agency and used == told:
            raise InputError(f"the key given for {agency} is the one that {sender} has signed with")
