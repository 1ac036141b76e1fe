"""What must be known of a whole case before its records are chosen for the defence.

A record can stand before the one by which it is known to be about the accused: the guard judges an
address before the facts of its host are recorded, and whoever appends to a case can put an approval
before its act. So addresses, acts and persons are gathered first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cautery.json_text import parsed_json
from cautery.model import Notice, Referral
from cautery.model.records import (
    AssetFacts,
    ComplaintFiled,
    PersonRegistered,
    kind_of_type,
    typed,
)
from cautery.operation.persons import persons_in
from cautery.workflows.dossier.audiences import hosts_mentioned

PERSON = kind_of_type(PersonRegistered)
_FACTS = kind_of_type(AssetFacts)
_ACTS: Mapping[str, str] = {
    kind_of_type(Referral): "id",
    kind_of_type(Notice): "id",
    kind_of_type(ComplaintFiled): "complaint",
}
"""Kinds of acts that other records refer to, and the member that has the id."""
_REFERENCES = ("referral", "notice", "complaint", "id", "referrals", "notices")
_TARGETS = frozenset(("target", "targets"))

Leaves = Callable[[], Iterable[tuple[int, str, bytes]]]
"""Returns every record of a case: its number, its kind and its leaf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a case says of an accused, wherever it says so.

    Parameters
    ----------
    persons : frozenset of str
        Pseudonyms of all persons of the case.
    addresses : frozenset of str
        Addresses of the hosts that are held against the accused.
    acts : frozenset of str
        Ids of the acts that are about the accused.
    """

    persons: frozenset[str]
    addresses: frozenset[str]
    acts: frozenset[str]


def known_of(
    leaves: Leaves, *, hosts: frozenset[str], person: str, unless_others: Collection[str]
) -> Known:
    """Gather what a case says of an accused.

    Parameters
    ----------
    hosts : frozenset of str
        Those that are held against the accused.
    person : str
        The accused's pseudonym; empty: none.
    unless_others : collection of str
        Kinds of records that are about everybody unless they name somebody.
    """
    persons, addresses = set[str](), set[str]()
    for kind, members in _bodies(leaves, (PERSON, _FACTS)):
        content = typed(kind, members)
        if isinstance(content, PersonRegistered):
            persons.add(content.person.pseudonym)
        elif isinstance(content, AssetFacts) and content.host in hosts:
            addresses.update(content.addresses)
    pseudonyms = frozenset(persons)
    pending: list[str] = []
    following: defaultdict[str, list[str]] = defaultdict(list)
    for kind, members in _bodies(leaves, _ACTS):
        named_hosts, named = hosts_mentioned(members), persons_in(members, pseudonyms)
        if not isinstance(members, Mapping) or named - {person}:
            continue
        act = str(members.get(_ACTS[kind]))
        is_about = bool(named_hosts & hosts) or bool(named)
        is_for_all = kind in unless_others and not named_hosts
        if is_about or is_for_all or not addresses.isdisjoint(targets_in(members)):
            pending.append(act)
        for reference in references_in(members) - {act}:
            following[reference].append(act)
    acts: set[str] = set()
    while pending:  # a complaint is about a referral, and a decision about the complaint
        act = pending.pop()
        if act not in acts:
            acts.add(act)
            pending += following[act]
    return Known(persons=pseudonyms, addresses=frozenset(addresses), acts=frozenset(acts))


def targets_in(members: Any) -> frozenset[str]:
    """Return the targets that a record names, at any depth: names, URLs and addresses."""
    targets: set[str] = set()
    pending: list[tuple[bool, object]] = [(False, members)]
    while pending:
        is_target, part = pending.pop()
        if isinstance(part, Mapping):
            pending += [(name in _TARGETS, inner) for name, inner in part.items()]
        elif isinstance(part, list):
            pending += [(is_target, inner) for inner in part]
        elif is_target and isinstance(part, str):
            targets.add(part.removeprefix("address:"))
    return frozenset(targets)


def references_in(members: Any) -> frozenset[str]:
    """Return the ids of acts that a record refers to, its own id too."""
    if not isinstance(members, Mapping):
        return frozenset()
    ids: set[str] = set()
    for name in _REFERENCES:
        value = members.get(name)
        ids |= {str(part) for part in (value if isinstance(value, list) else [value]) if part}
    return frozenset(ids)


def _bodies(leaves: Leaves, kinds: Collection[str]) -> Iterable[tuple[str, Any]]:
    for _, kind, leaf in leaves():
        if kind in kinds:
            yield kind, parsed_json(leaf).get("body")
