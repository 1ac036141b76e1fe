"""State what an agency knows, share it by its markings, permit others to, and correct it.

An agency signs its own statements when it records them, and its permissions (ADR 0030).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import open_note
from cautery.model import Digest, Json, Statement, digest_of
from cautery.model.records import (
    BundleReceived,
    BundleShared,
    ExchangeExported,
    StatementPermitted,
    StatementRecorded,
)
from cautery.operation.bundle import Bundle, bundle_for
from cautery.operation.sharing import displaced_by, statement_id
from cautery.operation.signed import recipients_of, text_of_permission, text_of_statement
from cautery.workflows.case.again_if_passed import again_if_passed
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import held, holdings, own_noted
from cautery.workflows.operation.letter import MEDIA_TYPE, write_letter
from cautery.workflows.operation.partners import known_keys

LEAST_OF_AN_ID = 8
"""Digits of an id that name a statement if no other begins like it; a table shows twelve."""


@again_if_passed
def add_statements(
    desk: Desk, statements: Sequence[Statement], *, at: datetime | None = None
) -> tuple[Statement, ...]:
    """Record the agency's own statements, each under an id that tells nothing.

    Whatever id they came with is replaced by a digest under the case's own key; the same
    statement is not recorded twice.

    Returns
    -------
    tuple of Statement
        As recorded, in the order given.

    Raises
    ------
    InputError
        If one is another agency's, names an agency that is not at the table, or an exhibit that
        is not in the vault; nothing is recorded then.
    """
    # Before anything is read: what another process records from here on makes the write fail, and
    # all of this is done again.
    moment, size = at or desk.case.clock.now(), desk.size()
    noted_pairs = {(row.statement.id, row.statement.to) for row in own_noted(desk) if row.notes}
    stated: list[Statement] = []
    fresh: list[StatementRecorded] = []
    for draft in statements:
        if draft.by != desk.agency.id:
            raise InputError(f"statement {draft.id} is by {draft.by}, not by {desk.agency.id}")
        for name in draft.to:
            desk.operation.agency(name)
        for exhibit in draft.exhibits:
            if not desk.case.vault.holds(exhibit):
                raise InputError(f"statement {draft.id}: exhibit {exhibit} is not in the vault")
        statement = replace(draft, id=statement_id(draft, desk.case.pseudonyms))
        stated.append(statement)
        if (statement.id, statement.to) not in noted_pairs:
            noted_pairs.add((statement.id, statement.to))
            fresh.append(_signed(desk, statement))
    desk.record_all(fresh, at=moment, if_unchanged_since=size, unless=(StatementRecorded,))
    return tuple(stated)


def _signed(desk: Desk, statement: Statement) -> StatementRecorded:
    """Return the record of a statement, signed by this agency: a note for each recipient."""
    operation = desk.operation.id
    notes = {
        to: desk.sign(str(text_of_statement(statement, operation=operation, to=to)))
        for to in recipients_of(statement)
    }
    return StatementRecorded.of(statement, notes=notes)


@again_if_passed
def share(
    desk: Desk,
    to: str,
    *,
    at: datetime,
    why: str | None = None,
    who: str | None = None,
    everything: bool = False,
) -> bytes:
    """Return a signed bundle of what ``to`` may be told and has not been told yet.

    Parameters
    ----------
    to : str
        An agency at the table.
    at : datetime
        The moment of sharing; it stands in the bundle.
    why, who : str, optional
        Justification and person, for the log of Directive (EU) 2016/680, art. 25.
    everything : bool
        Bundle again what it has been told before.

    Raises
    ------
    InputError
        If the agency is not at the table.
    """
    size = desk.size()
    bundle = would_share(desk, to, at=at, everything=everything)
    # Sealed and recorded before it is returned: no agency gets a bundle that the case does not
    # know.
    raw = write_letter(bundle.payload(), desk.sign)
    exhibit = desk.case.vault.seal(
        raw, media_type=MEDIA_TYPE, at=at, clock=desk.case.clock.offset()
    )
    desk.record(
        BundleShared(
            to=to,
            at=at,
            digest=digest_of(raw),
            exhibit=exhibit.id,
            statements=tuple((statement.by, statement.id) for statement in bundle.statements),
            permissions=tuple(digest_of(note.encode()) for note in bundle.permissions),
            why=why or f"need to know in operation {desk.operation.id}",
            who=who or desk.agency.contact,
        ),
        at=at,
        if_unchanged_since=size,
        unless=(StatementRecorded, BundleReceived, StatementPermitted, BundleShared),
    )
    return raw


def would_share(
    desk: Desk,
    to: str,
    *,
    at: datetime,
    everything: bool = False,
    most: int | None = None,
) -> Bundle:
    """Return the bundle that :func:`share` would sign, and record nothing.

    Parameters
    ----------
    most : int or None
        Statements in it: more than a letter may have, where none is written; ``None``: as many.

    Raises
    ------
    InputError
        If the agency is not at the table.
    """
    holding = holdings(desk)
    granted = set() if everything else _granted(desk, to)
    return bundle_for(
        (row.noted for row in holding.rows),
        to=desk.operation.agency(to),
        by=desk.agency,
        operation=desk.operation,
        at=at,
        permissions=holding.permissions,
        granted=[
            permission
            for permission in _permits(desk, to)
            if digest_of(permission.encode()) not in granted
        ],
        told=() if everything else _told(desk, to),
        most=most,
    )


def permit(desk: Desk, statement: str, *, by: str, to: str, why: str, at: datetime) -> str:
    """Sign that an agency may pass one of this desk's own statements on to one more.

    The signed permission goes to that agency with the next bundle for it (:func:`share`).

    Parameters
    ----------
    by : str
        Who may pass it on.
    to : str
        To whom.

    Returns
    -------
    str
        The statement's id, in full.

    Raises
    ------
    InputError
        If the statement is not the desk's own, or not signed, or an agency is not at the table.
    """
    for name in (by, to):
        if desk.operation.agency(name).id == desk.agency.id:
            raise InputError(
                f"{name}: a permission must be for two other agencies than this desk's own"
            )
    if by == to:
        raise InputError(f"{by}: an agency cannot pass a statement on to itself")
    if not why.strip():
        raise InputError("a permission needs a reason: --why TEXT")
    noted = list(own_noted(desk))
    statement_id_wanted = _meant(statement, (row.statement.id for row in noted))
    candidates = [
        row.statement for row in noted if row.statement.id == statement_id_wanted and row.notes
    ]
    if not candidates:
        raise InputError(
            f"{statement[:80]!r} is not a statement of this agency; only the agency that made a "
            "statement can permit others to share it",
            hint=(
                "cautery operation state CASE lists the agency's own statements; for another "
                "statement, ask the agency that made it."
            ),
        )
    text = text_of_permission(candidates[0], operation=desk.operation.id, by=by, to=to)
    note = desk.sign(str(text))
    desk.record(
        StatementPermitted(statement=statement_id_wanted, by=by, to=to, why=why, note=note), at=at
    )
    return statement_id_wanted


def correct(
    desk: Desk,
    statement: str,
    *,
    text: str,
    at: datetime,
    details: Json | None = None,
    withdrawn: bool = False,
) -> tuple[Statement, tuple[str, ...]]:
    """Say that one of the agency's own statements was wrong (Directive (EU) 2016/680, art. 7).

    Returns
    -------
    Statement
        The correction, marked and named as the old one was.
    tuple of str
        The agencies that were told the old one and must be told this: :func:`share` does. Who may
        pass the old one on may pass this on, and is reminded by its own desk.

    Raises
    ------
    InputError
        If it is not the agency's own, or corrected already.
    """
    own_rows = [row for row in held(desk) if row.received_from is None]
    id_wanted = _meant(statement, (row.statement.id for row in own_rows))
    # Stated for one agency after another, a statement stands there once for each of them.
    rows = [row for row in own_rows if row.statement.id == id_wanted]
    if not rows:
        raise InputError(
            f"{statement[:80]!r} is not a statement of this agency; only the agency that made a "
            "statement can correct it",
            hint="cautery operation state CASE lists the agency's own statements.",
        )
    old = rows[0]
    if old.corrected_by is not None:
        raise InputError(f"statement {id_wanted} was already corrected by {old.corrected_by}")
    base = dict(old.statement.details) if details is None else dict(details)
    new = {**base, "corrects": id_wanted, "withdrawn": withdrawn}
    # An agency that was told only an earlier version must learn that this one displaces it.
    if "corrects" in old.statement.details:
        old_details = old.statement.details
        new["before"] = [*old_details.get("before", ()), old_details["corrects"]]
    mended = [replace(row.statement, text=text, at=at, details=new) for row in rows]
    recorded = add_statements(desk, mended, at=at)[0]
    _permit_as_before(desk, recorded, displaced=id_wanted, at=at)
    return recorded, tuple(to for correction, to in must_be_told(desk) if correction == recorded.id)


def _permit_as_before(desk: Desk, correction: Statement, *, displaced: str, at: datetime) -> None:
    """Let a correction be passed on by and to whom the statement that it displaces could be.

    Else whoever has the statement by permission would never learn that it is wrong.
    """
    permissions = {
        (permitted.by, permitted.to): permitted.why
        for _, permitted in desk.contents(StatementPermitted)
        if permitted.statement == displaced and permitted.note is not None
    }
    for (by, to), why in permissions.items():
        if by is not None:  # older permissions do not say so, and let nothing out
            permit(desk, correction.id, by=by, to=to, why=why, at=at)


def must_be_told(desk: Desk) -> tuple[tuple[str, str], ...]:
    """Return which correction (by id) which agency has yet to be told: it was told the old one."""
    told_ids = {name: _told(desk, name) | _given(desk, name) for name in _recipients(desk)}
    overdue = {
        (row.statement.id, name): None
        for row in held(desk)
        if row.corrected_by is None
        for name in sorted(told_ids)
        if displaced_by(row.statement) & told_ids[name]
        and (row.statement.by, row.statement.id) not in told_ids[name]
    }
    return tuple(overdue)


def _recipients(desk: Desk) -> set[str]:
    shared_to = {shared.to for _, shared in desk.contents(BundleShared)}
    given_to = {given.to for _, given in desk.contents(ExchangeExported)}
    return shared_to | {name for name in given_to if name is not None}


def _given(desk: Desk, to: str) -> set[tuple[str, str]]:
    """Return which statements an agency was given in a file for its tools: a bundle it is not."""
    return {
        statement
        for _, given in desk.contents(ExchangeExported)
        if given.to == to
        for statement in given.statements
    }


def _told(desk: Desk, to: str) -> set[tuple[str, str]]:
    return {
        statement
        for _, shared in desk.contents(BundleShared)
        if shared.to == to
        for statement in shared.statements
    }


def _permits(desk: Desk, agency: str) -> Iterator[str]:
    """Yield the permissions that this desk has signed for an agency to pass statements on.

    One that this desk's key did not sign, as in an older case, is passed over.
    """
    key = known_keys(desk)[desk.agency.id]
    for _, permitted in desk.contents(StatementPermitted):
        if permitted.by == agency and permitted.note is not None:
            try:
                open_note(permitted.note.encode(errors="replace"), key)
            except EvidenceError:
                continue
            yield permitted.note


def _granted(desk: Desk, to: str) -> set[Digest]:
    """Return the digests of the permissions that an agency has been sent."""
    return {
        digest
        for _, shared in desk.contents(BundleShared)
        if shared.to == to
        for digest in shared.permissions
    }


def _meant(prefix: str, ids: Iterable[str]) -> str:
    """Return the one id that begins with a prefix, or else the prefix itself.

    Raises
    ------
    InputError
        If several do.
    """
    if len(prefix) < LEAST_OF_AN_ID:
        return prefix
    matches = {id_ for id_ in ids if id_.startswith(prefix)}
    if len(matches) > 1:
        raise InputError(f"several ids begin with {prefix!r}: write more digits")
    return matches.pop() if matches else prefix
