"""Bring cases back from a backup, to a folder or a server, over nothing that is there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cautery.errors import InputError
from cautery.evidence.ports import CasePlace
from cautery.workflows.backup.check import Listed, check_case
from cautery.workflows.backup.ports import Backups
from cautery.workflows.case.move import copy_case
from cautery.workflows.case.whole import whole_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What came back.

    Parameters
    ----------
    cases : tuple of str
        Those that were copied now.
    stood : tuple of str
        Those that stood there already, as they are in the backup: of a restoration that was cut
        short.
    """

    backup: str
    cases: tuple[str, ...]
    stood: tuple[str, ...]


def restore_cases(
    listing: Listed,
    backups: Backups,
    target_of: Callable[[str], CasePlace],
    *,
    only: Sequence[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Returned:
    """Copy cases out of a backup; each stands at its place as a whole, or not at all.

    Parameters
    ----------
    target_of : callable
        Returns where a case will lie.
    only : sequence of str
        Paths of cases; empty: all of them.
    progress : callable
        Told of each file that is copied, by the name of its case.

    Raises
    ------
    InputError
        If a case is not in the backup, or another one, or a later state of it, lies at its place:
        then nothing is written at all.
    EvidenceError
        If a case is not as it was backed up. Those before it stand.
    """
    for case in only:
        if case not in listing.cases:
            raise InputError(f"{case}: this case is not in the backup {listing.backup.name}")
    wanted = tuple(only) or tuple(listing.cases)
    stood = tuple(case for case in wanted if _stands(listing, case, backups, target_of))
    came = tuple(case for case in wanted if case not in stood)
    for case in came:
        check_case(listing, case, backups)
        expected = backups.expected(listing.backup.name, case, listing.files)
        # Without keys: those say what was signed since, which an older copy cannot have. Opening
        # it asks for them.
        copy_case(
            backups.place_of(listing.backup.name, case),
            target_of(case),
            with_keys=False,
            expected=expected,
            progress=lambda case=case: progress(case),  # type: ignore[misc]
        )
    return Returned(backup=listing.backup.name, cases=came, stood=stood)


def _stands(
    listing: Listed, case: str, backups: Backups, target_of: Callable[[str], CasePlace]
) -> bool:
    """Tell whether a case lies at its place as it is in the backup.

    Raises
    ------
    InputError
        If something else lies there.
    EvidenceError
        If the case in the backup is not as it was backed up.
    """
    target = target_of(case)
    try:
        standing = target.standing()
        if standing is None:
            return False
        name = listing.backup.name
        # Before anything is hashed: one file may have been blown up to keep us for days.
        backups.check_sizes(name, case, listing.files, most=listing.backup.size)
        copy = backups.place_of(name, case)
        if standing == copy.standing() and whole_of(target, with_keys=False) == whole_of(
            copy, with_keys=False
        ):
            return True
    finally:
        target.release()
    raise InputError(
        f"{target.path}: a case lies there, and it is not as it is in the backup",
        hint="Nothing was written. Restore to another place, or name the other cases: --case NAME",
    )
