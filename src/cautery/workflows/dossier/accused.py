"""Which records the defence is given: those about the accused, and all that speaks for him.

A record is about an accused if any text of it names one of the hosts that are held against him, or
his pseudonym; if a target of it is an address of such a host; or if it belongs to an act that is
(an approval, a refusal, an answer, a decision on a complaint), wherever it stands. Records of how
the watch ran, of its errors and of the case itself speak about every finding, so they are always
given. So does a blind test, once all its decoys are revealed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cautery.errors import InputError
from cautery.evidence.exhibits import exhibits_named_by
from cautery.evidence.manifest import VAULT
from cautery.json_text import parsed_json
from cautery.model import (
    ErrorRate,
    ExhibitId,
    GuardVerdict,
    RuleConfirmation,
    Statement,
    Verdict,
)
from cautery.model.records import (
    AgencyJoined,
    CanaryProbed,
    CaseClosed,
    CaseOpened,
    CaseReopened,
    CaseRestored,
    ComplaintFiled,
    DecoderConfined,
    DecoyRevealed,
    DecoysPlanned,
    DecoysUnrevealed,
    ExhibitSealed,
    Failure,
    GuardRevalidated,
    OperationOpened,
    OverrideGiven,
    OverrideSigned,
    ProbeDone,
    RollbackProposed,
    RowReplaced,
    VantageCompared,
    WatchDied,
    WatchPace,
    WatchResumed,
    WatchStarted,
    WatchStopped,
    WatchTakenOver,
    WorkShed,
    kind_of_type,
    kinds_of,
)
from cautery.model.records.kinds import typed
from cautery.operation.persons import persons_in
from cautery.projections.decoy_mentions import is_about
from cautery.projections.decoys import Decoys
from cautery.workflows.dossier.audiences import hosts_mentioned
from cautery.workflows.dossier.extract import HOST_HINT, encrypted_in
from cautery.workflows.dossier.first_pass import (
    PERSON,
    Known,
    known_of,
    references_in,
    targets_in,
)
from cautery.workflows.dossier.withholding import (
    ANOTHER_PERSON,
    NOT_ABOUT,
    OTHER_KEY,
    Withheld,
)

FOR_ALL = frozenset(
    kinds_of(
        CaseOpened, CaseReopened, CaseRestored, CaseClosed, RowReplaced, ErrorRate, WatchStarted,
        WatchResumed, WatchStopped, WatchDied, WatchTakenOver, WatchPace, WorkShed, DecoderConfined,
        RuleConfirmation, OperationOpened, AgencyJoined, DecoysPlanned, DecoysUnrevealed,
    )
)  # fmt: skip
"""Kinds that speak about every finding of a case. A sealed plan names no stream."""
_REVEALED = kind_of_type(DecoyRevealed)
_TRIALS = frozenset(kinds_of(ProbeDone, Verdict, GuardVerdict))
"""Kinds of which, if they are about a decoy, the account of a blind test is made."""
_UNLESS_OTHERS = frozenset(
    kinds_of(
        Failure, VantageCompared, GuardRevalidated, CanaryProbed, RollbackProposed, OverrideSigned,
        OverrideGiven, ComplaintFiled,
    )
)  # fmt: skip
"""Kinds whose records speak about every finding, unless they name hosts and none of his."""
_SEALED = kind_of_type(ExhibitSealed)


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
    known: Known
    blind: Decoys | None = None
    found_hosts: set[str] = field(default_factory=set)
    person_found: bool = False

    def about(self, kind: str, members: Any) -> Withheld | None:
        """Tell why a record is not given; ``None``: it is."""
        hosts = hosts_mentioned(members)
        self.found_hosts |= hosts & self.accused.hosts
        persons = persons_in(members, self.known.persons) if self.known.persons else frozenset()
        self.person_found |= kind == PERSON and self.accused.person in persons
        if kind in FOR_ALL or (kind == _REVEALED and self.blind is not None):
            return None
        targets = targets_in(members)
        is_his = (
            bool(hosts & self.accused.hosts)
            or bool(self.accused.person and self.accused.person in persons)
            or not self.known.addresses.isdisjoint(targets)
            or not self.known.acts.isdisjoint(references_in(members))
            or (kind in _UNLESS_OTHERS and not hosts and not persons)
            or (kind in _TRIALS and self._is_trial(kind, members))
        )
        if not is_his:
            return NOT_ABOUT
        return ANOTHER_PERSON if persons - {self.accused.person} else None

    def _is_trial(self, kind: str, members: Any) -> bool:
        return self.blind is not None and is_about(typed(kind, members), self.blind)


def unused(
    leaves: Callable[[], Iterable[tuple[int, str, bytes]]],
    accused: Accused,
    *,
    files: Iterable[str],
    decoys: Decoys | None = None,
) -> Unused:
    """Choose what the defence is given; return all the rest, with reasons.

    Parameters
    ----------
    leaves : callable
        Returns every record of the case, in order, each time that it is called.
    files : iterable of str
        The name of every file of the case; one in its vault is named by its digest.
    decoys : Decoys or None
        The blind test of the case. What the watch made of its decoys is given once all of them are
        revealed; before, it would say which streams they are.

    Raises
    ------
    InputError
        If no record is about one of the hosts or the person, or a kind is withheld of which the
        bag would hold no record.
    """
    known = known_of(
        leaves, hosts=accused.hosts, person=accused.person, unless_others=_UNLESS_OTHERS
    )
    is_open = decoys is not None and decoys.planned is not None and not decoys.secret
    gathered = _Pass(accused=accused, known=known, blind=decoys if is_open else None)
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
    if accused.person and not gathered.person_found and gathered.known.persons:
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
