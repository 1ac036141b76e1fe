"""Receive what another agency shares: check every signature and marking, and file it whole."""

from __future__ import annotations

from datetime import datetime

from cautery.errors import CauteryError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.model import Entry, Statement, digest_of, iso
from cautery.operation.sharing import CLOCKS_DISAGREE, OLD_FORMAT, Bundle
from cautery.operation.signed import statement_digest
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import filed_bundle, holdings
from cautery.workflows.operation.letter import MEDIA_TYPE, open_letter
from cautery.workflows.operation.partners import (
    LETTER,
    PARTNER,
    RECEIVED,
    binding,
    check_key,
    known_keys,
)

REFUSED = "operation.refused"


@again_if_passed
def receive(
    desk: Desk, raw: bytes, *, key: NoteVerifier, at: datetime, who: str | None = None
) -> tuple[Statement, ...]:
    """Check and file a bundle, whole or not at all; the same bundle again changes nothing.

    A statement that has been withdrawn, or whose id stands for another one here, does not count;
    the record of the bundle says so. A bundle that is refused is recorded too, and sealed if its
    sender signed it.

    Parameters
    ----------
    key : NoteVerifier
        The sender's case key, had from elsewhere than the bundle.

    Returns
    -------
    tuple of Statement
        What it says, with providers and markings as they came.

    Raises
    ------
    InputError
        If it is malformed, for another agency or operation, from an agency that is not at the
        table, passes on what its markings do not allow, or the key is not the sender's
        (:func:`~cautery.workflows.operation.partners.check_key`) or a provider's not known.
    EvidenceError
        If the signature is not of this key, or a statement or permission in it is not signed
        as it stands by the agency whose it is said to be.
    """
    digest, size = digest_of(raw), desk.size()
    try:
        bundle = _checked(desk, raw, key, at=at)
    except CauteryError as error:
        _record_refusal(desk, raw, key, str(error), at=at, who=who)
        raise
    if any(body["digest"] == digest for body in desk.bodies(RECEIVED)):
        return bundle.statements
    refused = _void(desk, bundle)
    exhibit = desk.case.vault.seal(
        raw, media_type=MEDIA_TYPE, at=at, clock=desk.case.clock.offset()
    )
    received = {
        "from": bundle.by,
        "at": iso(at),
        "digest": digest,
        "exhibit": exhibit.id,
        "key": str(key),
        "who": who or desk.agency.contact,
        "refused": refused,
    }
    desk.case.ledger.append_all(
        [*binding(desk, bundle.by, key, at=at), (RECEIVED, received, at)],
        if_unchanged_since=size,
        kinds=(RECEIVED, LETTER, PARTNER),
    )
    return bundle.statements


def _checked(desk: Desk, raw: bytes, key: NoteVerifier, *, at: datetime) -> Bundle:
    """Return the bundle in a letter, everything about it checked."""
    payload = open_letter(raw, key)
    sender = str(payload.get("from"))[:80]
    keys = known_keys(desk)
    if payload.get("to") == desk.agency.id:
        desk.operation.agency(sender)
        check_key(desk, sender, key)
    if payload.get("format") == OLD_FORMAT:
        raise InputError(
            f"a bundle of the format {OLD_FORMAT}: nobody signed its statements",
            hint="Statements are signed since bundle/2: both sides need a Cautery that signs.",
        )
    bundle = filed_bundle(desk, raw, sender, {**keys, sender: key})
    if bundle.at > at + CLOCKS_DISAGREE:
        raise InputError(f"a bundle of {iso(bundle.at)}, which has not come yet")
    return bundle


def _void(desk: Desk, bundle: Bundle) -> list[dict[str, str]]:
    """Return the statements of a bundle that do not count here, and why."""
    own_holdings = holdings(desk)
    first = {row.noted.key: row for row in own_holdings.rows if row.noted.notes}
    void = []
    for shared in bundle.rows:
        by, name = shared.key
        old = first[shared.key].noted.statement if shared.key in first else None
        if old is not None and statement_digest(shared.statement) != statement_digest(old):
            level = shared.statement.marking.is_level_with(old.marking)
            what = "statement" if level else f"marking ({shared.statement.marking.words})"
            why = f"{by} has signed another {what} under this id: the first holds"
        elif shared.key in own_holdings.newer:
            why = f"{by} has corrected or withdrawn it by {own_holdings.newer[shared.key]}"
        else:
            continue
        void.append({"by": by, "id": name, "why": why})
    return void


def _record_refusal(
    desk: Desk, raw: bytes, key: NoteVerifier, why: str, *, at: datetime, who: str | None
) -> None:
    """Record a bundle that is refused, once; what its sender signed is sealed as it came."""
    digest = digest_of(raw)
    if any(body["digest"] == digest and body["why"] == why for body in desk.bodies(REFUSED)):
        return
    exhibit = sender = None
    try:
        sender = str(open_letter(raw, key).get("from"))[:80]
    except CauteryError:
        pass  # anybody may have written it: its digest is enough
    else:
        exhibit = desk.case.vault.seal(
            raw, media_type=MEDIA_TYPE, at=at, clock=desk.case.clock.offset()
        ).id
    body = {
        "from": sender,
        "at": iso(at),
        "digest": digest,
        "size": len(raw),
        "exhibit": exhibit,
        "key": str(key),
        "who": who or desk.agency.contact,
        "why": why,
    }
    desk.record(REFUSED, body, at=at)


def refusals(desk: Desk) -> tuple[tuple[str, str], ...]:
    """Return what this desk has refused to take, bundles and statements: from whom, and why."""
    refusals_listed: list[tuple[str, str]] = []
    for rows in desk.each(_refusals_in, RECEIVED, REFUSED):
        refusals_listed += rows
    return tuple(refusals_listed)


def _refusals_in(entry: Entry) -> list[tuple[str, str]]:
    body = entry.record.body
    sender = str(body["from"] or "unknown")
    if entry.record.kind == REFUSED:
        return [(sender, str(body["why"]))]
    return [
        (sender, f"statement {row['id']} of {row['by']}: {row['why']}")
        for row in body.get("refused", ())
    ]
