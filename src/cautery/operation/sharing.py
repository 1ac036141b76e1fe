"""Who may be told a statement, and the bundle of all that one agency may be told.

This is the one place where markings are applied to what agencies share (ADR 0007). A bundle is
made of the statements that its recipient may see and of nothing else: no count, no sequence
number, no name of another recipient. So it is the same bytes whatever the hidden ones say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import rfc8785

from cautery.errors import InputError
from cautery.model import (
    Agency,
    AgencyRole,
    Competence,
    HandlingCode,
    Operation,
    Pseudonyms,
    Statement,
    Tlp,
    from_json,
    iso,
    require_utc,
    to_json,
)

FORMAT = "cautery.bundle/1"
MAX_STATEMENTS = 200_000
"""In one bundle; a whole operation of two years stays below (bench/operation.py)."""

ID_DIGITS = 32
"""128 bits of an HMAC: no two statements meet, and nothing is told by it."""

INDUSTRY_ABOUT = frozenset({"asset", "link"})
"""What those who only advise may be told of: the supply, never a person or a payment."""
INFRASTRUCTURE = frozenset(
    (
        *("host", "domain", "address", "certificate", "as", "url", "cdn", "network", "facility"),
        *("server", "panel", "edge", "origin", "encoder", "source", "storefront", "database"),
        *("service", "channel", "stream", "playlist", "app", "device", "provider"),
    )
)
"""Kinds of asset (``kind:value``) that stand for machines and names, not for people."""

_IDS = ("id", "source", "target")  # of details that name assets
_INDUSTRY_DETAILS = frozenset(
    (
        *_IDS,
        *("kind", "value", "type", "role", "country", "cost", "weight", "untouchable", "traits"),
        *("relation", "needs", "k", "corrects", "before", "withdrawn"),
    )
)
"""Details of machines; any other may speak of people, so a statement with one stays."""
_MACHINE_TRAITS = frozenset(
    {"address", "analytics", "certificate", "fault", "favicon", "panel", "redirect"}
)
"""Traits of a host that lead to no person: of model.Link's kinds all but contact, payment and
registrant."""


def statement_id(statement: Statement, pseudonyms: Pseudonyms) -> str:
    """Return a statement's id: the case's own pseudonym of what it says.

    Who else is named in ``to`` is left out, so that naming one more changes no id.
    """
    body = to_json(statement)
    del body["id"], body["to"]
    return pseudonyms.of(rfc8785.dumps(body).decode(), digits=ID_DIGITS)


def advises_only(agency: Agency) -> bool:
    """Tell whether an agency has no act of its own: industry, which gets no personal data."""
    return agency.role is AgencyRole.INDUSTRY or agency.competence <= {Competence.ADVISE}


def releasable(
    statement: Statement,
    *,
    to: Agency,
    operation: Operation,
    by: str | None = None,
    permitted: bool = False,
) -> bool:
    """Tell whether ``by`` may pass a statement on to an agency; all markings must allow it.

    Parameters
    ----------
    by : str, optional
        Who shares; the statement's own provider by default.
    permitted : bool
        The provider has allowed this statement for this agency: the same as naming it.

    Raises
    ------
    InputError
        If the agency is not at the operation's table.

    Notes
    -----
    TLP 2.0 (FIRST) and Europol's handling codes (reference/law.md, section 7). ``H1`` forbids a
    use, not a transmission, and travels with the statement. ``H3`` is a text that only people
    read, so its statement goes to none but those who are named.
    """
    operation.agency(to.id)
    sharer = statement.by if by is None else by
    if to.id in (sharer, statement.by):
        return False  # nobody is told what is their own
    marking = statement.marking
    named = permitted or to.id in statement.to
    if statement.to and not named:
        return False
    strict = marking.tlp in (Tlp.RED, Tlp.AMBER_STRICT) or HandlingCode.H3 in marking.handling
    if strict and not named:
        return False
    if advises_only(to) and not _for_industry(statement, named=named):
        return False
    if sharer == statement.by or permitted:
        return True
    return marking.tlp in (Tlp.GREEN, Tlp.CLEAR) and not marking.handling & {
        HandlingCode.H2,
        HandlingCode.H3,
    }


def _for_industry(statement: Statement, *, named: bool) -> bool:
    marking = statement.marking
    if HandlingCode.H0 in marking.handling or (marking.tlp is Tlp.AMBER and not named):
        return False
    if statement.about not in INDUSTRY_ABOUT:
        return False
    if not statement.details.keys() <= _INDUSTRY_DETAILS:
        return False
    traits = statement.details.get("traits") or {}
    if not isinstance(traits, Mapping) or not traits.keys() <= _MACHINE_TRAITS:
        return False
    told = [statement.subject, *(statement.details.get(one) for one in _IDS)]
    names = [one for one in told if one is not None]
    return all(
        isinstance(one, str) and one.partition(":")[0] in INFRASTRUCTURE and ":" in one
        for one in names
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What one agency tells another: statements sorted by provider and id, and no more.

    Parameters
    ----------
    permitted : tuple of str
        Ids among them that the provider allowed the sharer to pass on.
    """

    operation: str
    by: str
    to: str
    at: datetime
    statements: tuple[Statement, ...]
    permitted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_utc("at", self.at)

    def payload(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "format": FORMAT,
            "operation": self.operation,
            "from": self.by,
            "to": self.to,
            "at": iso(self.at),
            "statements": [to_json(one) for one in self.statements],
            "permitted": list(self.permitted),
        }

    def to_bytes(self) -> bytes:
        """Return it as RFC 8785 JSON: one spelling."""
        return bytes(rfc8785.dumps(self.payload()))


