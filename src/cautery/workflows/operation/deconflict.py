"""Deconfliction between two desks, as four signed letters (ADR 0008).

1. :func:`first`, A to B: a fresh nonce, the size, and a commitment to A's masked set.
2. :func:`second`, B to A: B's masked set.
3. :func:`third`, A to B: A's masked set, as committed to, and B's set raised by A.
4. :func:`fourth`, B to A: A's set raised by B; B knows what is shared. :func:`last`: so does A.

Every letter is sealed and recorded in both cases. A run's secrets are sealed in the case under a
key of the run's own, which lies with the keys outside it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from datetime import datetime

from cautery.errors import InputError
from cautery.evidence.note import NoteVerifier
from cautery.model import digest_of
from cautery.model.records import (
    BundleReceived,
    DeconflictionForgotten,
    DeconflictionLetter,
    PartnerRegistered,
)
from cautery.operation.deconflict import (
    agreed_size,
    check_size,
    commitment,
    masked_set,
    multiply,
    session_of,
    shared_targets,
)
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.operation.deconfliction_run import (
    NONCE_BYTES,
    Deconflicted,
    answered_with,
    encoded,
    hex_of,
    known_of,
    letter_of,
    letters_of,
    opened,
    partner_of,
    points_of,
    result_of,
    sealed_letter,
    state_of,
    subject_of,
    written,
)
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.own_targets import compared_targets
from cautery.workflows.operation.partners import binding

Random = Callable[[int], bytes]

_RESTS_ON = (DeconflictionLetter, BundleReceived, PartnerRegistered)
"""What a step of a run rests on: its letters, and whose key is whose."""


def first(
    desk: Desk,
    partner: str,
    *,
    at: datetime,
    targets: Iterable[str] | None = None,
    size: int | None = None,
    random: Random = secrets.token_bytes,
) -> bytes:
    """Begin a run with an agency at the table; return the letter for it.

    Parameters
    ----------
    targets : iterable of str, optional
        Instead of :func:`~cautery.workflows.operation.own_targets.targets_of` the desk; those
        that the partner may not be told of are left out either way.
    size : int, optional
        What sets are padded to; by default the smallest usual size that this agency's set fits
        into.

    Raises
    ------
    InputError
        If the agency is not at the table or only advises, or there are too many targets.
    """
    agency = partner_of(desk, partner)
    own_targets = compared_targets(desk, agency, targets).targets
    agreed = agreed_size(len(own_targets)) if size is None else size
    check_size(agreed)
    nonce = random(NONCE_BYTES)
    session = session_of(desk.operation.id, desk.agency.id, agency.id, agreed, nonce)
    # The run's secrets are sealed before its letter is returned: without them no answer to it
    # could be used.
    run = masked_set(own_targets, session=session, size=agreed, random=random)
    raw = written(
        desk,
        agency,
        step=1,
        session=session,
        size=agreed,
        nonce=nonce.hex(),
        commitment=commitment(run.points, session),
    )
    desk.record(
        sealed_letter(desk, raw, agency, session=session, size=agreed, step=1, at=at, run=run),
        at=at,
    )
    return raw


@again_if_passed
def second(
    desk: Desk,
    raw: bytes,
    *,
    key: NoteVerifier,
    at: datetime,
    targets: Iterable[str] | None = None,
    random: Random = secrets.token_bytes,
) -> bytes:
    """Answer the first letter with one's own masked set; the same letter again gets the same.

    Raises
    ------
    InputError
        If the letter is malformed, for somebody else, or another one was answered in its place.
    EvidenceError
        If it is not signed by ``key``.
    """
    before = desk.size()
    payload, partner = opened(desk, raw, key, step=1, members={"size", "nonce", "commitment"})
    size = payload["size"]
    if not isinstance(size, int) or isinstance(size, bool):
        raise InputError("the size of a run must be a whole number")
    check_size(size)
    nonce = hex_of(payload["nonce"], NONCE_BYTES)
    hex_of(payload["commitment"], 32)
    session = session_of(desk.operation.id, partner.id, desk.agency.id, size, nonce)
    if payload["session"] != session:
        raise InputError(
            "the letter's session does not belong to these agencies, this size and this nonce"
        )
    if (answered := answered_with(desk, raw, session, step=1)) is not None:
        return answered
    own_targets = compared_targets(desk, partner, targets).targets
    run = masked_set(own_targets, session=session, size=size, random=random)
    reply = written(
        desk, partner, step=2, session=session, previous=digest_of(raw), masked=encoded(run.points)
    )
    desk.record_all(
        [
            *binding(desk, partner.id, key),
            sealed_letter(desk, raw, partner, session=session, size=size, step=1, at=at, key=key),
            sealed_letter(desk, reply, partner, session=session, size=size, step=2, at=at, run=run),
        ],
        at=at,
        if_unchanged_since=before,
        unless=_RESTS_ON,
    )
    return reply


@again_if_passed
def third(desk: Desk, raw: bytes, *, key: NoteVerifier, at: datetime) -> bytes:
    """Show the masked set that was committed to, and raise the partner's.

    Raises
    ------
    InputError, EvidenceError
        As :func:`second`.
    """
    before = desk.size()
    payload, partner = opened(desk, raw, key, step=2, members={"previous", "masked"})
    if (answered := answered_with(desk, raw, payload["session"], step=2)) is not None:
        return answered
    begun = state_of(desk, payload, partner, previous=1)
    partner_points = points_of(payload["masked"], size=begun.size, ascending=True)
    raised = multiply(begun.run.scalar, partner_points)
    session = str(payload["session"])
    reply = written(
        desk,
        partner,
        step=3,
        session=session,
        previous=digest_of(raw),
        masked=encoded(begun.run.points),
        raised=encoded(raised),
    )
    size = begun.size
    desk.record_all(
        [
            *binding(desk, partner.id, key),
            sealed_letter(desk, raw, partner, session=session, size=size, step=2, at=at, key=key),
            sealed_letter(desk, reply, partner, session=session, size=size, step=3, at=at),
        ],
        at=at,
        if_unchanged_since=before,
        unless=_RESTS_ON,
    )
    return reply


@again_if_passed
def fourth(desk: Desk, raw: bytes, *, key: NoteVerifier, at: datetime) -> Deconflicted:
    """Learn what is shared, and raise the partner's set so that it learns the same.

    Raises
    ------
    InputError, EvidenceError
        As :func:`second`; also if the masked set is not the one that was committed to.
    """
    before = desk.size()
    payload, partner = opened(desk, raw, key, step=3, members={"previous", "masked", "raised"})
    session = str(payload["session"])
    if (answered := answered_with(desk, raw, session, step=3)) is not None:
        return known_of(desk, partner, session, reply=answered)
    begun = state_of(desk, payload, partner, previous=2)
    partner_points = points_of(payload["masked"], size=begun.size, ascending=True)
    # Without its promise the partner could choose its set after it has seen this one (ADR 0008).
    promised = letter_of(desk, session, 1)["commitment"]
    if commitment(partner_points, session) != promised:
        raise InputError(
            f"{partner.id} sent another set than the one to which it committed in its first letter"
        )
    own_raised = points_of(payload["raised"], size=begun.size, ascending=False)
    raised = multiply(begun.run.scalar, partner_points)
    shared = shared_targets(begun.run, own_raised, raised)
    reply = written(
        desk, partner, step=4, session=session, previous=digest_of(raw), raised=encoded(raised)
    )
    size = begun.size
    desk.record_all(
        [
            *binding(desk, partner.id, key),
            sealed_letter(desk, raw, partner, session=session, size=size, step=3, at=at, key=key),
            sealed_letter(desk, reply, partner, session=session, size=size, step=4, at=at),
            result_of(partner, session, shared),
        ],
        at=at,
        if_unchanged_since=before,
        unless=_RESTS_ON,
    )
    return Deconflicted(session=session, partner=partner, shared=shared, reply=reply)


@again_if_passed
def last(desk: Desk, raw: bytes, *, key: NoteVerifier, at: datetime) -> Deconflicted:
    """Learn what is shared: the end of the run for the one who began it.

    Raises
    ------
    InputError, EvidenceError
        As :func:`second`.
    """
    before = desk.size()
    payload, partner = opened(desk, raw, key, step=4, members={"previous", "raised"})
    session = str(payload["session"])
    if answered_with(desk, raw, session, step=4) is not None:
        return known_of(desk, partner, session, reply=None)
    begun = state_of(desk, payload, partner, previous=3)
    own_raised = points_of(payload["raised"], size=begun.size, ascending=False)
    sent_letter = letter_of(desk, session, 3)
    partner_points = points_of(sent_letter["raised"], size=begun.size, ascending=False)
    shared = shared_targets(begun.run, own_raised, partner_points)
    desk.record_all(
        [
            *binding(desk, partner.id, key),
            sealed_letter(
                desk, raw, partner, session=session, size=begun.size, step=4, at=at, key=key
            ),
            result_of(partner, session, shared),
        ],
        at=at,
        if_unchanged_since=before,
        unless=_RESTS_ON,
    )
    return Deconflicted(session=session, partner=partner, shared=shared)


def forget_run(desk: Desk, session: str, *, why: str, at: datetime | None = None) -> int:
    """Destroy the secrets of a run, when no auditor needs them any more; return how many.

    Raises
    ------
    InputError
        If there is no such run.
    """
    if not letters_of(desk, session):
        raise InputError(f"this case has no deconfliction run {session[:80]!r}")
    destroyed = desk.case.vault.erase(subject_of(session))
    desk.record(DeconflictionForgotten(session=session, why=why, keys=destroyed), at=at)
    return destroyed


def deconflict_desks(
    desk_a: Desk,
    desk_b: Desk,
    *,
    at: datetime,
    targets_a: Iterable[str] | None = None,
    targets_b: Iterable[str] | None = None,
    size: int | None = None,
    random: Random = secrets.token_bytes,
) -> tuple[str, ...]:
    """Run all four letters between two desks of one process; return what both share.

    Raises
    ------
    InputError
        As the steps do; without ``size`` it is the usual one that holds both sets.
    """
    own_a = compared_targets(desk_a, desk_b.agency, targets_a).targets
    own_b = compared_targets(desk_b, desk_a.agency, targets_b).targets
    agreed = agreed_size(max(len(own_a), len(own_b))) if size is None else size
    key_a, key_b = desk_a.case.verifier, desk_b.case.verifier
    first_letter = first(desk_a, desk_b.agency.id, at=at, targets=own_a, size=agreed, random=random)
    two = second(desk_b, first_letter, key=key_a, at=at, targets=own_b, random=random)
    three = third(desk_a, two, key=key_b, at=at)
    known_b = fourth(desk_b, three, key=key_a, at=at)
    assert known_b.reply is not None
    known_a = last(desk_a, known_b.reply, key=key_b, at=at)
    assert known_a.shared == known_b.shared
    return known_a.shared
