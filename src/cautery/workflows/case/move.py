"""Move a case from a folder to the organisation's server, or back, so that nothing can be lost.

The case stands where it was until a copy of it was checked: the same records under the same root,
the same checkpoints, the same files, each with its digest. Then the copy is admitted, in one step,
and only then is the first one removed. Who is killed anywhere goes on with the same command.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cautery.errors import CauteryError, ConflictError, EvidenceError, InputError
from cautery.evidence.all_records import Expected
from cautery.evidence.manifest import LEDGER, MANIFEST, NOTE, VAULT
from cautery.evidence.merkle import Frontier, leaf_hash
from cautery.evidence.ports import CasePlace
from cautery.workflows.case.whole import Whole, regime_of, whole_of

Progress = Callable[[], None]
"""Told of each file that is copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A case that was moved.

    Parameters
    ----------
    records : int
        Of its ledger.
    root : str
        Of all of them, hex.
    files : int
        Beside the ledger.
    closed : bool
        It has a signed manifest, which was checked here and there.
    authentic : bool
        By a key that came from elsewhere than the case.
    """

    case: str
    records: int
    root: str
    files: int
    closed: bool
    authentic: bool


def move_case(
    source: CasePlace,
    target: CasePlace,
    *,
    public_key: Path | None = None,
    progress: Progress = lambda: None,
) -> Moved:
    """Move a case; go on with a move that was cut short.

    Parameters
    ----------
    source, target : CasePlace
        Where it lies, and where it will.
    public_key : Path, optional
        Of the case, had from elsewhere: a closed case must be authentic by it, here and there.

    Raises
    ------
    InputError
        If there is no case, another one lies there already, or it cannot be moved as it stands.
    EvidenceError
        If it is not as it was signed, or the copy is not the same; it stays where it was then.
    StorageError
        If another process holds it, or one of the two places fails.
    """
    if not source.standing():
        if (left := source.left()) is not None and target.standing() == left:
            _leave_behind(source, target)  # all was copied, checked and admitted
            return _said(left, target, whole_of(target, public_key))
        raise InputError(
            f"{source.path}: not a case"
            + ("" if target.standing() is None else f"; one lies at {target.path} already"),
            hint="If it was moved before, nothing is left to do. List the cases: cautery cases",
        )
    case = source.standing()
    there = target.standing()
    if there not in {None, case}:
        raise InputError(f"{target.path}: another case lies there", hint="Name a new place.")
    try:
        source.hold()
        _refuse_cut_closing(source)
        if there is None:
            source.leave()
            try:
                after = _copied(source, target, case, public_key, progress)
            except CauteryError:
                source.stay()
                raise
            target.admit()
        else:
            # Cut short after the copy was admitted. Work may have gone on there since.
            after = whole_of(target, public_key)
            _require_within(source, target, after)
        moved = _said(case, target, after)
        _leave_behind(source, target)
    finally:
        source.release()
        target.release()
    return moved


def _leave_behind(source: CasePlace, target: CasePlace) -> None:
    """Remove what was moved, once the whole of its chain of custody is at the target, too.

    Who opens an exhibit takes no lock of the case, so lines may have come since it was copied.
    """
    chain, there = source.custody(), target.custody()
    if not there.startswith(chain):
        if not chain.startswith(there):
            raise ConflictError(
                f"{target.path}: its chain of custody is not that of {source.path}",
                hint="Nothing was removed. Find out which of the two was worked on.",
            )
        target.take_custody(chain)
    source.remove(chain)


def copy_case(
    source: CasePlace,
    target: CasePlace,
    *,
    with_keys: bool = True,
    expected: Expected | None = None,
    progress: Progress = lambda: None,
) -> None:
    """Copy a case to which nobody writes; it stays where it is.

    Parameters
    ----------
    with_keys : bool
        As for :func:`~cautery.workflows.case.whole.whole_of`.
    expected : Expected, optional
        What came must be this: what lies at the source may be exchanged while it is copied.

    Raises
    ------
    CauteryError
        As :func:`move_case`.
    """
    try:
        case = source.standing()
        _copied(source, target, case, None, progress, with_keys=with_keys, expected=expected)
        target.admit()
    finally:
        source.release()
        target.release()


def _said(case: str | None, place: CasePlace, whole: Whole) -> Moved:
    return Moved(
        case=case or "",
        records=whole.records.count,
        root=whole.records.root.hex(),
        files=len(whole.files),
        closed=place.store.exists(place.path, NOTE),
        authentic=whole.authentic,
    )


def _refuse_cut_closing(place: CasePlace) -> None:
    if place.store.exists(place.at, MANIFEST) and not place.store.exists(place.at, NOTE):
        raise InputError(
            f"{place.path}: the closing of this case was cut short",
            hint="Finish it first: cautery close CASE.",
        )


def _copied(
    source: CasePlace,
    target: CasePlace,
    case: str | None,
    public_key: Path | None,
    progress: Progress,
    *,
    with_keys: bool = True,
    expected: Expected | None = None,
) -> Whole:
    """Copy a case and return what came, which is the same and does not stand yet."""
    before = whole_of(source, public_key, with_keys=with_keys)
    target.allow(regime_of(source))
    target.expect(case or "")
    for file in source.files():
        target.take(file, partial(source.pieces, file.name))
        progress()
    ledger = source.ledger()
    try:
        target.take_ledger(ledger)
    finally:
        ledger.close()
    chain = source.custody()
    after = whole_of(target, public_key, with_keys=with_keys)
    files, records = before.files, before.records
    if expected is not None:
        files, records = expected.files, expected.records or after.records
        if (hashlib.sha256(chain).hexdigest() if chain else None) != expected.chain:
            target.forget()
            raise EvidenceError(f"{source.path}: its chain of custody is not the one that was kept")
    if (files, records) != (after.files, after.records):
        target.forget()
        odd = sorted(
            name
            for name in files.keys() | after.files.keys()
            if files.get(name) != after.files.get(name)
        )
        raise EvidenceError(
            f"{target.path}: the copy differs from {source.path}: {odd[0] if odd else LEDGER}",
            hint="The case stays where it was. Give the command again.",
        )
    target.take_custody(chain)
    return after


def _require_within(source: CasePlace, target: CasePlace, after: Whole) -> None:
    """Refuse to remove a case of which something is not in the copy."""
    frontier = Frontier()
    ours, theirs = source.ledger(), target.ledger()
    try:
        for (_, _, leaf), (_, _, copied) in zip(
            ours.leaves(), theirs.leaves(until=ours.size()), strict=True
        ):
            if leaf != copied:
                break
            frontier = frontier.extend([leaf_hash(leaf)])
        same = frontier.size == ours.size() and (
            set(ours.filed_checkpoints()) <= set(theirs.filed_checkpoints())
        )
    except ValueError:  # fewer there
        same = False
    finally:
        ours.close()
        theirs.close()
    missing = [
        file.name
        for file in source.files()
        if file.name not in after.files
        or (
            file.name.startswith(f"{VAULT}/")
            and after.files[file.name] != source.store.digest(source.at, file.name, size=file.size)
        )
    ]
    if not same or missing:
        raise ConflictError(
            f"{target.path}: a copy of this case lies there already, and lacks "
            f"{missing[0] if missing else 'records'} of {source.path}",
            hint="Nothing was removed. Find out which of the two was worked on.",
        )
