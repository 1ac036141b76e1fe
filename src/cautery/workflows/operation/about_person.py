"""What a desk's statements say of one person, and how many of them may not be shown to the person.

A statement of another agency under handling code H1, H2 or H3 stays with whoever made it; one that
names another person, too, is that person's as well. Both are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from cautery.formats.named_hosts import host_written, hosts_in
from cautery.model.marking import HandlingCode
from cautery.model.records import PersonRegistered
from cautery.workflows.operation.desk import Desk
from cautery.workflows.operation.holdings import Held, held
from cautery.workflows.operation.papers import persons_in_statement

ANOTHER_PERSON = "another-person"
"""Why a statement is not shown: it names another person, too."""
_RESTRICTING = frozenset((HandlingCode.H1, HandlingCode.H2, HandlingCode.H3))
_ASSETS = frozenset(("host", "address", "panel", "storefront", "stream", "url"))
"""Kinds of assets that are hosts, or lie at one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidOf:
    """The statements of a desk about one person.

    Parameters
    ----------
    shown : tuple of Held
        Those that may be shown, in order.
    withheld : mapping of (str, str) to int
        By reason and agency, how many may not. The reason is ``another-person``, or the handling
        codes, such as ``H1`` or ``H1+H3``.
    """

    shown: tuple[Held, ...]
    withheld: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def withheld_count(self) -> int:
        """How many may not be shown."""
        return sum(self.withheld.values())


def said_of(desk: Desk, pseudonym: str) -> SaidOf:
    """Return what a desk's own and received statements say of a person."""
    pseudonyms = frozenset(
        content.person.pseudonym for _, content in desk.contents(PersonRegistered)
    )
    statements: list[Held] = []
    withheld: Counter[tuple[str, str]] = Counter()
    keys: set[tuple[str, str]] = set()
    for row in held(desk):
        statement = row.statement
        persons = persons_in_statement(statement, pseudonyms | {pseudonym})
        key = statement.by, statement.id
        if pseudonym not in persons or key in keys:
            continue
        keys.add(key)  # stated for one agency after another, it stands there once for each
        codes = sorted(code.value for code in statement.marking.handling & _RESTRICTING)
        if row.received_from is not None and codes:
            withheld["+".join(codes), statement.by] += 1
        elif persons != {pseudonym}:
            withheld[ANOTHER_PERSON, statement.by] += 1
        else:
            statements.append(row)
    return SaidOf(shown=tuple(statements), withheld=dict(sorted(withheld.items())))


def hosts_of(desk: Desk, pseudonym: str) -> frozenset[str]:
    """Return the hosts that standing statements attribute to a person.

    A statement about the person says what the person runs (``details.runs``), a link joins the
    person to an asset (``details.source`` and ``details.target``). Withdrawn ones count no more;
    one that may not be shown counts: it is why the host is held against the person.
    """
    hosts: set[str] = set()
    for row in held(desk):
        statement, details = row.statement, row.statement.details
        if row.corrected_by is not None or details.get("withdrawn"):
            continue
        ends = [details.get("source"), details.get("target")]
        if statement.about == "person" and statement.subject == pseudonym:
            runs = details.get("runs")
            assets = runs if isinstance(runs, list) else []
        elif statement.about == "link" and pseudonym in ends:
            assets = ends
        else:
            continue
        for asset in assets:
            kind, _, name = str(asset).partition(":")
            if kind in _ASSETS:
                hosts |= hosts_in(name) or {host_written(name)}
    return frozenset(hosts - {""})
