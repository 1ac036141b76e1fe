"""State what an agency knows, share it by its markings, receive what others share, correct it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from cautery.errors import InputError
from cautery.evidence.note import NoteVerifier
from cautery.model import ExhibitId, Json, Operation, Statement, digest_of, from_json, iso, to_json
from cautery.operation.sharing import Bundle, bundle_for, displaced_by, read_bundle, statement_id
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.letter import open_letter, write_letter
from cautery.workflows.operation.partners import RECEIVED, check_key

STATEMENT = "operation.statement"
SHARED = "operation.shared"
PERMITTED = "operation.permitted"

LEAST_OF_AN_ID = 8
"""Digits of an id that name a statement if no other begins like it; a table shows twelve."""

_MEDIA_TYPE = "application/vnd.cautery.letter+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A statement at a desk.

    Parameters
    ----------
    received_from : str or None
        Who sent it; ``None`` for the agency's own.
    corrected_by : str or None
        The id of the statement that corrects or withdraws it.
    """

    statement: Statement
    received_from: str | None
    corrected_by: str | None


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
    moment = at or desk.case.clock.now()
    known = {(str(body["id"]), frozenset(body["to"])) for body in desk.bodies(STATEMENT)}
    stated: list[Statement] = []
    fresh: list[tuple[str, Json, datetime]] = []
    for given in statements:
        if given.by != desk.agency.id:
            raise InputError(f"statement {given.id}: said by {given.by}, not by {desk.agency.id}")
        for name in given.to:
            desk.operation.agency(name)
        for exhibit in given.exhibits:
            if not desk.case.vault.holds(exhibit):
                raise InputError(f"statement {given.id}: exhibit {exhibit} is not in the vault")
        one = replace(given, id=statement_id(given, desk.case.pseudonyms))
        stated.append(one)
        if (one.id, one.to) not in known:
            known.add((one.id, one.to))
            fresh.append((STATEMENT, to_json(one), moment))
    desk.case.ledger.append_all(fresh)
    return tuple(stated)


def own_statements(desk: Desk) -> Iterator[Statement]:
    """Yield the agency's own statements, in order."""
    for entry in desk.case.ledger.read(kinds=(STATEMENT,)):
        yield _statement_of(entry.leaf)


def received_statements(desk: Desk) -> Iterator[tuple[str, Statement]]:
    """Yield what others have shared, each statement once: who sent it, and the statement.

    What its provider sent counts more than what another passed on under the same id.
    """
    found: dict[tuple[str, str], tuple[str, Statement]] = {}
    for body in desk.bodies(RECEIVED):
        raw = desk.case.vault.read(ExhibitId(str(body["exhibit"])))
        bundle = _bundle_in(raw, desk.operation, desk.agency.id, str(body["key"]))
        for one in bundle.statements:
            key = (one.by, one.id)
            if key not in found or (bundle.by == one.by != found[key][0]):
                found[key] = (bundle.by, one)
    yield from found.values()


def held(desk: Desk) -> tuple[Held, ...]:
    """Return all that the desk holds, own first; what was corrected says by what."""
    rows: list[tuple[str | None, Statement]] = [(None, one) for one in own_statements(desk)]
    rows += received_statements(desk)
    firsthand = {(one.by, one.id) for sender, one in rows if sender in (None, one.by)}
    newer = {
        corrected: one.id for _, one in rows for corrected in displaced_by(one, firsthand=firsthand)
    }
    return tuple(
        Held(statement=one, received_from=sender, corrected_by=newer.get((one.by, one.id)))
        for sender, one in rows
    )


def picture(desk: Desk) -> tuple[Statement, ...]:
    """Return the shared picture as this desk has it: what it holds and nobody has corrected."""
    return tuple(
        one.statement
        for one in held(desk)
        if one.corrected_by is None and not one.statement.details.get("withdrawn")
    )


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
    bundle = would_share(desk, to, at=at, everything=everything)
    raw = write_letter(bundle.payload(), desk.case.signer)
    exhibit = desk.case.vault.seal(
        raw, media_type=_MEDIA_TYPE, at=at, clock=desk.case.clock.offset()
    )
    desk.record(
        SHARED,
        {
            "to": to,
            "at": iso(at),
            "digest": digest_of(raw),
            "exhibit": exhibit.id,
            "statements": [[one.by, one.id] for one in bundle.statements],
            "why": why or f"need to know in operation {desk.operation.id}",
            "who": who or desk.agency.contact,
        },
        at=at,
    )
    return raw


def would_share(desk: Desk, to: str, *, at: datetime, everything: bool = False) -> Bundle:
    """Return the bundle that :func:`share` would sign, and record nothing.

    Raises
    ------
    InputError
        If the agency is not at the table.
    """
    rows = held(desk)
    return bundle_for(
        (one.statement for one in rows),
        to=desk.operation.agency(to),
        by=desk.agency,
        operation=desk.operation,
        at=at,
        permitted=_permissions(desk),
        told=() if everything else _told(desk, to),
        firsthand={
            (one.statement.by, one.statement.id)
            for one in rows
            if one.received_from in (None, one.statement.by)
        },
    )


