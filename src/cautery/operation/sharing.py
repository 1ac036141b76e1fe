"""Decide which agency may see a statement.

This is the one place where markings are applied to what leaves an agency (ADR 0007): bundles, what
is compared in a deconfliction, call sheets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from cautery.canonical import canonical
from cautery.model import (
    Agency,
    AgencyRole,
    Competence,
    HandlingCode,
    Marking,
    Operation,
    Pap,
    Pseudonyms,
    Statement,
    Tlp,
    to_json,
)
from cautery.operation.targets import place_of, spelling

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
    members = to_json(statement)
    del members["id"], members["to"]
    return pseudonyms.of(canonical(members).decode(), digits=ID_DIGITS)


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
    TLP 2.0 (FIRST) and Europol's handling codes (docs/reference/sources.md, F29). ``H1`` forbids a
    use, not a transmission, and travels with the statement. ``H3`` is a text that only people
    read, so its statement goes to none but those who are named.
    """
    operation.agency(to.id)
    sharer = statement.by if by is None else by
    if to.id in (sharer, statement.by):
        return False  # nobody is told what is their own
    marking = statement.marking
    is_named = permitted or to.id in statement.to
    if statement.to and not is_named:
        return False
    strict = marking.tlp in (Tlp.RED, Tlp.AMBER_STRICT) or HandlingCode.H3 in marking.handling
    if strict and not is_named:
        return False
    if advises_only(to) and not _for_industry(statement, is_named=is_named):
        return False
    if sharer == statement.by or permitted:
        return True
    return marking.tlp in (Tlp.GREEN, Tlp.CLEAR) and not marking.handling & {
        HandlingCode.H2,
        HandlingCode.H3,
    }


def citable(statement: Statement, *, by: Agency) -> bool:
    """Tell whether an agency may cite a statement in a paper that leaves the table.

    Such a paper is an order, a certificate or a request to a court, to an authority or to somebody
    who holds data or money. What the agency has stated itself it may cite: it issues the paper.

    Notes
    -----
    Of others it cites what they let everybody have: no named recipients, TLP:GREEN or TLP:CLEAR,
    PAP:GREEN or PAP:CLEAR (a paper is an act that its addressee notices), and none of ``H1`` (not
    in judicial proceedings), ``H2`` (not passed on) and ``H3`` (docs/reference/sources.md, F29).
    """
    if statement.by == by.id:
        return True
    marking = statement.marking
    return (
        not statement.to
        and marking.tlp in (Tlp.GREEN, Tlp.CLEAR)
        and marking.pap in (Pap.GREEN, Pap.CLEAR)
        and marking.handling <= {HandlingCode.H0}
    )


def followable(statement: Statement) -> bool:
    """Tell whether what a statement says of an asset may be looked for after the operation.

    A following is another case under another mandate, with other readers; it asks nobody but
    certificate logs, passive DNS and watches that look anyway.

    Notes
    -----
    So nobody may be named as the recipient, it is TLP:GREEN or TLP:CLEAR, not PAP:RED, and has none
    of ``H1``, ``H2`` and ``H3``: also the agency's own, which it may state anew with another
    marking.
    """
    marking = statement.marking
    return (
        not statement.to
        and marking.tlp in (Tlp.GREEN, Tlp.CLEAR)
        and marking.pap is not Pap.RED
        and marking.handling <= {HandlingCode.H0}
    )


def _for_industry(statement: Statement, *, is_named: bool) -> bool:
    marking = statement.marking
    if HandlingCode.H0 in marking.handling or (marking.tlp is Tlp.AMBER and not is_named):
        return False
    if statement.about not in INDUSTRY_ABOUT:
        return False
    if not statement.details.keys() <= _INDUSTRY_DETAILS:
        return False
    traits = statement.details.get("traits") or {}
    if not isinstance(traits, Mapping) or not traits.keys() <= _MACHINE_TRAITS:
        return False
    identifiers = [statement.subject, *(statement.details.get(key) for key in _IDS)]
    names = [identifier for identifier in identifiers if identifier is not None]
    return all(
        isinstance(name, str) and name.partition(":")[0] in INFRASTRUCTURE and ":" in name
        for name in names
    )


def withheld(
    subjects: Iterable[str],
    statements: Iterable[Statement],
    *,
    to: Agency,
    by: Agency,
    operation: Operation,
    permissions: Collection[tuple[str, str, str]] = (),
) -> dict[str, Marking]:
    """Return the subjects that ``to`` may not be told of, each with a marking that forbids it.

    They are returned in their one spelling. Where no statement is about a subject in that
    spelling, those about its host or address count: a panel is named by the name of its host.

    A subject that no statement is about has no marking, and is not among them. What ``to`` has
    itself stated counts neither way: it knows the subject, but not that ``by`` does.

    Parameters
    ----------
    statements : iterable of Statement
        What ``by`` holds and nobody has corrected.
    permissions : collection of (provider, statement id, agency)
        By which ``by`` may pass statements of others on.

    Raises
    ------
    InputError
        If an agency is not at the table.
    """
    places = {name: place_of(name) for name in set(map(spelling, subjects))}
    at_places = set(places.values())
    by_name: defaultdict[str, list[Statement]] = defaultdict(list)
    by_place: defaultdict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        place = place_of(statement.subject)
        if place in at_places and statement.by != to.id:
            by_name[spelling(statement.subject)].append(statement)
            by_place[place].append(statement)

    def forbidding(statement: Statement) -> Marking | None:
        permitted = (statement.by, statement.id, to.id) in permissions
        free = releasable(statement, to=to, operation=operation, by=by.id, permitted=permitted)
        return None if free else statement.marking

    forbids: dict[str, Marking] = {}
    for name, place in sorted(places.items()):
        markings = [forbidding(statement) for statement in by_name[name] or by_place[place]]
        for marking in markings if None not in markings else ():
            assert marking is not None
            if name not in forbids or forbids[name].covers(marking):
                forbids[name] = marking
    return forbids


def displaced_by(statement: Statement) -> frozenset[tuple[str, str]]:
    """Return (provider, id) of the statements that this one takes the place of.

    A correction of a correction names the ones ``before`` it too: whoever was told only the
    first learns that it is undone. Only a provider corrects.
    """
    old_ids = [statement.details.get("corrects"), *_listed(statement.details.get("before"))]
    return frozenset((statement.by, old_id) for old_id in old_ids if isinstance(old_id, str))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
