"""Who may do what in the operations room: the one table of roles and rights, and acts to be logged.

A right is for one thing: to read implies no writing, to write implies no deleting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from cautery.errors import InputError


class Right(StrEnum):
    """What an address of the room asks for."""

    OPEN = "open"
    """Nothing: strangers may ask as well."""
    OWN = "own"
    """To be somebody: one's own account and the room's help."""
    READ = "read"
    """To look at the cases that one may see."""
    PERSONS = "persons"
    """To look for the persons of a case, and to ask whether another case has one."""
    AGREE = "agree"
    """To agree that somebody else asks for a person over cases."""
    CHECK = "check"
    """To have a case hashed again."""
    DRAFT = "draft"
    """To write what others approve."""
    REPORT = "report"
    """To report from an action day how a step stands, and to send photographs of exhibits; a guest
    agency, of its own."""
    APPROVE = "approve"
    """To approve what others wrote."""
    HAND_OVER = "hand-over"
    """To disclose to somebody outside."""
    ERASE = "erase"
    """To destroy what the law says must go."""
    LISTS = "lists"
    """To look at the lists that one is sent."""
    READ_LOG = "read-log"
    """To read who did what, for a purpose that the law allows."""
    COUNTS = "counts"
    """To read how much there is in the whole room: of cases that one may not see as well."""
    NODES = "nodes"
    """To look at the machines that watch: it shows no case."""
    MANAGE = "manage"
    """To manage accounts."""


class RoomRole(StrEnum):
    """What somebody is in the room."""

    ANALYST = "analyst"
    LEGAL = "legal"
    DUTY_OFFICER = "duty-officer"
    COMMANDER = "commander"
    AUDITOR = "auditor"
    PROVIDER = "provider"
    GUEST = "guest-agency"
    KEEPER = "keeper"
    """Keeps the accounts, and looks at no case."""


_EVERYBODY = frozenset((Right.OPEN, Right.OWN))

RIGHTS: Mapping[RoomRole, frozenset[Right]] = {
    RoomRole.ANALYST: _EVERYBODY
    | {Right.READ, Right.PERSONS, Right.CHECK, Right.DRAFT, Right.REPORT, Right.NODES},
    RoomRole.LEGAL: _EVERYBODY
    | {Right.READ, Right.PERSONS, Right.AGREE, Right.CHECK, Right.DRAFT, Right.HAND_OVER},
    RoomRole.DUTY_OFFICER: _EVERYBODY
    | {Right.READ, Right.CHECK, Right.DRAFT, Right.REPORT, Right.NODES},
    RoomRole.COMMANDER: _EVERYBODY
    | {
        Right.READ,
        Right.PERSONS,
        Right.AGREE,
        Right.CHECK,
        Right.REPORT,
        Right.APPROVE,
        Right.ERASE,
        Right.NODES,
    },
    RoomRole.AUDITOR: _EVERYBODY
    | {Right.READ, Right.CHECK, Right.READ_LOG, Right.COUNTS, Right.NODES},
    RoomRole.PROVIDER: _EVERYBODY | {Right.LISTS},
    RoomRole.GUEST: _EVERYBODY | {Right.READ, Right.REPORT},
    RoomRole.KEEPER: _EVERYBODY | {Right.MANAGE, Right.NODES},
}
"""Which role has which right: there is no other such table."""

ALONE = frozenset(
    right
    for right in Right
    if right not in {Right.MANAGE, Right.READ_LOG, Right.LISTS, Right.PERSONS, Right.AGREE}
)
"""The rights of who opened the room for himself, on his own machine and over his own files."""

BY_OWNER_ALONE = frozenset((RoomRole.KEEPER, RoomRole.AUDITOR))
"""Roles that only the owner of the machine gives: nobody in the room makes another of himself, and
nobody whom the log is about chooses who reads it."""
_APART = {
    RoomRole.KEEPER: "who keeps the accounts looks at no case and reads no log",
    RoomRole.AUDITOR: "who reads the log has no part in what it is about",
    RoomRole.PROVIDER: "a provider is outside the team",
    RoomRole.GUEST: "a guest agency is outside the team",
}
"""Roles that go with no other, and why."""
OF_ASSIGNED_CASES = frozenset((RoomRole.GUEST, RoomRole.PROVIDER))
"""Roles that never see all cases, but those that somebody names."""

OF_OTHER_AGENCIES = frozenset((RoomRole.GUEST,))
"""Roles of people who see of an operation what their agency was told."""


def rights_of(roles: Iterable[RoomRole]) -> frozenset[Right]:
    """Return the rights of somebody with these roles.

    Examples
    --------
    >>> Right.DRAFT in rights_of([RoomRole.ANALYST]), Right.APPROVE in rights_of([RoomRole.ANALYST])
    (True, False)
    """
    return frozenset().union(*(RIGHTS[role] for role in roles))


def require_roles(roles: frozenset[RoomRole], *, all_cases: bool) -> None:
    """Raise InputError unless one person may have these roles at a time."""
    if not roles:
        raise InputError("an account needs a role")
    for role in sorted(roles & _APART.keys()):
        if len(roles) > 1:
            raise InputError(f"{role} goes with no other role: {_APART[role]}")
        if all_cases and role in OF_ASSIGNED_CASES:
            raise InputError(f"{role}: this role sees named cases alone", hint="Name each case.")


class Act(StrEnum):
    """What the access log tells apart (Directive (EU) 2016/680, article 25(1))."""

    COLLECTION = "collection"
    ALTERATION = "alteration"
    CONSULTATION = "consultation"
    DISCLOSURE = "disclosure"
    COMBINATION = "combination"
    ERASURE = "erasure"


class LogPurpose(StrEnum):
    """For what the access log may be read (Directive (EU) 2016/680, article 25(2))."""

    LAWFULNESS = "lawfulness"
    SELF_MONITORING = "self-monitoring"
    SECURITY = "security"
    CRIMINAL = "criminal-proceedings"