def receive(
    desk: Desk, raw: bytes, *, key: NoteVerifier, at: datetime, who: str | None = None
) -> tuple[Statement, ...]:
    """Check and file a bundle; the same bundle again changes nothing.

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
        (:func:`~cautery.workflows.operation.partners.check_key`); nothing is recorded then.
    EvidenceError
        If the signature is not of this key.
    """
    bundle = _bundle_in(raw, desk.operation, desk.agency.id, str(key))
    digest = digest_of(raw)
    for body in desk.bodies(RECEIVED):
        if body["digest"] == digest:
            return bundle.statements
    check_key(desk, bundle.by, key)
    exhibit = desk.case.vault.seal(
        raw, media_type=_MEDIA_TYPE, at=at, clock=desk.case.clock.offset()
    )
    desk.record(
        RECEIVED,
        {
            "from": bundle.by,
            "at": iso(at),
            "digest": digest,
            "exhibit": exhibit.id,
            "key": str(key),
            "who": who or desk.agency.contact,
        },
        at=at,
    )
    return bundle.statements


def permit(desk: Desk, statement: str, *, to: str, granted_by: str, why: str, at: datetime) -> None:
    """File a provider's permission to pass a received statement on to one more agency.

    Raises
    ------
    InputError
        If the desk has not received it, or somebody else than its provider grants it.
    """
    desk.operation.agency(to)
    received = [one for _, one in received_statements(desk)]
    wanted = _meant(statement, (one.id for one in received))
    # An id is the provider's own choice: two of them may have given the same.
    providers = {one.by for one in received if one.id == wanted}
    if not providers:
        raise InputError(
            f"no received statement {statement[:80]!r} at this desk",
            hint="cautery operation state CASE lists them.",
        )
    if granted_by not in providers:
        raise InputError(
            f"statement {wanted}: {', '.join(sorted(providers))} provided it, "
            f"so {granted_by} cannot permit it"
        )
    if not why.strip():
        raise InputError("where the permission stands is logged: --why")
    desk.record(
        PERMITTED,
        {"statement": wanted, "to": to, "granted_by": granted_by, "why": why},
        at=at,
    )


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
        The agencies that were told the old one and must be told this: :func:`share` does.

    Raises
    ------
    InputError
        If it is not the agency's own, or corrected already.
    """
    mine = [one for one in held(desk) if one.received_from is None]
    wanted = _meant(statement, (one.statement.id for one in mine))
    # Stated for one agency after another, a statement stands there once for each of them.
    rows = [one for one in mine if one.statement.id == wanted]
    if not rows:
        raise InputError(
            f"no own statement {statement[:80]!r}: only its provider corrects it",
            hint="cautery operation state CASE lists them.",
        )
    old = rows[0]
    if old.corrected_by is not None:
        raise InputError(f"statement {wanted} was corrected already by {old.corrected_by}")
    base = dict(old.statement.details) if details is None else dict(details)
    new = {**base, "corrects": wanted, "withdrawn": withdrawn}
    if "corrects" in old.statement.details:
        told = old.statement.details
        new["before"] = [*told.get("before", ()), told["corrects"]]
    mended = [replace(one.statement, text=text, at=at, details=new) for one in rows]
    recorded = add_statements(desk, mended, at=at)[0]
    return recorded, tuple(to for one, to in must_be_told(desk) if one == recorded.id)


def must_be_told(desk: Desk) -> tuple[tuple[str, str], ...]:
    """Return which correction (by id) which agency has yet to be told: it was told the old one."""
    told = {name: _told(desk, name) for name in _recipients(desk)}
    found = {
        (one.statement.id, name): None
        for one in held(desk)
        if one.corrected_by is None
        for name in sorted(told)
        if displaced_by(one.statement, firsthand=()) & told[name]
        and (one.statement.by, one.statement.id) not in told[name]
    }
    return tuple(found)


def _recipients(desk: Desk) -> set[str]:
    return {str(body["to"]) for body in desk.bodies(SHARED)}


def _told(desk: Desk, to: str) -> set[tuple[str, str]]:
    return {
        (by, name)
        for body in desk.bodies(SHARED)
        if body["to"] == to
        for by, name in body["statements"]
    }


def _permissions(desk: Desk) -> frozenset[tuple[str, str, str]]:
    return frozenset(
        (str(body["granted_by"]), str(body["statement"]), str(body["to"]))
        for body in desk.bodies(PERMITTED)
    )


def _meant(told: str, ids: Iterable[str]) -> str:
    """Return the one id that begins with what was told, or else what was told.

    Raises
    ------
    InputError
        If several do.
    """
    if len(told) < LEAST_OF_AN_ID:
        return told
    found = {one for one in ids if one.startswith(told)}
    if len(found) > 1:
        raise InputError(f"{told!r} begins several ids: write one out")
    return found.pop() if found else told


@lru_cache(maxsize=1 << 16)
def _statement_of(leaf: bytes) -> Statement:
    """Return the statement of a record; a desk is read often, and its leaves never change."""
    return from_json(Statement, json.loads(leaf)["body"])


@lru_cache(maxsize=512)
def _bundle_in(raw: bytes, operation: Operation, to: str, key: str) -> Bundle:
    """Return the bundle that a letter holds, everything checked; the same bytes are read once."""
    payload = open_letter(raw, NoteVerifier.parse(key))
    return read_bundle(payload, to=operation.agency(to), operation=operation)