def bundle_for(
    statements: Iterable[Statement],
    *,
    to: Agency,
    by: Agency,
    operation: Operation,
    at: datetime,
    permitted: Collection[tuple[str, str, str]] = (),
    told: Collection[tuple[str, str]] = (),
    firsthand: Collection[tuple[str, str]] | None = None,
) -> Bundle:
    """Return all that ``by`` may tell ``to``; of a corrected statement, the correction alone.

    Parameters
    ----------
    statements : iterable of Statement
        Everything that ``by`` holds, in any order.
    permitted : collection of (provider, statement id, agency)
        Permissions that providers gave, each for a statement of its own.
    told : collection of (provider, statement id)
        What ``to`` has been told before, and is not told again.
    firsthand : collection of (provider, statement id), optional
        What ``by`` has from the provider itself; by default all (:func:`displaced_by`).

    Raises
    ------
    InputError
        If an agency is not at the table, or is both ends.

    Notes
    -----
    A correction displaces what it corrects only where ``to`` may see the correction: otherwise
    a hidden statement would show by what is missing.
    """
    operation.agency(by.id)
    if to.id == by.id:
        raise InputError(f"{by.id}: an agency shares nothing with itself")
    chosen: dict[tuple[str, str], Statement] = {}
    allowed: set[str] = set()
    for one in statements:
        key = (one.by, one.id)
        leave = (*key, to.id) in permitted
        if not releasable(one, to=to, operation=operation, by=by.id, permitted=leave):
            continue
        named = to.id in one.to or (key in chosen and to.id in chosen[key].to)
        chosen[key] = replace(one, to=frozenset({to.id}) if named else frozenset())
        if not releasable(one, to=to, operation=operation, by=by.id):
            allowed.add(one.id)
    # Of hidden statements nothing may show, not even that they came first-hand.
    known = chosen.keys() if firsthand is None else chosen.keys() & set(firsthand)
    displaced = {old for one in chosen.values() for old in displaced_by(one, firsthand=known)}
    left = sorted(chosen.keys() - displaced - set(told))
    return Bundle(
        operation=operation.id,
        by=by.id,
        to=to.id,
        at=at,
        statements=tuple(chosen[key] for key in left),
        permitted=tuple(sorted(allowed & {name for _, name in left})),
    )


def displaced_by(
    statement: Statement, *, firsthand: Collection[tuple[str, str]]
) -> frozenset[tuple[str, str]]:
    """Return (provider, id) of the statements that this one takes the place of.

    A correction of a correction names the ones ``before`` it too: whoever was told only the
    first learns that it is undone. Only a provider corrects, and what it said itself is not
    undone by what another passes on.
    """
    named = [statement.details.get("corrects"), *_listed(statement.details.get("before"))]
    heard = (statement.by, statement.id) not in firsthand
    return frozenset(
        (statement.by, one)
        for one in named
        if isinstance(one, str) and not (heard and (statement.by, one) in firsthand)
    )


def _listed(told: Any) -> Sequence[Any]:
    return told if isinstance(told, list | tuple) else ()


def read_bundle(payload: Mapping[str, Any], *, to: Agency, operation: Operation) -> Bundle:
    """Rebuild a bundle that was received, refusing what no honest sharer could have sent.

    Parameters
    ----------
    payload : mapping
        Of :meth:`Bundle.payload`, its signature checked.
    to : Agency
        Who received it.

    Raises
    ------
    InputError
        Naming the rule that is broken.
    """
    members = {"format", "operation", "from", "to", "at", "statements", "permitted"}
    if set(payload) != members or payload["format"] != FORMAT:
        raise InputError(f"no bundle: {FORMAT} has the members {', '.join(sorted(members))}")
    if payload["operation"] != operation.id:
        raise InputError(f"a bundle of operation {str(payload['operation'])[:80]!r}, not this one")
    if payload["to"] != to.id:
        raise InputError(f"a bundle for {str(payload['to'])[:80]!r}, not for {to.id}")
    sender = operation.agency(str(payload["from"])[:80])
    rows = payload["statements"]
    if not isinstance(rows, list) or len(rows) > MAX_STATEMENTS:
        raise InputError(f"a bundle is a list of at most {MAX_STATEMENTS} statements")
    statements = tuple(_statement(row) for row in rows)
    bundle = Bundle(
        operation=operation.id,
        by=sender.id,
        to=to.id,
        at=from_json(datetime, payload["at"]),
        statements=statements,
        permitted=from_json(tuple[str, ...], payload["permitted"]),
    )
    if iso(bundle.at) != payload["at"]:
        raise InputError("a bundle's time has one spelling: RFC 3339 with microseconds and Z")
    keys = [(one.by, one.id) for one in statements]
    if keys != sorted(set(keys)) or list(bundle.permitted) != sorted(set(bundle.permitted)):
        raise InputError("a bundle is sorted, each statement once")
    for one in statements:
        operation.agency(one.by)
        if not one.to <= {to.id}:
            raise InputError(f"statement {one.id}: it says who else was told; refused")
        if not releasable(
            one, to=to, operation=operation, by=sender.id, permitted=one.id in bundle.permitted
        ):
            raise InputError(
                f"statement {one.id} of {one.by}: {one.marking.tlp.value} does not allow "
                f"{sender.id} to share it with {to.id}",
                hint="Ask the provider; without its permission it is not disseminated further.",
            )
    return bundle


def _statement(row: Any) -> Statement:
    if isinstance(row, dict) and row.get("marking") is None:
        raise InputError(f"statement {str(row.get('id'))[:80]!r}: without a marking it is refused")
    one = from_json(Statement, row)
    if to_json(one) != row:
        raise InputError(f"statement {one.id[:80]!r}: not in the one form that statements have")
    return one
