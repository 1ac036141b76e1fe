"""Receive what another agency shares: check every signature and marking, and file it whole."""

from __future__ import annotations

from datetime import datetime

from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.messages import message
from cautery.model import Statement, digest_of, iso
from cautery.model.message import Message
from cautery.model.records import (
    BundleReceived,
    BundleRefused,
    DeconflictionLetter,
    PartnerRegistered,
    RefusedStatement,
)
from cautery.operation.bundle import CLOCKS_DISAGREE, OLD_FORMAT, Bundle
from cautery.operation.signed import statement_digest
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import filed_bundle, holdings
from cautery.workflows.operation.letter import MEDIA_TYPE, open_letter
from cautery.workflows.operation.partners import binding, check_key, known_keys


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
    # Before anything is read: what another process records from here on makes the write fail, and
    # all of this is done again.
    digest, size = digest_of(raw), desk.size()
    try:
        bundle = _checked(desk, raw, key, at=at)
    except CauteryError as error:
        _record_refusal(desk, raw, key, _refusal(error), at=at, who=who)
        raise
    if any(received.digest == digest for _, received in desk.contents(BundleReceived)):
        return bundle.statements
    refused = _void(desk, bundle)
    exhibit = desk.case.vault.seal(
        raw, media_type=MEDIA_TYPE, at=at, clock=desk.case.clock.offset()
    )
    received = BundleReceived(
        from_=bundle.by,
        at=at,
        digest=digest,
        exhibit=exhibit.id,
        key=str(key),
        who=who or desk.agency.contact,
        refused=refused,
    )
    desk.record_all(
        [*binding(desk, bundle.by, key), received],
        at=at,
        if_unchanged_since=size,
        unless=(BundleReceived, DeconflictionLetter, PartnerRegistered),
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
            f"the bundle has the format {OLD_FORMAT}, in which statements are not signed",
            hint="Signed statements need bundle/2: both agencies need a newer version of Cautery.",
        )
    bundle = filed_bundle(desk, raw, sender, {**keys, sender: key})
    if bundle.at > at + CLOCKS_DISAGREE:
        raise InputError(f"the bundle has a time in the future: {iso(bundle.at)}")
    return bundle


def _void(desk: Desk, bundle: Bundle) -> tuple[RefusedStatement, ...]:
    """Return the statements of a bundle that do not count here, and why."""
    own_holdings = holdings(desk)
    first = {row.noted.key: row for row in own_holdings.rows if row.noted.notes}
    void = []
    for shared in bundle.rows:
        by, name = shared.key
        old = first[shared.key].noted.statement if shared.key in first else None
        if old is not None and statement_digest(shared.statement) != statement_digest(old):
            marking = shared.statement.marking
            if marking.is_level_with(old.marking):
                why = message("refused.another-statement", by=by)
            else:
                why = message("refused.another-marking", by=by, marking=marking.words)
        elif shared.key in own_holdings.newer:
            newer = own_holdings.newer[shared.key]
            why = message("refused.corrected", by=by, statement=newer)
        else:
            continue
        void.append(RefusedStatement(by=by, id=name, why=why))
    return tuple(void)


def _refusal(error: CauteryError) -> Message:
    """Return why a bundle is refused: it is not genuine, or breaks a rule."""
    if isinstance(error, EvidenceError):
        return message("refused.not-genuine", detail=str(error))
    return message("refused.not-allowed", detail=str(error))


def _record_refusal(
    desk: Desk, raw: bytes, key: NoteVerifier, why: Message, *, at: datetime, who: str | None
) -> None:
    """Record a bundle that is refused, once; what its sender signed is sealed as it came."""
    digest = digest_of(raw)
    if any(
        refused.digest == digest and refused.why == why
        for _, refused in desk.contents(BundleRefused)
    ):
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
    refused = BundleRefused(
        from_=sender,
        at=at,
        digest=digest,
        size=len(raw),
        exhibit=exhibit,
        key=str(key),
        who=who or desk.agency.contact,
        why=why,
    )
    desk.record(refused, at=at)


def refusals(desk: Desk) -> tuple[tuple[str, Message], ...]:
    """Return what this desk has refused to take, bundles and statements: from whom, and why."""
    listed: list[tuple[str, Message]] = []
    for _, content in desk.contents(BundleReceived, BundleRefused):
        match content:
            case BundleRefused():
                listed.append((content.from_ or "unknown", content.why))
            case BundleReceived():
                for refused in content.refused:
                    why = message(
                        "refused.statement", statement=refused.id, by=refused.by, reason=refused.why
                    )
                    listed.append((content.from_, why))
    return tuple(listed)
