"""Check a backup: it is the one that the log of backups has, and each case in it holds.

What an attacker changes in a backup shows by the lists, whose digest is in the log, whose roots are
signed. Who can rewrite the log too, and its public key beside it, is found out by a copy of that
key that lies elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.evidence.backup import LOG, case_of
from cautery.evidence.case_key import case_verifier
from cautery.evidence.manifest import LEDGER, NOTE, VAULT
from cautery.evidence.note import NoteVerifier
from cautery.evidence.ports import CaseLedger, CasePlace
from cautery.model.ledger import contents
from cautery.model.records import BackupMade, ExhibitSealed
from cautery.workflows.backup.ports import Backups
from cautery.workflows.case.roots import check_roots
from cautery.workflows.case.verify import verify_case


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCase:
    """A case of a backup.

    Parameters
    ----------
    case : str
        Its path among the cases.
    records : int
        Of its ledger.
    closed : bool
        It was verified as a closed case is; of an open one, what its signed roots cover.
    unsigned : int
        Records that no signed root covers.
    fault : str
        What is wrong; empty: nothing.
    """

    case: str
    records: int = 0
    closed: bool = False
    unsigned: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A backup that is the one in the log.

    Parameters
    ----------
    authentic : bool
        By a key of the log that came from elsewhere.
    people : tuple of str
        Files of the people of the room, which are as they were.
    fault : str
        What is wrong with it as a whole; empty: nothing.
    """

    backup: BackupMade
    authentic: bool
    cases: tuple[CheckedCase, ...]
    people: tuple[str, ...]
    fault: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.fault and not any(case.fault for case in self.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A backup whose list is the one in the log.

    Parameters
    ----------
    files : mapping of str to str
        SHA-256 of each file that it lists, hex.
    """

    backup: BackupMade
    files: Mapping[str, str]

    @property
    def cases(self) -> dict[str, str]:
        """The digest of the list of each case, by the case's path."""
        named = ((case_of(file), digest) for file, digest in self.files.items())
        return {case: digest for case, digest in named if case is not None}


def logged(log: CaseLedger, verifier: NoteVerifier, folder: Path) -> tuple[BackupMade, ...]:
    """Return what the log of backups has under its signed roots, the oldest first.

    Raises
    ------
    EvidenceError
        If the log is not the one that its key signed.
    """
    signed = check_roots(folder / LOG, log, verifier, None).signed
    return tuple(backup for entry, backup in contents(log, BackupMade) if entry.index < signed)


def present(backups_logged: Iterable[BackupMade], names: Collection[str]) -> dict[str, BackupMade]:
    """Return the backups that lie there, by name, in the order of the log: clocks go back, too."""
    return {backup.name: backup for backup in backups_logged if backup.name in names}


def listed(name: str | None, backups_logged: Collection[BackupMade], backups: Backups) -> Listed:
    """Return a backup with its list.

    Parameters
    ----------
    name : str or None
        ``None``: the newest one.

    Raises
    ------
    InputError
        If there is none of this name.
    EvidenceError
        If the log has none of it, or another one.
    """
    names = backups.names()
    if not names or (name is not None and name not in names):
        raise InputError(
            f"{backups.path}: no backup{'' if name is None else f' {name}'} lies here",
            hint="For those that do: cautery backup list FOLDER",
        )
    standing = present(backups_logged, names)
    if name is None:
        name = next(reversed(standing), names[-1])
    if name not in standing:
        raise EvidenceError(f"{backups.path / name}: the signed log of backups has none of it")
    entry = standing[name]
    return Listed(backup=entry, files=backups.listed(name, entry.digest))


def check_backup(
    listing: Listed,
    backups: Backups,
    *,
    authentic: bool,
    progress: Callable[[str], None] = lambda _: None,
) -> Checked:
    """Hash each file of a backup again, and verify each case.

    Parameters
    ----------
    progress : callable
        Told of each case.
    """
    name = listing.backup.name
    fault = ""
    people = []
    try:
        for stranger in backups.strangers(name, listing.files):
            raise EvidenceError(f"{stranger}: added since the backup")
        for file in listing.files:
            if case_of(file) is None:
                backups.check_file(name, file, listing.files)
                if file.startswith("people/"):
                    people.append(file)
    except CauteryError as error:
        fault = str(error)
    cases = []
    for case in listing.cases:
        progress(case)
        try:
            cases.append(check_case(listing, case, backups))
        except CauteryError as error:
            cases.append(CheckedCase(case=case, fault=str(error)))
    return Checked(
        backup=listing.backup,
        authentic=authentic,
        cases=tuple(cases),
        people=tuple(people),
        fault=fault,
    )


def check_case(listing: Listed, case: str, backups: Backups) -> CheckedCase:
    """Check one case of a backup, by the lists and by its own signatures.

    Raises
    ------
    EvidenceError
        Naming the first fault.
    """
    backups.check_case(listing.backup.name, case, listing.files, most=listing.backup.size)
    place = backups.place_of(listing.backup.name, case)
    if place.store.exists(place.at, NOTE):
        verified = verify_case(place.at, store=place.store)
        return CheckedCase(case=case, records=verified.records, closed=True)
    return _open_case(case, place)


def _open_case(case: str, place: CasePlace) -> CheckedCase:
    there = {file.name for file in place.files()}
    ledger = place.ledger()
    try:
        standing = check_roots(
            place.at / LEDGER, ledger, case_verifier(place.store, place.at), None
        )
        for entry, sealed in contents(ledger, ExhibitSealed):
            digest = sealed.exhibit.id.removeprefix("sha256:")
            if f"{VAULT}/{digest[:2]}/{digest}" not in there:
                raise EvidenceError(f"{case}: record {entry.index} seals {digest}: missing")
    finally:
        ledger.close()
    return CheckedCase(case=case, records=standing.size, unsigned=standing.size - standing.signed)
