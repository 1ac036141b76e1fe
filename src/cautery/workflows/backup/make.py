"""Back up all cases, while others work on them, and the people of their room.

A case is copied so that the copy is one that stood at some moment: checkpoints first, then the
records that there are then, then the files. An exhibit without a record does no harm; each record
that is copied has its exhibits, since these are sealed before it is written. If a case is closed
meanwhile, it is copied again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cautery.errors import CauteryError, ConflictError, EvidenceError, StorageError
from cautery.evidence.backup import require_name
from cautery.evidence.case_key import case_verifier
from cautery.evidence.manifest import LEDGER, MANIFEST, NOTE, VAULT
from cautery.evidence.note import MAX_NOTE_BYTES
from cautery.evidence.outside.proof_file import PROOF
from cautery.evidence.ports import CasePlace
from cautery.model.ledger import contents
from cautery.model.ports import Clock
from cautery.model.records import BackupMade
from cautery.workflows.backup.before import Earlier
from cautery.workflows.backup.check import present
from cautery.workflows.backup.ports import BackupLog, Backups, CaseCopy
from cautery.workflows.case.roots import check_roots
from cautery.workflows.case.verify import verify_case

_TRIES = 5
"""A case is closed once. Judgement."""

Sources = Mapping[str, Callable[[], CasePlace]]
"""By path among the cases, how each is come to."""
Progress = Callable[[str], None]
"""Told of each file that is copied, by the name of its case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that was made.

    Parameters
    ----------
    backup : BackupMade
        As the log of backups has it.
    faults : mapping of str to str
        Cases that could not be copied, or that an earlier backup has and that went away, each with
        the reason; ``people/`` stands for the people of the room.
    people : bool
        It has the people of the room.
    removed : tuple of str
        Older backups that were removed.
    damaged : tuple of str
        Files that the earlier backup has otherwise than they were: they were copied anew.
    changed : tuple of str
        Earlier backups whose lists are not the ones in the log, or a case of which cannot be read.
    unsealed : tuple of str
        Photographs of the room's tray that could not be copied, each with the reason.
    """

    backup: BackupMade
    faults: Mapping[str, str]
    people: bool
    removed: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unsealed: tuple[str, ...] = ()


def make_backup(
    sources: Sources,
    backups: Backups,
    *,
    log: BackupLog,
    clock: Clock,
    people: Callable[[Path], Sequence[str]] | None = None,
    keep: int | None = None,
    let_go: Collection[str] = (),
    shut: Mapping[str, str] | None = None,
    progress: Progress = lambda _: None,
) -> Made:
    """Back up all cases; go on with a backup that was cut short.

    Parameters
    ----------
    log : BackupLog
        The log of these backups.
    people : callable, optional
        Copies the people of the room into a folder; returns a sentence for each photograph of its
        tray that could not be copied.
    keep : int, optional
        How many backups stay that lack nothing; what is older than these is removed, unless a case
        could not be copied or went away, or an earlier backup was changed.
    let_go : collection of str
        Cases that earlier backups have, and that were removed, replaced or put back on purpose;
        ``people/``: the people.
    shut : mapping of str to str, optional
        What may be a case and nobody could look into, and why: it counts as one that could not be
        copied.

    Raises
    ------
    CauteryError
        If the folder cannot be written, another process makes a backup there, somebody else wrote
        into the log, or all cases went away.
    """
    with backups.alone():
        name = f"{clock.now():%Y%m%dT%H%M%SZ}"
        own = log.require_own(clock.now())
        backups.begin()
        known = Earlier(log.ledger, backups)
        not_seen = {} if shut is None else dict(shut)
        there = {*sources, *not_seen}
        gone = known.newest().gone(there, let_go, has_people=people is not None)
        faults = gone | {case: why for case, why in not_seen.items() if case not in let_go}
        damaged: list[str] = []
        copied: dict[str, tuple[int, int]] = {}
        for case, source in sources.items():
            try:
                require_name(case)
            except EvidenceError as error:
                faults[case] = str(error)
                continue
            copy = known.copy_of(case)
            try:
                copied[case] = _copied(source, copy, partial(progress, case))
                if case not in let_go:
                    known.require_no_less(copy.place, case)
                damaged += [f"{case}/{file}" for file in copy.damaged]
            except CauteryError as error:
                if isinstance(error, StorageError):
                    source().release()  # raises where the server is away: so would the next case
                copy.forget()
                copied.pop(case, None)
                faults[case] = str(error)
        if sources and not copied:
            raise EvidenceError(f"no case could be copied; the first: {min(faults.items())[1]}")
        unsealed = () if people is None else tuple(people(backups.people()))
        if name in backups.names():  # asked before the log has a second record of that name
            raise ConflictError(f"{name}: there is a backup of this second", hint="Try again.")
        entry = BackupMade(
            name=name,
            digest=backups.finish_list(tuple(copied)),
            cases=len(copied),
            files=sum(files for files, _ in copied.values()),
            size=sum(size for _, size in copied.values()),
            lacks=tuple(sorted(faults)),
        )
        # The log first: a backup of which it says nothing would be nobody's.
        log.append(entry, clock.now(), since=own)
        backups.admit(name)
        standing = present((made for _, made in contents(log.ledger, BackupMade)), backups.names())
        is_less = bool(faults or unsealed or known.changed)
        removed = () if keep is None or is_less else _spent(standing, keep)
        for old in removed:
            backups.remove(old)
    return Made(
        backup=entry,
        faults=faults,
        people=people is not None,
        removed=removed,
        damaged=tuple(damaged),
        changed=tuple(known.changed),
        unsealed=unsealed,
    )


def _spent(standing: Mapping[str, BackupMade], keep: int) -> tuple[str, ...]:
    """Return the backups before the oldest that is kept, of those that lack nothing."""
    names = tuple(standing)
    whole = [name for name in names if not standing[name].lacks]
    return names[: names.index(whole[-keep])] if len(whole) >= keep else ()


def _copied(
    source: Callable[[], CasePlace], copy: CaseCopy, progress: Callable[[], None]
) -> tuple[int, int]:
    place, is_known = source(), False
    try:
        for _ in range(_TRIES):
            before = _closing(place)
            copy.begin()
            is_known = _take(place, copy, progress)
            if _closing(place) == before:
                break
        else:
            raise EvidenceError(f"{place.path}: it was closed and opened again and again")
    finally:
        place.release()
    if not is_known:
        _check(copy.place)
    return copy.end()


def _closing(place: CasePlace) -> tuple[bool, bool]:
    """Return how far the closing of a case is: what changes when its ledger becomes a file."""
    store, at = place.store, place.at
    return store.exists(at, MANIFEST), store.exists(at, NOTE)


def _take(place: CasePlace, copy: CaseCopy, progress: Callable[[], None]) -> bool:
    """Copy what there is; tell whether it is a closed case that an earlier backup has, checked."""
    is_known = False
    if place.store.exists(place.at, NOTE):
        note = place.store.read(place.at, NOTE, limit=MAX_NOTE_BYTES)
        is_known = note == copy.earlier(NOTE)
    else:
        ledger = place.ledger()
        try:
            copy.take_ledger(ledger)
        finally:
            ledger.close()
    copy.take_custody(place.custody())
    for file in place.files():
        # Of a closed case only its proof from outside may change: it can be renewed.
        is_fixed = file.name.startswith(f"{VAULT}/") or (is_known and file.name != PROOF)
        copy.take(file, partial(place.pieces, file.name), is_fixed=is_fixed)
        progress()
    return is_known and copy.is_as_before(but=PROOF)


def _check(copy: CasePlace) -> None:
    """Check a copy that no earlier backup has: what is wrong in it was wrong before."""
    store, path = copy.store, copy.at
    if store.exists(path, NOTE):
        verify_case(path, store=store)
        return
    ledger = copy.ledger()
    try:
        check_roots(path / LEDGER, ledger, case_verifier(store, path), None)
    finally:
        ledger.close()
