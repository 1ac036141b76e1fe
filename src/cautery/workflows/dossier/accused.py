"""Which records the defence is given: those about the accused, and all that speaks for him.

A record is about an accused if any text of it names one of the hosts that are held against him, or
his pseudonym; if its target is an address of such a host; or if it follows from an act that is
(an approval, a refusal, an answer, a decision on a complaint). Records of how the watch ran, of its
errors and of the case itself speak about every finding, so they are always given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cautery.errors import InputError
from cautery.evidence.exhibits import exhibits_named_by
from cautery.evidence.manifest import VAULT
from cautery.json_text import parsed_json
from cautery.model import ErrorRate, ExhibitId, Notice, Referral, RuleConfirmation, Statement
from cautery.model.records import (
    AgencyJoined,
    AssetFacts,
    CanaryProbed,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseRestored,
    ComplaintFiled,
    DecoderConfined,
    ExhibitSealed,
    Failure,
    GuardRevalidated,
    OperationOpened,
    OverrideGiven,
    OverrideSigned,
    PersonRegistered,
    RollbackProposed,
    RowReplaced,
    VantageCompared,
    WatchDied,
    WatchPace,
    WatchResumed,
    WatchStarted,
    WatchStopped,
    WorkShed,
    kind_of_type,
    kinds_of,
    typed,
)
from cautery.operation.persons import persons_in
from cautery.workflows.dossier.audiences import hosts_mentioned
from cautery.workflows.dossier.extract import HOST_HINT, encrypted_in
from cautery.workflows.dossier.withholding import (
    ANOTHER_PERSON,
    NOT_ABOUT,
    OTHER_KEY,
    Withheld,
)

FOR_ALL = frozenset(
    kinds_of(
        CaseOpened, CaseReopened, CaseRestored, CaseClosed, RowReplaced, ErrorRate, WatchStarted,
        WatchResumed, WatchStopped, WatchDied, WatchPace, WorkShed, DecoderConfined,
        RuleConfirmation, OperationOpened, AgencyJoined,
    )
)  # fmt: skip
"""Kinds that speak about every finding of a case."""
_UNLESS_OTHERS = frozenset(
    kinds_of(
        Failure, VantageCompared, GuardRevalidated, CanaryProbed, RollbackProposed, OverrideSigned,
        OverrideGiven, ComplaintFiled,
    )
)  # fmt: skip
"""Kinds whose records speak about every finding, unless they name hosts and none of his."""
_ACTS: Mapping[str, str] = {
    kind_of_type(Referral): "id",
    kind_of_type(Notice): "id",
    kind_of_type(ComplaintFiled): "complaint",
}
"""Kinds of acts that later records refer to, and the member that has the id."""
_REFERENCES = ("referral", "notice", "complaint", "id", "referrals", "notices")
_FACTS, _SEALED = kind_of_type(AssetFacts), kind_of_type(ExhibitSealed)
_PERSON = kind_of_type(PersonRegistered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accused:
    """Whom a dossier for the defence is about.

    Parameters
    ----------
    hosts : frozenset of str
        Hosts that are held against the accused.
    asked : frozenset of str
        Those among them that a person named: each must be in the case.
    person : str
        Pseudonym in an operation; empty: none.
    withheld : mapping of str to Withheld
        By kind, why a person withholds its records.
    statements : mapping of (str, str) to int
        Statements of an operation about the person that may not be shown: by reason and agency.
    received : tuple of Statement
        Those that other agencies sent and that may be shown: they lie in bundles with others.
    """

    hosts: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()
    person: str = ""
    withheld: Mapping[str, Withheld] = field(default_factory=dict)
    statements: Mapping[tuple[str, str], int] = field(default_factory=dict)
    received: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused:
    """What is not in the bag, and why.

    Parameters
    ----------
    records : mapping of int to (str, Withheld)
        By number, the kind of each record.
    exhibits : mapping of ExhibitId to (str, Withheld)
        What each exhibit is: the word under which it was sealed, or the kind that names it.
    files : tuple of str
        Names of the case's other files.
    missing : tuple of ExhibitId
        Exhibits that records of the bag name and that the case does not hold.
    """

    records: Mapping[int, tuple[str, Withheld]]
    exhibits: Mapping[ExhibitId, tuple[str, Withheld]]
    files: tuple[str, ...] = ()
    missing: tuple[ExhibitId, ...] = ()


@dataclass(slots=True)
class _Pass:
    """What one reading of a case gathers."""

    accused: Accused
    persons: frozenset[str]
    acts: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    found_hosts: set[str] = field(default_factory=set)
    person_found: bool = False

    def about(self, kind: str, members: Any) -> Withheld | None:
        """Tell why a record is not given; ``None``: it is."""
        hosts = hosts_mentioned(members)
        self.found_hosts |= hosts & self.accused.hosts
        persons = persons_in(members, self.persons) if self.persons else frozenset()
        self.person_found |= kind == _PERSON and self.accused.person in persons
        if kind in FOR_ALL:
            return None
        is_his = (
            bool(hosts & self.accused.hosts)
            or bool(self.accused.person and self.accused.person in persons)
            or not self.addresses.isdisjoint(_targets(members))
            or not self.acts.isdisjoint(_references(members))
            or (kind in _UNLESS_OTHERS and not hosts and not persons)
        )
        if not is_his:
            return NOT_ABOUT
        if persons - {self.accused.person}:
            return ANOTHER_PERSON
        self._follow(kind, members)
        return None

    def _follow(self, kind: str, members: Any) -> None:
        if kind in _ACTS and isinstance(members, Mapping):
            self.acts.add(str(members.get(_ACTS[kind])))
        if (
            kind == _FACTS
            and isinstance(members, Mapping)
            and members.get("host") in self.accused.hosts
        ):
            facts = typed(kind, members)
            if isinstance(facts, AssetFacts):
                self.addresses.update(facts.addresses)


def unused(
    leaves: Callable[[], Iterable[tuple[int, str, bytes]]],
    accused: Accused,
    *,
    files: Iterable[str],
) -> Unused:
    """Choose what the defence is given; return all the rest, with reasons.

    Parameters
    ----------
    leaves : callable
        Returns every record of the case, in order, each time that it is called.
    files : iterable of str
        The name of every file of the case; one in its vault is named by its digest.

    Raises
    ------
    InputError
        If no record is about one of the hosts or the person, or a kind is withheld of which the
        bag would hold no record.
    """
    persons = frozenset(
        person
        for _, kind, leaf in leaves()
        if kind == _PERSON and isinstance(person := _pseudonym(leaf), str)
    )
    gathered = _Pass(accused=accused, persons=persons)
    records: dict[int, tuple[str, Withheld]] = {}
    sealing: dict[ExhibitId, int] = {}
    named: dict[ExhibitId, list[int]] = {}
    kinds: dict[int, str] = {}
    what: dict[ExhibitId, str] = {}
    secret: set[ExhibitId] = set()
    for index, kind, leaf in leaves():
        members = parsed_json(leaf).get("body")
        why = gathered.about(kind, members)
        kinds[index] = kind
        secret |= encrypted_in(kind, members)
        for exhibit in exhibits_named_by(members):
            if kind == _SEALED:
                sealing.setdefault(exhibit, index)
                what[exhibit] = str(members.get("what"))
            else:
                named.setdefault(exhibit, []).append(index)
        if why is not None:
            records[index] = kind, why
    _require_found(gathered)
    # A record that seals what a given record names is given with it.
    for exhibit, index in sealing.items():
        if any(number not in records for number in named.get(exhibit, ())):
            records.pop(index, None)
    _withhold(records, kinds, accused.withheld)
    exhibits: dict[ExhibitId, tuple[str, Withheld]] = {}
    vault, beside = _parted(files)

    def naming_records(exhibit: ExhibitId) -> list[int]:
        sealed_by = [sealing[exhibit]] if exhibit in sealing else []
        return [*named.get(exhibit, ()), *sealed_by]

    for exhibit in vault:
        naming = naming_records(exhibit)
        word = what.get(exhibit) or next((kinds[index] for index in naming), "")
        if any(index not in records for index in naming):
            if exhibit in secret:
                exhibits[exhibit] = word, OTHER_KEY
            continue
        reasons = [records[index][1] for index in naming]
        decided = next((why for why in reasons if why is not NOT_ABOUT), NOT_ABOUT)
        exhibits[exhibit] = word, decided
    missing = sorted(
        exhibit
        for exhibit in (named.keys() | sealing.keys()) - set(vault)
        if any(index not in records for index in naming_records(exhibit))
    )
    return Unused(records=records, exhibits=exhibits, files=beside, missing=tuple(missing))


def _parted(files: Iterable[str]) -> tuple[tuple[ExhibitId, ...], tuple[str, ...]]:
    """Return the exhibits among the files of a case, and the others."""
    vault: list[ExhibitId] = []
    beside: list[str] = []
    for name in sorted(files):
        if name.startswith(f"{VAULT}/"):
            vault.append(ExhibitId(f"sha256:{name.rpartition('/')[2]}"))
        else:
            beside.append(name)
    return tuple(vault), tuple(beside)


def _require_found(gathered: _Pass) -> None:
    accused = gathered.accused
    if accused.person and not gathered.person_found and gathered.persons:
        raise InputError(
            f"this case has no person {accused.person[:80]!r}", hint="cautery operation person list"
        )
    lacking = accused.asked - gathered.found_hosts
    if not lacking and not accused.person and not gathered.found_hosts:
        lacking = accused.hosts
    if lacking:
        raise InputError(
            f"no record of this case is about the host {min(lacking)[:100]!r}", hint=HOST_HINT
        )


def _withhold(
    records: dict[int, tuple[str, Withheld]],
    kinds: Mapping[int, str],
    withheld: Mapping[str, Withheld],
) -> None:
    """Hold back what a person decided on: whole kinds, of those that would be given."""
    for kind, why in withheld.items():
        shown_records = [
            index for index, its in kinds.items() if its == kind and index not in records
        ]
        if not shown_records:
            raise InputError(f"--withhold {kind}: the bag would hold no record of this kind anyway")
        records.update((index, (kind, why)) for index in shown_records)


def _pseudonym(leaf: bytes) -> object:
    content = typed(_PERSON, parsed_json(leaf).get("body"))
    return content.person.pseudonym if isinstance(content, PersonRegistered) else None


def _targets(members: Any) -> set[str]:
    if not isinstance(members, Mapping):
        return set()
    override = members.get("override")
    inner = override.get("target") if isinstance(override, Mapping) else None
    return {
        target.removeprefix("address:")
        for target in (members.get("target"), inner)
        if isinstance(target, str)
    }


def _references(members: Any) -> set[str]:
    if not isinstance(members, Mapping):
        return set()
    ids: set[str] = set()
    for name in _REFERENCES:
        value = members.get(name)
        ids |= {str(each) for each in (value if isinstance(value, list) else [value]) if each}
    return ids
